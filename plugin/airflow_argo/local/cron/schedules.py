"""When a cron schedule is due, as Argo reads it: the rules and the words of errors are those of ``robfig/cron``."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.times import seconds_of

_MONTH_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}
_DAYS = {name: at for at, name in enumerate(("sun", "mon", "tue", "wed", "thu", "fri", "sat"))}
_FIELDS: tuple[tuple[int, int, Mapping[str, int]], ...] = (
    (0, 59, {}),
    (0, 23, {}),
    (1, 31, {}),
    (1, 12, _MONTHS),
    (0, 6, _DAYS),
)
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_EVERY = "@every "
_ZONE_PREFIXES = ("TZ=", "CRON_TZ=")
_MINUTE = datetime.timedelta(minutes=1)
_HOUR = datetime.timedelta(hours=1)
# February 29 comes within eight years; what does not come by then never does.
_MOST_STEPS = 24 * 366 * 9


class ScheduleError(ValueError):
    """A schedule that cannot be read, in the words of Argo's cron library."""


@dataclass(frozen=True, slots=True)
class Every:
    """``@every 1h30m``: so many seconds after the last time."""

    seconds: float

    def next(self, after: float) -> float | None:
        """Tell when it is due after a time, both in seconds since the epoch."""
        return float(int(after + self.seconds))


@dataclass(frozen=True, slots=True)
class Schedule:
    """Five fields: minutes, hours, days of the month, months, days of the week.

    :param open_days: whether days of the month and days of the week are ``*``: of two that are not, one suffices.
    :param zone: None for the time zone of this machine.
    """

    fields: tuple[frozenset[int], ...]
    open_days: tuple[bool, bool]
    zone: datetime.tzinfo | None

    def next(self, after: float) -> float | None:
        """Tell when it is due after a time, both in seconds since the epoch; None if never.

        An hour that a change of clocks leaves out is skipped, one that comes twice counts twice.
        """
        moment = datetime.datetime.fromtimestamp(after // 60 * 60, datetime.timezone.utc) + _MINUTE
        minutes, hours, _, _, _ = self.fields
        for _ in range(_MOST_STEPS):
            local = moment.astimezone(self.zone)
            if not self._is_day(local):
                # Never past midnight, even where the clocks change on the way.
                moment += max(_MINUTE * (60 - local.minute), _HOUR * (22 - local.hour))
            elif local.hour not in hours:
                moment += _MINUTE * (60 - local.minute)
            elif local.minute not in minutes:
                moment += _MINUTE
            else:
                return moment.timestamp()
        return None

    def _is_day(self, local: datetime.datetime) -> bool:
        _, _, days, months, weekdays = self.fields
        if local.month not in months:
            return False
        by_date, by_weekday = local.day in days, local.isoweekday() % 7 in weekdays
        return by_date and by_weekday if any(self.open_days) else by_date or by_weekday


def parse(text: str, timezone: str = "") -> Schedule | Every:
    """Read a schedule such as ``*/5 * * * mon-fri``, ``@daily`` or ``@every 90s``.

    :param timezone: a name such as ``Europe/Berlin``; empty for that of this machine, or for what is written before the
        schedule, as in ``TZ=Europe/Berlin 0 8 * * *``.
    :raises ScheduleError: in the words of Argo's cron library.
    """
    zone = _zone(timezone) if timezone else None
    if not timezone and text.startswith(_ZONE_PREFIXES) and " " in text:
        place, text = text.split(" ", 1)
        zone, text = _place(place.partition("=")[2]), text.strip()
    if text.startswith(_EVERY):
        return _every(text)
    if text.startswith("@"):
        if text not in _DESCRIPTORS:
            raise ScheduleError(f"unrecognized descriptor: {text}")
        text = _DESCRIPTORS[text]
    words = text.split()
    if not words:
        raise ScheduleError("empty spec string")
    if len(words) != len(_FIELDS):
        raise ScheduleError(f"expected exactly {len(_FIELDS)} fields, found {len(words)}: [{' '.join(words)}]")
    read = [_field(word, *bounds) for word, bounds in zip(words, _FIELDS, strict=True)]
    return Schedule(tuple(values for values, _ in read), (read[2][1], read[4][1]), zone)


def _every(text: str) -> Every:
    duration = text.removeprefix(_EVERY)
    try:
        return Every(max(1.0, float(int(seconds_of(duration)))))
    except NodeError as error:
        reason = str(error).removeprefix(f"unable to parse {duration} as a duration: ")
        raise ScheduleError(f"failed to parse duration {text}: {reason}") from error


def _place(name: str) -> datetime.tzinfo | None:
    try:
        return _zone(name)
    except ScheduleError as error:
        raise ScheduleError(f"provided bad location {name}: {error}") from error


def _zone(name: str) -> datetime.tzinfo | None:
    if name == "Local":
        return None
    if ".." in name or name.startswith(("/", "\\")):
        raise ScheduleError("time: invalid location name")
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ScheduleError(f"unknown time zone {name}") from error


def _field(word: str, low: int, high: int, names: Mapping[str, int]) -> tuple[frozenset[int], bool]:
    values: set[int] = set()
    is_open = False
    for part in filter(None, word.split(",")):
        found, every = _range(part, low, high, names)
        values.update(found)
        is_open = is_open or every
    return frozenset(values), is_open


def _range(part: str, low: int, high: int, names: Mapping[str, int]) -> tuple[range, bool]:
    span, *steps = part.split("/")
    if len(steps) > 1:
        raise ScheduleError(f"too many slashes: {part}")
    ends = span.split("-")
    is_open = ends[0] in ("*", "?")
    if len(ends) > 2 and not is_open:
        raise ScheduleError(f"too many hyphens: {part}")
    start = low if is_open else _number(ends[0], names)
    end = high if is_open or (steps and len(ends) == 1) else _number(ends[-1], names)
    step = _number(steps[0], {}) if steps else 1
    problem = _out_of_range(start, end, step, low, high)
    if problem:
        raise ScheduleError(f"{problem}: {part}")
    return range(start, end + 1, step), is_open and step == 1


def _out_of_range(start: int, end: int, step: int, low: int, high: int) -> str:
    if start < low:
        return f"beginning of range ({start}) below minimum ({low})"
    if end > high:
        return f"end of range ({end}) above maximum ({high})"
    if start > end:
        return f"beginning of range ({start}) beyond end of range ({end})"
    return "" if step else "step of range should be a positive number"


def _number(word: str, names: Mapping[str, int]) -> int:
    if word.lower() in names:
        return names[word.lower()]
    if not (word.removeprefix("-").isdigit() and word.isascii()):
        problem = f'strconv.Atoi: parsing "{word}": invalid syntax'
        raise ScheduleError(f"failed to parse int from {word}: {problem}")
    if word.startswith("-"):
        raise ScheduleError(f"negative number ({word}) not allowed: {word}")
    return int(word)
