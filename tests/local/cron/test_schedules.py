from datetime import datetime, timezone

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from airflow_argo.local.cron.schedules import ScheduleError, parse


def seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def shown(moment: float | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
    ("schedule", "zone", "after", "due"),
    [
        ("* * * * *", "UTC", "2026-01-01T00:00:00+00:00", "2026-01-01 00:01"),
        ("* * * * *", "UTC", "2026-01-01T00:00:59+00:00", "2026-01-01 00:01"),
        ("0 9 * * mon-fri", "Europe/Berlin", "2026-01-02T12:00:00+00:00", "2026-01-05 08:00"),
        ("0 0 13 * 5", "UTC", "2026-01-01T00:00:00+00:00", "2026-01-02 00:00"),
        ("0 0 13 * *", "UTC", "2026-01-01T00:00:00+00:00", "2026-01-13 00:00"),
        ("0 0 29 2 ?", "UTC", "2026-01-01T00:00:00+00:00", "2028-02-29 00:00"),
        ("0 0 30 2 *", "UTC", "2026-01-01T00:00:00+00:00", None),
        ("5/20 * * * *", "UTC", "2026-01-01T00:06:00+00:00", "2026-01-01 00:25"),
        ("@monthly", "UTC", "2026-01-01T00:00:00+00:00", "2026-02-01 00:00"),
        ("CRON_TZ=Europe/Berlin 0 9 * * *", "", "2026-01-02T12:00:00+00:00", "2026-01-03 08:00"),
        ("TZ=Europe/Berlin @daily", "", "2026-01-02T12:00:00+00:00", "2026-01-02 23:00"),
        ("@every 90m", "UTC", "2026-01-01T00:00:30+00:00", "2026-01-01 01:30"),
        # The hour that is left out in spring is skipped, the one that comes twice in autumn counts twice.
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+00:00", "2026-03-30 00:30"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25 01:30"),
    ],
)
def test_when_it_is_due(schedule: str, zone: str, after: str, due: str | None) -> None:
    assert shown(parse(schedule, zone).next(seconds(after))) == due


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("nope", "expected exactly 5 fields, found 1: [nope]"),
        ("", "empty spec string"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
        ("1/2/3 * * * *", "too many slashes: 1/2/3"),
        ("x * * * *", 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax'),
        ("TZ=Foo/Bar * * * * *", "provided bad location Foo/Bar: unknown time zone Foo/Bar"),
        ("TZ=UTC", "expected exactly 5 fields, found 1: [TZ=UTC]"),
        ("@every x", 'failed to parse duration @every x: time: invalid duration "x"'),
        ("@never", "unrecognized descriptor: @never"),
        ("TZ=Nowhere 0 0 1 1 *", "provided bad location Nowhere: unknown time zone Nowhere"),
        ("CRON_TZ=../etc/passwd 0 0 1 1 *", "provided bad location ../etc/passwd: time: invalid location name"),
    ],
)
def test_what_cannot_be_read(schedule: str, message: str) -> None:
    with pytest.raises(ScheduleError) as refused:
        parse(schedule)

    assert str(refused.value) == message


@pytest.mark.parametrize("prefix", ["TZ", "CRON_TZ"])
def test_a_schedule_may_begin_with_its_time_zone(prefix: str) -> None:
    after = 1_767_225_600.0

    assert parse(f"{prefix}=America/New_York 30 8 * * *").next(after) == parse("30 13 * * *", "UTC").next(after)


def test_a_time_zone_of_its_own_does_not_go_with_that_of_the_schedule() -> None:
    with pytest.raises(ScheduleError, match="expected exactly 5 fields, found 6"):
        parse("TZ=UTC 0 0 * * *", "Europe/Zurich")


def test_the_local_time_zone_has_a_name_too() -> None:
    assert parse("30 8 * * *", "Local") == parse("30 8 * * *")


def field(low: int, high: int) -> st.SearchStrategy[str]:
    numbers = st.integers(low, high)
    # The other reader takes 1-1 for everything.
    pairs = st.tuples(numbers, numbers).filter(lambda pair: pair[0] != pair[1])
    spans = pairs.map(lambda pair: f"{min(pair)}-{max(pair)}")
    return st.one_of(st.just("*"), numbers.map(str), spans, st.integers(2, 20).map(lambda step: f"*/{step}"))


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(field(0, 59), field(0, 23), field(1, 28), field(1, 12)).map(" ".join),
    st.integers(1_700_000_000, 1_900_000_000),
)
def test_without_days_of_the_week_it_is_as_others_read_it(schedule: str, after: int) -> None:
    expected = croniter(f"{schedule} *", datetime.fromtimestamp(after, timezone.utc)).get_next(float)

    assert parse(f"{schedule} *", "UTC").next(after) == expected


def test_a_zone_before_the_schedule_is_one_too_many_beside_another() -> None:
    with pytest.raises(ScheduleError, match="expected exactly 5 fields, found 6"):
        parse("TZ=Europe/Berlin 0 9 * * *", "UTC")


def test_local_is_the_zone_of_this_machine() -> None:
    assert parse("0 9 * * *", "Local") == parse("0 9 * * *")
