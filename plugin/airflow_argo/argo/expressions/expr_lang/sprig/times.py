"""sprig's functions for times. What is no time is now, in the local zone: that is what Argo's own example prints."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from airflow_argo.argo.expressions.expr_lang.builtins_numbers import parse_int
from airflow_argo.argo.expressions.expr_lang.golayout import format_time, parse_time
from airflow_argo.argo.expressions.expr_lang.gotime import ZERO_TIME, Duration, Time, location, parse_duration
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare, several
from airflow_argo.argo.expressions.expr_lang.values import Int64

_SECOND = 1_000_000_000
_UNITS = (("y", 365 * 86400), ("mo", 30 * 86400), ("d", 86400), ("h", 3600), ("m", 60), ("s", 1))


def _now() -> Time:
    return Time(datetime.now(timezone.utc).astimezone())


def _moment(value: Any) -> datetime:
    if isinstance(value, Time):
        return value.moment
    if type(value) in (int, Int64):
        try:
            return datetime.fromtimestamp(value, timezone.utc)
        except (OverflowError, OSError, ValueError):
            raise Fault(f"{value} seconds are beyond the year 9999") from None
    return _now().moment


def _in_zone(layout: str, value: Any, zone: str) -> str:
    try:
        place = None if zone == "Local" else location(zone).zone
    except Fault:
        place = timezone.utc
    return format_time(_moment(value).astimezone(place), layout)


def _must_modify(change: str, time: Time) -> Time:
    return time.add(parse_duration(change))


def _modify(change: str, time: Time) -> Time:
    try:
        return _must_modify(change, time)
    except Fault:
        return time


def _ago(value: Any) -> str:
    passed = int(_now().since(Time(_moment(value))))
    return str(Duration((passed + _SECOND // 2) // _SECOND * _SECOND))


def _duration(seconds: Any) -> str:
    if isinstance(seconds, str):
        try:
            return str(Duration(parse_int(seconds) * _SECOND))
        except ValueError:
            return "0s"
    return str(Duration(seconds * _SECOND)) if type(seconds) is Int64 else "0s"


def _rounded(value: Any) -> str:
    length = 0
    if isinstance(value, str):
        try:
            length = parse_duration(value)
        except Fault:
            return "0s"
    elif type(value) is Int64:
        length = value
    elif isinstance(value, Time):
        length = _now().since(value)
    for unit, seconds in _UNITS:
        if abs(length) > seconds * _SECOND:
            return f"{abs(length) // (seconds * _SECOND)}{unit}"
    return "0s"


def _must_to_date(layout: str, text: str) -> Time:
    local = datetime.now(timezone.utc).astimezone().tzinfo or timezone.utc
    return Time(parse_time(layout, text, local))


def _to_date(layout: str, text: str) -> Time:
    try:
        return _must_to_date(layout, text)
    except Fault:
        return ZERO_TIME


TIMES = dict(
    [
        declare("now", "", _now),
        declare("date", "s *", lambda layout, value: _in_zone(layout, value, "Local")),
        *several("dateInZone date_in_zone", "s * s", _in_zone),
        *several("dateModify date_modify", "s t", _modify),
        *several("mustDateModify must_date_modify", "s t", _must_modify),
        declare("htmlDate", "*", lambda value: _in_zone("2006-01-02", value, "Local")),
        declare("htmlDateInZone", "* s", lambda value, zone: _in_zone("2006-01-02", value, zone)),
        declare("ago", "*", _ago),
        declare("duration", "*", _duration),
        declare("durationRound", "*", _rounded),
        declare("toDate", "s s", _to_date),
        declare("mustToDate", "s s", _must_to_date),
        declare("unixEpoch", "t", lambda time: str(time.unix_nano() // _SECOND)),
    ]
)
