"""Times and durations with the methods that Go gives them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from fractions import Fraction
from typing import ClassVar
from zoneinfo import ZoneInfo

from airflow_argo.argo.expressions.expr_lang.source import Fault

_UNITS = {
    "ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000, "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}  # fmt: skip
_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]*)")
_SECOND = _UNITS["s"]
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_YEAR_ONE = datetime(1, 1, 1, tzinfo=timezone.utc)


class Named(int):
    """A whole number of a type of its own: none that an expression counts with."""


class Month(Named):
    """A month, of which a text shows the name."""

    go_type: ClassVar[str] = "time.Month"

    def __str__(self) -> str:
        return MONTHS[self - 1]


class Weekday(Named):
    """A day of the week, from Sunday on, of which a text shows the name."""

    go_type: ClassVar[str] = "time.Weekday"

    def __str__(self) -> str:
        return DAYS[self - 1]


class Duration(Named):
    """A length of time in nanoseconds."""

    go_type: ClassVar[str] = "time.Duration"

    def __str__(self) -> str:
        """Write it as Go does, such as ``1h30m0s``, ``1.5s`` or ``200ms``."""
        sign, left = ("-" if self < 0 else ""), abs(int(self))
        if left < _SECOND:
            return sign + _below_a_second(left)
        seconds, rest = divmod(left, _SECOND)
        minutes, seconds = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        text = f"{seconds}{_fraction(rest, 9)}s"
        if hours:
            return f"{sign}{hours}h{minutes}m{text}"
        return f"{sign}{minutes}m{text}" if minutes else sign + text

    def marshal_json(self) -> int:
        """Give what Go writes into JSON: the nanoseconds."""
        return int(self)

    def truncated(self, unit: int) -> Duration:
        """Cut off what is less than a multiple of another duration."""
        rest = abs(int(self)) % unit if unit > 0 else 0
        return Duration(int(self) + (rest if self < 0 else -rest))

    def rounded(self, unit: int) -> Duration:
        """Give the nearest multiple of another duration; half of one is rounded away from zero."""
        if unit <= 0:
            return self
        size = (2 * abs(int(self)) + unit) // (2 * unit) * unit
        return Duration(-size if self < 0 else size)


def _below_a_second(nanoseconds: int) -> str:
    if nanoseconds == 0:
        return "0s"
    for unit, size, digits in (("ns", 1, 0), ("µs", 1_000, 3), ("ms", 1_000_000, 6)):
        if nanoseconds < size * 1_000:
            whole, rest = divmod(nanoseconds, size)
            return f"{whole}{_fraction(rest, digits)}{unit}"
    raise ValueError(nanoseconds)


def _fraction(rest: int, digits: int) -> str:
    return "." + f"{rest:0{digits}d}".rstrip("0") if rest else ""


def parse_duration(text: str) -> Duration:
    """Read a duration such as ``1h30m`` or ``-1.5s``.

    :raises Fault: ``time: invalid duration "x"``, with Go's reasons.
    """
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return Duration(0)
    total = Fraction(0)
    if not rest:
        raise Fault(f'time: invalid duration "{text}"')
    while rest:
        found = _PART.match(rest)
        whole, fraction, unit = found.groups() if found else ("", "", "")
        if not whole and not fraction:
            raise Fault(f'time: invalid duration "{text}"')
        if not unit:
            raise Fault(f'time: missing unit in duration "{text}"')
        if unit not in _UNITS:
            raise Fault(f'time: unknown unit "{unit}" in duration "{text}"')
        total += Fraction(f"{whole or 0}.{fraction or 0}") * _UNITS[unit]
        rest = rest[found.end() :] if found else ""
    if total >= 2**63:
        raise Fault(f'time: invalid duration "{text}"')
    return Duration(-int(total) if text.startswith("-") else int(total))


@dataclass(frozen=True)
class Location:
    """A time zone."""

    name: str
    zone: tzinfo
    go_type: ClassVar[str] = "*time.Location"

    def __str__(self) -> str:
        return self.name

    def marshal_json(self) -> dict[str, object]:
        """Give what Go writes into JSON: it does not show what is in a time zone."""
        return {}


def location(name: str) -> Location:
    """Find a time zone by its IANA name.

    :raises Fault: ``unknown time zone X``.
    """
    if name in ("", "UTC"):
        return Location("UTC", timezone.utc)
    if name == "Local":
        return Location(name, datetime.now().astimezone().tzinfo or timezone.utc)
    try:
        return Location(name, ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        raise Fault(f"unknown time zone {name}") from None


@dataclass(frozen=True)
class Time:
    """A moment, in a time zone; exact to the microsecond (Go: nanosecond)."""

    moment: datetime
    go_type: ClassVar[str] = "time.Time"

    def __str__(self) -> str:
        moment = self.moment
        fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
        return f"{moment.year:04d}-{moment:%m-%d %H:%M:%S}{fraction} {moment:%z} {moment.tzname()}"

    def marshal_json(self) -> str:
        """Give what Go writes into JSON: RFC 3339 with as many decimals as needed."""
        return rfc3339(self.moment)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Time) and self.moment == other.moment

    def __hash__(self) -> int:
        return hash(self.moment)

    def add(self, duration: int) -> Time:
        """Give the moment that much later."""
        return Time(self.moment + timedelta(microseconds=duration // 1000))

    def add_date(self, years: int, months: int, days: int) -> Time:
        """Give the same time of day on a later date; 31 January and a month is 3 March, as in Go."""
        moment = self.moment
        month = moment.month - 1 + months
        first = moment.replace(year=moment.year + years + month // 12, month=month % 12 + 1, day=1)
        return Time(first + timedelta(days=moment.day - 1 + days))

    def unix_nano(self) -> int:
        """Count the nanoseconds since 1970."""
        return int(self.since(Time(_EPOCH)))

    def truncated(self, unit: int) -> Time:
        """Cut off what is less than a multiple of a duration since the year one."""
        passed = int(self.since(ZERO_TIME))
        return self.add(-(passed % unit)) if unit > 0 else self

    def rounded(self, unit: int) -> Time:
        """Give the nearest multiple of a duration since the year one; half of one is rounded up."""
        rest = int(self.since(ZERO_TIME)) % unit if unit > 0 else 0
        return self.add(unit - rest if 2 * rest >= unit > 0 else -rest)

    def is_zero(self) -> bool:
        """Tell whether this is the first moment of the year one, Go's zero time."""
        return self == ZERO_TIME

    def since(self, other: Time) -> Duration:
        """Give the time between another moment and this one."""
        passed = self.moment - other.moment
        return Duration((passed.days * 86400 + passed.seconds) * _SECOND + passed.microseconds * 1000)


ZERO_TIME = Time(_YEAR_ONE)
"""What Go gives where there is no time."""


def rfc3339(moment: datetime) -> str:
    """Write a moment as Go's ``RFC3339Nano``."""
    fraction = f".{moment.microsecond:06d}".rstrip("0") if moment.microsecond else ""
    offset = moment.strftime("%z")
    zone = "Z" if offset in ("+0000", "") else f"{offset[:3]}:{offset[3:5]}"
    return f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}{fraction}{zone}"
