"""Times and durations.

The tables hold what the real library gave (expr-lang v1.17.8 with Argo's environment, sprig v3.3.0).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import go_text

ValueOf: TypeAlias = Callable[[str], Any]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('type(duration("1s"))', '"time.Duration"'),
        ('toJson(duration("1h"))', '"3600000000000"'),
        ('toJson(date("2024-01-02"))', r'"\"2024-01-02T00:00:00Z\""'),
        ('duration("1h") * 1.5', "5400000000000"),
        ('duration("1h") > duration("30m")', "true"),
        ('duration("1h").Hours()', "1"),
        ('duration("90m").Minutes()', "90"),
        ('duration("90m").String()', '"1h30m0s"'),
        ('date("2024-01-02").Year()', "2024"),
        ('date("2024-01-02").Format("Mon Jan _2 15:04:05 2006")', '"Tue Jan  2 00:00:00 2024"'),
        ('date("2024-01-02T03:04:05Z").Format("02/01/06 03:04PM .000 Z07:00")', '"02/01/24 03:04AM .000 Z"'),
        ('date("2024-01-02T03:04:05Z").Unix()', "1704164645"),
        ('date("2024-01-02") > date("2024-01-01")', "true"),
        ('date("2024-02-29").Month()', "2"),
        ('int(date("2024-02-29").Month())', "2"),
        ('string(date("2024-02-29").Month())', '"February"'),
        ('date("2024-02-29").Weekday().String()', '"Thursday"'),
        ('type(date("2024-02-29").Weekday())', '"time.Weekday"'),
        ('date("2024-02-29").Zone()', '"UTC"'),
        ('date("2024-12-30").ISOWeek()', "2025"),
        ('date("2024-02-29").Compare(date("2024-03-01"))', "-1"),
        ('date("2024-02-29T10:11:12.5Z").Round(duration("1s"))', '"2024-02-29T10:11:13Z"'),
        ('duration("1h30m").Round(duration("1h")).String()', '"2h0m0s"'),
        ('duration("-1h30m").Round(duration("1h")).String()', '"-2h0m0s"'),
        ('duration("-1h30m").Truncate(duration("1h")).String()', '"-1h0m0s"'),
        ('date("2024-01-02") == date("2024-01-02")', "true"),
    ],
)
def test_times(value_of: ValueOf, expression: str, value: str) -> None:
    assert gojson.dumps(value_of(expression)) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('duration("1h30m")', "1h30m0s"),
        ('duration("1.5s")', "1.5s"),
        ('duration("1500ms")', "1.5s"),
        ('duration("-2m")', "-2m0s"),
        ('duration("1us")', "1µs"),
        ('duration("100ns")', "100ns"),
        ('duration("0")', "0s"),
        ('duration("1h") + duration("30m")', "1h30m0s"),
        ('duration("1h") * 2', "2h0m0s"),
        ('2 * duration("1h")', "2h0m0s"),
        ('duration("1h") - duration("30m")', "30m0s"),
        ('date("2024-01-02")', "2024-01-02 00:00:00 +0000 UTC"),
        ('date("2024-01-02T03:04:05Z")', "2024-01-02 03:04:05 +0000 UTC"),
        ('date("2024-01-02T03:04:05.678+02:00")', "2024-01-02 03:04:05.678 +0200 +0200"),
        ('date("2024-01-02 03:04:05")', "2024-01-02 03:04:05 +0000 UTC"),
        ('date("02 Jan 24 15:04 MST")', "2024-01-02 15:04:00 +0000 MST"),
        ('date("2024-01-02","2006-01-02")', "2024-01-02 00:00:00 +0000 UTC"),
        ('date("2024-01-02 10:00","2006-01-02 15:04","Europe/Berlin")', "2024-01-02 10:00:00 +0100 CET"),
        ('date("2024-01-31").AddDate(0,1,0)', "2024-03-02 00:00:00 +0000 UTC"),
        ('date("2024-01-02") - date("2024-01-01")', "24h0m0s"),
        ('date("2024-01-02") + duration("1h")', "2024-01-02 01:00:00 +0000 UTC"),
        ('timezone("Europe/Berlin")', "Europe/Berlin"),
        ('date("2024-01-02T12:00:00Z").In(timezone("Europe/Berlin"))', "2024-01-02 13:00:00 +0100 CET"),
    ],
)
def test_times_as_go_prints_it(value_of: ValueOf, expression: str, text: str) -> None:
    assert go_text(value_of(expression)) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('duration("x")', 'time: invalid duration "x" (1:1)'),
        ('duration("")', 'time: invalid duration "" (1:1)'),
        ('duration("1")', 'time: missing unit in duration "1" (1:1)'),
        ('duration("1d")', 'time: unknown unit "d" in duration "1d" (1:1)'),
        ('duration("1h") / 2', "invalid operation: / (mismatched types time.Duration and int) (1:16)"),
        ('duration("90m").Foo()', "type time.Duration has no method Foo (1:17)"),
        ('date("x")', "invalid date x (1:1)"),
        ("date(1.5,2)", "interface conversion: interface {} is float64, not string (1:1)"),
        ('date("2024-02-29").Month() == 2', "invalid operation: == (mismatched types time.Month and int) (1:28)"),
        ('date("2024-02-29").Weekday() in [1]', "cannot use time.Weekday as type int in array (1:30)"),
        ('date("2024-02-29").Add(5)', "cannot use int as argument (type time.Duration) to call Add  (1:24)"),
        ('date("2024-02-29").Year() + "a"', "invalid operation: + (mismatched types int and string) (1:27)"),
        ('not timezone("UTC")', "invalid operation: not (mismatched type time.Location) (1:1)"),
        ('date("2024-13-01")', "invalid date 2024-13-01 (1:1)"),
        ('date("2024-02-30","2006-01-02")', 'parsing time "2024-02-30": day out of range (1:1)'),
        ('date("2024-01-02","2006-01-02","No/Where")', "unknown time zone No/Where (1:1)"),
        ("date()", "invalid number of arguments (expected at least 1, got 0) (1:1)"),
        ('timezone("Nope")', "unknown time zone Nope (1:1)"),
    ],
)
def test_times_fails(value_of: ValueOf, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        value_of(expression)
    assert str(failure.value).splitlines()[0] == message
