"""The methods of times and durations that an expression may call, such as ``now().Format("2006-01-02")``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timezone
from types import MappingProxyType
from typing import Any

from airflow_argo.argo.expressions.expr_lang.golayout import format_time
from airflow_argo.argo.expressions.expr_lang.gotime import Duration, Location, Time
from airflow_argo.argo.expressions.expr_lang.values import Function, Int64

_TIME = "time.Time"
_Method = tuple[Callable[..., Any], tuple[str, ...]]

_TIME_METHODS: dict[str, _Method] = {
    "Year": (lambda time: time.moment.year, ()),
    "Month": (lambda time: time.moment.month, ()),
    "Day": (lambda time: time.moment.day, ()),
    "Hour": (lambda time: time.moment.hour, ()),
    "Minute": (lambda time: time.moment.minute, ()),
    "Second": (lambda time: time.moment.second, ()),
    "Nanosecond": (lambda time: time.moment.microsecond * 1000, ()),
    "Weekday": (lambda time: time.moment.isoweekday() % 7, ()),
    "YearDay": (lambda time: time.moment.timetuple().tm_yday, ()),
    "Unix": (lambda time: Int64(time.unix_nano() // 1_000_000_000), ()),
    "UnixMilli": (lambda time: Int64(time.unix_nano() // 1_000_000), ()),
    "UnixMicro": (lambda time: Int64(time.unix_nano() // 1_000), ()),
    "UnixNano": (lambda time: Int64(time.unix_nano()), ()),
    "Format": (lambda time, layout: format_time(time.moment, layout), ("string",)),
    "String": (str, ()),
    "UTC": (lambda time: Time(time.moment.astimezone(timezone.utc)), ()),
    "In": (lambda time, place: Time(time.moment.astimezone(place.zone)), ("*time.Location",)),
    "Add": (lambda time, duration: time.add(duration), ("time.Duration",)),
    "AddDate": (lambda time, years, months, days: time.add_date(years, months, days), ("int", "int", "int")),
    "Sub": (lambda time, other: time.since(other), (_TIME,)),
    "Before": (lambda time, other: time.moment < other.moment, (_TIME,)),
    "After": (lambda time, other: time.moment > other.moment, (_TIME,)),
    "Equal": (lambda time, other: time == other, (_TIME,)),
    "IsZero": (lambda time: time.is_zero(), ()),
    "Truncate": (lambda time, unit: time.truncated(unit), ("time.Duration",)),
}
_DURATION_METHODS: dict[str, _Method] = {
    "Hours": (lambda duration: int(duration) / 3_600_000_000_000, ()),
    "Minutes": (lambda duration: int(duration) / 60_000_000_000, ()),
    "Seconds": (lambda duration: int(duration) / 1_000_000_000, ()),
    "Milliseconds": (lambda duration: Int64(_divided(duration, 1_000_000)), ()),
    "Microseconds": (lambda duration: Int64(_divided(duration, 1_000)), ()),
    "Nanoseconds": (lambda duration: Int64(duration), ()),
    "Abs": (lambda duration: Duration(abs(int(duration))), ()),
    "String": (str, ()),
}
_LOCATION_METHODS: dict[str, _Method] = {"String": (str, ())}

METHODS: Mapping[str, Mapping[str, _Method]] = MappingProxyType(
    {"time": _TIME_METHODS, "duration": _DURATION_METHODS, "location": _LOCATION_METHODS}
)
_BY_CLASS = {Time: _TIME_METHODS, Duration: _DURATION_METHODS, Location: _LOCATION_METHODS}


def _divided(duration: int, unit: int) -> int:
    return -(-int(duration) // unit) if duration < 0 else int(duration) // unit


def method(value: Any, name: Any) -> Function | None:
    """Find the method of a time, a duration or a time zone; None if it has no such method."""
    found = _BY_CLASS.get(type(value), {}).get(name) if isinstance(name, str) else None
    if found is None:
        return None
    call, parameters = found
    return Function(name, lambda *given: call(value, *given), parameters)
