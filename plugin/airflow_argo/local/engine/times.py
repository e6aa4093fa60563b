"""Times as Kubernetes writes them, durations as Go reads and Argo prints them."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from functools import lru_cache

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.numbers import int64

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
# Nanoseconds of 64 bits.
_LONGEST = 2**63 / 1e9
_PART = re.compile(r"([0-9]+\.?[0-9]*|\.[0-9]+)([^0-9.]*)")

_MINUTE, _HOUR, _DAY, _WEEK, _MONTH, _YEAR = 60, 3600, 86400, 7 * 86400, 30 * 86400, 12 * 30 * 86400
_MAGNITUDES = (
    (_MINUTE, 1, "second"),
    (_HOUR, _MINUTE, "minute"),
    (_DAY, _HOUR, "hour"),
    (_WEEK, _DAY, "day"),
    (_MONTH, _WEEK, "week"),
    (_YEAR, _MONTH, "month"),
    (37 * _YEAR, _YEAR, "year"),
)


@lru_cache(maxsize=256)
def _whole_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339(seconds: float) -> str:
    """Write a time as Kubernetes stores it: UTC, whole seconds."""
    return _whole_second(int(seconds // 1))


@lru_cache(maxsize=4096)
def epoch(text: str) -> float:
    """Read a time that ``rfc3339`` wrote, in seconds since the epoch."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def seconds_of(text: str) -> float:
    """Read a duration: a bare whole number is seconds, anything else is Go's form, such as ``1h30m``.

    :raises NodeError: in the words of Argo and of Go's ``time.ParseDuration``.
    """
    seconds = int64(text)
    if seconds is not None:
        # Nanoseconds of 64 bits: what is longer than 292 years is another time, as in Go.
        return ((seconds * 10**9 + 2**63) % 2**64 - 2**63) / 1e9
    try:
        return go_duration(text)
    except NodeError as error:
        raise NodeError(f"unable to parse {text} as a duration: {error}") from None


def go_duration(text: str) -> float:
    """Read a duration in Go's form alone, in seconds.

    :raises NodeError: in the words of Go's ``time.ParseDuration``.
    """
    body = text[1:] if text[:1] in ("+", "-") else text
    if body == "0":
        return 0.0
    total, position = 0.0, 0
    while position < len(body) or not body:
        part = _PART.match(body, position)
        if part is None:
            raise NodeError(f'time: invalid duration "{text}"')
        number, unit = part.groups()
        if unit not in _UNITS:
            problem = f'unknown unit "{unit}"' if unit else "missing unit"
            raise NodeError(f'time: {problem} in duration "{text}"')
        total, position = total + float(number) * _UNITS[unit], part.end()
    if total >= _LONGEST:
        raise NodeError(f'time: invalid duration "{text}"')
    return -total if text.startswith("-") else total


def humanized(seconds: float) -> str:
    """Print a duration with up to two units, such as ``2 minutes 5 seconds``, as Argo's messages do."""
    if seconds < _MINUTE:
        return _single_unit(seconds)
    if seconds < _HOUR:
        return f"{_single_unit(seconds)} {int(seconds % 60)} seconds"
    if seconds < _DAY:
        return f"{_single_unit(seconds)} {int(seconds / 60 % 60)} minutes"
    return f"{_single_unit(seconds)} {int(seconds / 3600 % 24)} hours"


def _single_unit(seconds: float) -> str:
    if seconds < 1:
        return "0 seconds"
    for limit, size, unit in _MAGNITUDES:
        if seconds < limit:
            count = int(seconds // size)
            return f"{count} {unit}" + ("" if count == 1 else "s")
    return "a long while"
