"""The methods of times and durations that an expression may call, such as ``now().Format("2006-01-02")``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timezone
from types import MappingProxyType
from typing import Any

from airflow_argo.argo.expressions.expr_lang.golayout import format_time
from airflow_argo.argo.expressions.expr_lang.gotime import Duration, Location, Month, Time, Weekday
from airflow_argo.argo.expressions.expr_lang.values import Function, Int64

_TIME = "time.Time"
_DURATION = "time.Duration"
_Method = tuple[Callable[..., Any], tuple[str, ...], str]

_TIME_METHODS: dict[str, _Method] = {
    "Year": (lambda time: time.moment.year, (), "int"),
    "Month": (lambda time: Month(time.moment.month), (), "time.Month"),
    "Day": (lambda time: time.moment.day, (), "int"),
    "Hour": (lambda time: time.moment.hour, (), "int"),
    "Minute": (lambda time: time.moment.minute, (), "int"),
    "Second": (lambda time: time.moment.second, (), "int"),
    "Nanosecond": (lambda time: time.moment.microsecond * 1000, (), "int"),
    "Weekday": (lambda time: Weekday(time.moment.isoweekday() % 7), (), "time.Weekday"),
    "YearDay": (lambda time: time.moment.timetuple().tm_yday, (), "int"),
    "ISOWeek": (lambda time: time.moment.isocalendar()[0], (), "int"),  # of two results, an expression gets the first
    "Unix": (lambda time: Int64(time.unix_nano() // 1_000_000_000), (), "int64"),
    "UnixMilli": (lambda time: Int64(time.unix_nano() // 1_000_000), (), "int64"),
    "UnixMicro": (lambda time: Int64(time.unix_nano() // 1_000), (), "int64"),
    "UnixNano": (lambda time: Int64(time.unix_nano()), (), "int64"),
    "Format": (lambda time, layout: format_time(time.moment, layout), ("string",), "string"),
    "String": (str, (), "string"),
    "UTC": (lambda time: Time(time.moment.astimezone(timezone.utc)), (), _TIME),
    "Local": (lambda time: Time(time.moment.astimezone()), (), _TIME),
    "In": (lambda time, place: Time(time.moment.astimezone(place.zone)), ("*time.Location",), _TIME),
    "Zone": (lambda time: time.moment.tzname() or "UTC", (), "string"),
    "Add": (lambda time, duration: time.add(duration), (_DURATION,), _TIME),
    "AddDate": (lambda time, years, months, days: time.add_date(years, months, days), ("int", "int", "int"), _TIME),
    "Sub": (lambda time, other: time.since(other), (_TIME,), _DURATION),
    "Before": (lambda time, other: time.moment < other.moment, (_TIME,), "bool"),
    "After": (lambda time, other: time.moment > other.moment, (_TIME,), "bool"),
    "Equal": (lambda time, other: time == other, (_TIME,), "bool"),
    "Compare": (lambda time, other: (time.moment > other.moment) - (time.moment < other.moment), (_TIME,), "int"),
    "IsZero": (lambda time: time.is_zero(), (), "bool"),
    "Truncate": (lambda time, unit: time.truncated(unit), (_DURATION,), _TIME),
    "Round": (lambda time, unit: time.rounded(unit), (_DURATION,), _TIME),
}
_DURATION_METHODS: dict[str, _Method] = {
    "Hours": (lambda duration: int(duration) / 3_600_000_000_000, (), "float64"),
    "Minutes": (lambda duration: int(duration) / 60_000_000_000, (), "float64"),
    "Seconds": (lambda duration: int(duration) / 1_000_000_000, (), "float64"),
    "Milliseconds": (lambda duration: Int64(_divided(duration, 1_000_000)), (), "int64"),
    "Microseconds": (lambda duration: Int64(_divided(duration, 1_000)), (), "int64"),
    "Nanoseconds": (lambda duration: Int64(duration), (), "int64"),
    "Abs": (lambda duration: Duration(abs(int(duration))), (), _DURATION),
    "Round": (lambda duration, unit: duration.rounded(unit), (_DURATION,), _DURATION),
    "Truncate": (lambda duration, unit: duration.truncated(unit), (_DURATION,), _DURATION),
    "String": (str, (), "string"),
}
_NAMED_METHODS: dict[str, _Method] = {"String": (str, (), "string")}

METHODS: Mapping[str, Mapping[str, _Method]] = MappingProxyType(
    {
        "time": _TIME_METHODS,
        "duration": _DURATION_METHODS,
        "location": _NAMED_METHODS,
        "month": _NAMED_METHODS,
        "weekday": _NAMED_METHODS,
    }
)
_BY_CLASS = {
    Time: _TIME_METHODS,
    Duration: _DURATION_METHODS,
    Location: _NAMED_METHODS,
    Month: _NAMED_METHODS,
    Weekday: _NAMED_METHODS,
}


def _divided(duration: int, unit: int) -> int:
    return -(-int(duration) // unit) if duration < 0 else int(duration) // unit


def method(value: Any, name: Any) -> Function | None:
    """Find the method of a time, a duration or a time zone; None if it has no such method."""
    found = _BY_CLASS.get(type(value), {}).get(name) if isinstance(name, str) else None
    if found is None:
        return None
    call, parameters, result = found
    return Function(name, lambda *given: call(value, *given), parameters, result)
