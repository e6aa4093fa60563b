"""Go's layouts, which show a time by the example ``Mon Jan 2 15:04:05 MST 2006``."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from functools import lru_cache

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.expr_lang.gotime import DAYS, MONTHS
from airflow_argo.argo.expressions.expr_lang.source import Fault

RFC3339 = "2006-01-02T15:04:05Z07:00"
LAYOUTS = (
    "2006-01-02",
    "15:04:05",
    "2006-01-02 15:04:05",
    RFC3339,
    "02 Jan 06 15:04 MST",
    "Monday, 02-Jan-06 15:04:05 MST",
    "Mon, 02 Jan 2006 15:04:05 MST",
)

_ELEMENT = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|2006|002|__2|_2(?!006)|01|02|03|04|05|06|15|"
    r"Z07:00:00|Z070000|Z07:00|Z0700|Z07|-07:00:00|-070000|-07:00|-0700|-07|[.,]0+(?![0-9])|[.,]9+(?![0-9])|PM|pm|1|2|3|4|5"
)


def _offset(moment: datetime, layout: str) -> str:
    total = int((moment.utcoffset() or timedelta()).total_seconds())
    if layout[0] == "Z" and total == 0:
        return "Z"
    sign, total = ("-" if total < 0 else "+"), abs(total)
    parts = [f"{total // 3600:02d}", f"{total // 60 % 60:02d}", f"{total % 60:02d}"]
    wanted = {2: 1, 4: 2, 6: 3}[sum(char.isdigit() for char in layout)]
    return sign + (":" if ":" in layout else "").join(parts[:wanted])


def _fraction(moment: datetime, element: str) -> str:
    digits = f"{moment.microsecond:06d}000"[: len(element) - 1].ljust(len(element) - 1, "0")
    if element[1] == "0":
        return element[0] + digits
    kept = digits.rstrip("0")
    return element[0] + kept if kept else ""


_WRITERS: dict[str, Callable[[datetime], str]] = {
    "January": lambda moment: MONTHS[moment.month - 1],
    "Jan": lambda moment: MONTHS[moment.month - 1][:3],
    "Monday": lambda moment: DAYS[moment.weekday()],
    "Mon": lambda moment: DAYS[moment.weekday()][:3],
    "MST": lambda moment: moment.tzname() or "UTC",
    "2006": lambda moment: f"{moment.year:04d}",
    "06": lambda moment: f"{moment.year % 100:02d}",
    "01": lambda moment: f"{moment.month:02d}",
    "1": lambda moment: str(moment.month),
    "02": lambda moment: f"{moment.day:02d}",
    "_2": lambda moment: f"{moment.day:2d}",
    "2": lambda moment: str(moment.day),
    "002": lambda moment: f"{moment.timetuple().tm_yday:03d}",
    "__2": lambda moment: f"{moment.timetuple().tm_yday:3d}",
    "15": lambda moment: f"{moment.hour:02d}",
    "03": lambda moment: f"{moment.hour % 12 or 12:02d}",
    "3": lambda moment: str(moment.hour % 12 or 12),
    "04": lambda moment: f"{moment.minute:02d}",
    "4": lambda moment: str(moment.minute),
    "05": lambda moment: f"{moment.second:02d}",
    "5": lambda moment: str(moment.second),
    "PM": lambda moment: "PM" if moment.hour >= 12 else "AM",
    "pm": lambda moment: "pm" if moment.hour >= 12 else "am",
}


def format_time(moment: datetime, layout: str) -> str:
    """Write a moment as the example layout shows it."""

    def written(found: re.Match[str]) -> str:
        element = found[0]
        if element in _WRITERS:
            return _WRITERS[element](moment)
        return _fraction(moment, element) if element[0] in ".," else _offset(moment, element)

    return _ELEMENT.sub(written, layout)


_TWO = "[0-9]{2}"
_READERS = {
    "January": "|".join(MONTHS), "Jan": "|".join(name[:3] for name in MONTHS), "Monday": "|".join(DAYS),
    "Mon": "|".join(name[:3] for name in DAYS), "MST": r"[A-Z]{3,4}(?:[+-][0-9]{1,2})?|[+-][0-9]{2,4}",
    "2006": "[0-9]{4}", "06": _TWO,
    "01": _TWO, "1": "[0-9]{1,2}", "02": _TWO, "_2": " ?[0-9]{1,2}", "2": "[0-9]{1,2}", "002": "[0-9]{3}",
    "__2": "[ 0-9]{3}", "15": _TWO, "03": _TWO, "3": "[0-9]{1,2}", "04": _TWO, "4": "[0-9]{1,2}",
    "05": _TWO + r"(?:[.,][0-9]+)?",
    "5": r"[0-9]{1,2}(?:[.,][0-9]+)?", "PM": "AM|PM", "pm": "am|pm",
}  # fmt: skip


def parse_time(layout: str, text: str, zone: tzinfo = timezone.utc) -> datetime:
    """Read a moment written as the example layout shows it.

    :param zone: where the moment is if the text does not say.
    :raises Fault: ``parsing time "x" as "layout": …``.
    """
    parts: dict[str, str] = {}
    end = at = 0
    for found in _ELEMENT.finditer(layout):
        at = _skip(layout[end : found.start()], layout, text, at)
        matched = _reader(found[0]).match(text, at)
        if not matched:
            raise _unreadable(layout, text, at, found[0])
        parts[found[0]] = matched[0]
        at, end = matched.end(), found.end()
    at = _skip(layout[end:], layout, text, at)
    if at < len(text):
        raise Fault(f'parsing time "{gojson.quote(text)}": extra text: "{gojson.quote(text[at:])}"')
    try:
        return _moment(parts, zone)
    except ValueError as error:
        reason = "day out of range" if "day" in str(error) else f"{str(error).split()[0]} out of range"
        raise Fault(f'parsing time "{gojson.quote(text)}": {reason}') from None


def read_time(layouts: Sequence[str], text: str, zone: tzinfo = timezone.utc) -> datetime | None:
    """Read a moment by the first layout that fits; None if none does."""

    def read(layout: str) -> datetime | None:
        try:
            return parse_time(layout, text, zone)
        except Fault:
            return None

    return next((moment for layout in layouts if (moment := read(layout)) is not None), None)


def _skip(literal: str, layout: str, text: str, at: int) -> int:
    """Step over what stands in the layout as it is; spaces there stand for any number of them, at the end even none."""
    for word in re.split("( +)", literal):
        if word.startswith(" "):
            if text[at : at + 1] not in ("", " "):
                raise _unreadable(layout, text, at, literal)
            at += len(text[at:]) - len(text[at:].lstrip(" "))
            continue
        for char in word:
            if not text.startswith(char, at):
                raise _unreadable(layout, text, at, literal)
            at += 1
    return at


def _unreadable(layout: str, text: str, at: int, expected: str) -> Fault:
    whole, rest, shown = gojson.quote(text), gojson.quote(text[at:]), gojson.quote(layout)
    return Fault(f'parsing time "{whole}" as "{shown}": cannot parse "{rest}" as "{gojson.quote(expected)}"')


@lru_cache(maxsize=256)
def _reader(element: str) -> re.Pattern[str]:
    return re.compile(_pattern(element), re.ASCII | re.IGNORECASE)


def _pattern(element: str) -> str:
    if element in _READERS:
        return _READERS[element]
    if element[0] in ".,":
        return f"[.,][0-9]{{{len(element) - 1}}}" if element[1] == "0" else "(?:[.,][0-9]+)?"
    return ("Z|" if element[0] == "Z" else "") + r"[+-][0-9]{2}(?::?[0-9]{2}){0,2}"


def _number(parts: dict[str, str], *names: str, default: int = 0) -> int:
    for name in names:
        if name in parts:
            return int(re.split("[.,]", parts[name])[0])
    return default


def _moment(parts: dict[str, str], zone: tzinfo) -> datetime:
    hour = _number(parts, "15", "03", "3")
    half = parts.get("PM", parts.get("pm", "")).lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    moment = datetime(
        _year(parts), _month(parts), _number(parts, "02", "_2", "2", default=1), hour, _number(parts, "04", "4"),
        _number(parts, "05", "5"), _microsecond(parts), _zone(parts) or zone,
    )  # fmt: skip
    days = _number(parts, "002", "__2")
    return moment + timedelta(days=days - 1) if days else moment


def _year(parts: dict[str, str]) -> int:
    if "06" in parts:
        short = int(parts["06"])
        return short + (1900 if short >= 69 else 2000)
    return _number(parts, "2006", default=1) or 1


def _month(parts: dict[str, str]) -> int:
    for name in ("January", "Jan"):
        if name in parts:
            return [month[:3].lower() for month in MONTHS].index(parts[name][:3].lower()) + 1
    return _number(parts, "01", "1", default=1)


def _microsecond(parts: dict[str, str]) -> int:
    for name, text in parts.items():
        if text and (name in ("05", "5") or name[0] in ".,") and (found := re.search("[.,]([0-9]+)", text)):
            return int(found[1][:6].ljust(6, "0"))
    return 0


def _zone(parts: dict[str, str]) -> tzinfo | None:
    for name, text in parts.items():
        if name == "MST":
            return timezone.utc if text in ("UTC", "GMT") else timezone(timedelta(0), text)
        if name[0] in "Z-":
            if text in ("Z", "z"):
                return timezone.utc
            digits = text[1:].replace(":", "").ljust(6, "0")
            offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]), seconds=int(digits[4:]))
            return timezone(-offset if text[0] == "-" else offset, text.replace(":", "")) if offset else timezone.utc
    return None
