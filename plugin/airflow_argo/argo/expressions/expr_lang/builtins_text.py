"""The language's own functions for text, JSON and time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import natures
from airflow_argo.argo.expressions.expr_lang.builtin_function import BuiltinFunction, overloaded, ruled
from airflow_argo.argo.expressions.expr_lang.frame import bounded
from airflow_argo.argo.expressions.expr_lang.golayout import LAYOUTS, parse_time, read_time
from airflow_argo.argo.expressions.expr_lang.gotime import Location, Time, location, parse_duration
from airflow_argo.argo.expressions.expr_lang.natures import Nature
from airflow_argo.argo.expressions.expr_lang.operators import as_text
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import Ints, Strings, go_text, go_type, to_int

GO_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_LONGEST = 1_000_000


def _trim(text: Any, characters: Any = None) -> str:
    if characters is None:
        return as_text(text).strip(GO_SPACE)
    return as_text(text).strip(characters) if as_text(characters) else as_text(text)


def split(text: str, separator: str, limit: int = -1, *, keep: int = 0) -> list[str]:
    """Split as Go's ``strings.SplitN``: an empty separator gives the characters, a negative limit all parts.

    :param keep: how much of the separator stays at a part's end.
    """
    if limit == 0:
        return []
    if not separator:
        characters = list(text)
        if 0 < limit < len(characters):
            characters[limit - 1 :] = ["".join(characters[limit - 1 :])]
        return characters
    parts = text.split(separator, limit - 1 if limit > 0 else -1)
    return [part + separator[:keep] for part in parts[:-1]] + parts[-1:]


def upper(text: str) -> str:
    """Change to upper case as Go does, one letter for one: ``ß`` stays."""
    return text.upper() if text.isascii() else "".join(_one_letter(char, char.upper()) for char in text)


def lower(text: str) -> str:
    """Change to lower case as Go does, one letter for one."""
    return text.lower() if text.isascii() else "".join(_one_letter(char, char.lower()) for char in text)


def _one_letter(char: str, changed: str) -> str:
    return changed if len(changed) == 1 else char


def _split(keep: bool, text: Any, separator: Any, limit: Any = -1) -> Strings:
    mark = as_text(separator)
    return Strings(split(as_text(text), mark, to_int(limit), keep=len(mark) if keep else 0))


def replace(text: str, old: str, new: str, count: int = -1) -> str:
    """Replace as Go's ``strings.Replace``: a negative count means all."""
    bounded(len(text) + text.count(old) * len(new))
    return text.replace(old, new) if count < 0 else text.replace(old, new, count)


def _replace(text: Any, old: Any, new: Any, count: Any = -1) -> str:
    return replace(as_text(text), as_text(old), as_text(new), to_int(count))


def _repeat(text: Any, times: Any) -> str:
    count = to_int(times)
    if count < 0:
        raise Fault(f"invalid argument for repeat (expected positive integer, got {count})")
    size = len(as_text(text).encode("utf-8", "replace"))
    if count > _LONGEST or size * count >= _LONGEST:
        raise Fault("memory budget exceeded")
    return str(text * count)


def _join(items: Any, glue: Any = "") -> str:
    if not isinstance(items, list) or isinstance(items, Ints):
        raise Fault(f"invalid argument for join (type {go_type(items)})")
    return joined(as_text(glue), [as_text(item) for item in items])


def joined(glue: str, parts: list[str]) -> str:
    """Join texts, as long as that does not make too much of them."""
    bounded(len(glue) * len(parts) + sum(map(len, parts)))
    return glue.join(parts)


def byte_index(text: str, part: str, *, last: bool = False) -> int:
    """Find a part of a text; Go counts bytes, -1 if it is not there."""
    at = text.rfind(part) if last else text.find(part)
    return at if at < 0 else len(text[:at].encode("utf-8", "replace"))


def _index(last: bool, text: Any, part: Any) -> int:
    return byte_index(as_text(text), as_text(part), last=last)


def from_json(text: Any) -> Any:
    """Read JSON; all numbers are floats, as in Go."""
    return _raised(lambda: gojson.loads(as_text(text), number=gojson.float_number))


def _raised(compute: Callable[[], Any]) -> Any:
    try:
        return compute()
    except ExpressionError as error:
        raise Fault(str(error)) from None


def from_base64(text: str) -> str:
    """Decode standard base64 as Go does, with its message; line ends are ignored."""
    plain = text.replace("\r", "").replace("\n", "")
    try:
        return base64.b64decode(plain.encode("utf-8", "replace"), validate=True).decode("utf-8", "replace")
    except binascii.Error:
        raise Fault(f"illegal base64 data at input byte {_first_illegal(text)}") from None


def _first_illegal(text: str) -> int:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for at, char in enumerate(text):
        if char not in alphabet and char not in "\r\n":
            return at
    return len(text) - len(text) % 4


def _to_base64(text: Any) -> str:
    return base64.b64encode(as_text(text).encode("utf-8", "replace")).decode()


def _now(zone: Any = None) -> Time:
    return Time(datetime.now(zone.zone if isinstance(zone, Location) else None).astimezone())


def _date(*given: Any) -> Time:
    zone = given[0] if given and isinstance(given[0], Location) else None
    text, *layout = (as_text(value) for value in (given[1:] if zone else given))
    if len(layout) == 2:
        zone = location(layout[1])
    place = zone.zone if zone else timezone.utc
    if layout:
        return Time(parse_time(layout[0], text, place))
    moment = read_time(LAYOUTS, text, place)
    if moment is None:
        raise Fault(f"invalid date {text}")
    return Time(moment)


def _now_rule(given: list[Nature]) -> Nature:
    if given and (len(given) > 1 or given[0].kind != "location"):
        raise Fault(f"invalid number of arguments (expected 0, got {len(given)})")
    return natures.TIME


def _date_rule(given: list[Nature]) -> Nature:
    if not given:
        raise Fault("invalid number of arguments (expected at least 1, got 0)")
    arguments = given[1:] if given[0].kind == "location" else given
    if len(arguments) > 3:
        raise Fault(f"invalid number of arguments (expected at most 3, got {len(arguments)})")
    return natures.TIME


def _affix(remove: Callable[[str, str], str]) -> Callable[..., str]:
    return lambda text, part=" ": remove(as_text(text), as_text(part))


_TEXT_TO_TEXT = "string -> string"
_TWO_TO_TEXT = "string, string -> string"

TEXT_FUNCTIONS: dict[str, BuiltinFunction] = dict(
    (
        overloaded("string", go_text, "interface {} -> string"),
        overloaded("trim", _trim, _TEXT_TO_TEXT, _TWO_TO_TEXT),
        overloaded("trimPrefix", _affix(str.removeprefix), _TWO_TO_TEXT, _TEXT_TO_TEXT),
        overloaded("trimSuffix", _affix(str.removesuffix), _TWO_TO_TEXT, _TEXT_TO_TEXT),
        overloaded("upper", lambda text: upper(as_text(text)), _TEXT_TO_TEXT),
        overloaded("lower", lambda text: lower(as_text(text)), _TEXT_TO_TEXT),
        overloaded("split", partial(_split, False), "string, string -> []string", "string, string, int -> []string"),
        overloaded(
            "splitAfter", partial(_split, True), "string, string -> []string", "string, string, int -> []string"
        ),
        overloaded("replace", _replace, "string, string, string, int -> string", "string, string, string -> string"),
        overloaded("repeat", _repeat, "string, int -> string"),
        overloaded(
            "join",
            _join,
            "[]string, string -> string",
            "[]interface {}, string -> string",
            "[]interface {} -> string",
            "[]string, string -> string",
            "[]string -> string",
        ),
        overloaded("indexOf", partial(_index, False), "string, string -> int"),
        overloaded("lastIndexOf", partial(_index, True), "string, string -> int"),
        overloaded("hasPrefix", lambda text, part: as_text(text).startswith(as_text(part)), "string, string -> bool"),
        overloaded("hasSuffix", lambda text, part: as_text(text).endswith(as_text(part)), "string, string -> bool"),
        overloaded("toJSON", lambda value: _raised(lambda: gojson.dumps(value, indent=2)), "interface {} -> string"),
        overloaded("fromJSON", from_json, "string -> interface {}"),
        overloaded("toBase64", _to_base64, _TEXT_TO_TEXT),
        overloaded("fromBase64", lambda text: from_base64(as_text(text)), _TEXT_TO_TEXT),
        ruled("now", _now, _now_rule),
        ruled("date", _date, _date_rule),
        overloaded("duration", lambda text: parse_duration(as_text(text)), "string -> time.Duration"),
        overloaded("timezone", lambda name: location(as_text(name)), "string -> *time.Location"),
    )
)
