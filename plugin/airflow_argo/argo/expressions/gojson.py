"""JSON and string literals as Go writes and reads them (``encoding/json`` and ``strconv``)."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError, InvalidJSONError
from airflow_argo.argo.expressions.gojson_fault import fault

_SEPARATORS = {"\u2028": "\\u2028", "\u2029": "\\u2029"}
_ESCAPES_PLAIN = str.maketrans(_SEPARATORS)
_ESCAPES_HTML = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"} | _SEPARATORS)
_TO_ESCAPE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NAMED_ESCAPES = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}
_TO_QUOTE = re.compile(r"""[^\x20-\x21\x23-\x5b\x5d-\x7e]""")
_MOST_DIGITS = 400
_PLAIN_SCALARS = (str, int, type(None))


class Nil:
    """Marks a list that Go has not made: it has no elements, and is null in JSON."""

    __slots__ = ()


def dumps(value: object, *, html: bool = True, indent: int | None = None) -> str:
    """Write a value as Go's ``json.Marshal`` does: compact, keys sorted, the float ``1.0`` as ``1``.

    :param html: escape ``<``, ``>`` and ``&``, as Go does unless told otherwise.
    :param indent: spaces per level, as ``json.MarshalIndent``; None writes one line.
    :raises ExpressionError: for what Go cannot write, such as NaN, or a map whose keys are not text.
    """
    try:
        plain = indent is None and _is_plain(value)
        text = _fast_encode(value) if plain else "".join(_encode(value, indent, "\n"))
    except RecursionError:
        raise ExpressionError("json: unsupported value: nested too deeply") from None
    if not _TO_ESCAPE.search(text):
        return text
    return _SURROGATE.sub(r"\\ufffd", text).translate(_ESCAPES_HTML if html else _ESCAPES_PLAIN)


def struct_dumps(value: object) -> str:
    """Write what Go holds in structs: compact, but the fields keep their order."""
    return escaped(_encode_in_order(value))


def escaped(text: str) -> str:
    """Escape the characters of JSON text that Go escapes so that it may stand in HTML."""
    return text.translate(_ESCAPES_HTML)


def unescaped(text: str) -> str:
    """Take back the escapes of ``<``, ``>`` and ``&``."""
    if "\\u00" not in text:
        return text
    return text.replace("\\u003c", "<").replace("\\u003e", ">").replace("\\u0026", "&")


_encode_in_order = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_fast_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False).encode
_quote_text = json.JSONEncoder(ensure_ascii=False).encode


def _is_plain(value: object) -> bool:
    """Tell whether Python's encoder writes this as Go does: it differs for floats and for what it does not know."""
    if type(value) is dict:
        return all(type(key) is str and _is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return not isinstance(value, Nil) and all(map(_is_plain, value))
    return isinstance(value, _PLAIN_SCALARS)


def _encode(value: object, indent: int | None, newline: str) -> Iterable[str]:
    if isinstance(value, float):
        yield json_float(value)
    elif isinstance(value, _PLAIN_SCALARS):
        yield _quote_text(value)
    elif isinstance(value, dict):
        yield from _encode_block("{}", _members(value, indent), indent, newline)
    elif isinstance(value, Nil):
        yield "null"
    elif isinstance(value, (list, tuple)):
        yield from _encode_block("[]", (("", item) for item in value), indent, newline)
    elif isinstance(value, bytes):
        yield f'"{base64.b64encode(value).decode()}"'
    elif hasattr(value, "marshal_json"):
        yield from _encode(value.marshal_json(), indent, newline)
    else:
        raise ExpressionError(f"json: unsupported type: {go_type(value)}")


def _members(value: dict[Any, object], indent: int | None) -> Iterable[tuple[str, object]]:
    if not go_type(value).startswith("map[string]"):
        raise ExpressionError(f"json: unsupported type: {go_type(value)}")
    colon = ":" if indent is None else ": "
    return ((_quote_text(key) + colon, value[key]) for key in sorted(value))


def _encode_block(
    brackets: str, members: Iterable[tuple[str, object]], indent: int | None, newline: str
) -> Iterable[str]:
    inner = "" if indent is None else newline + " " * indent
    yield brackets[0]
    separator = ""
    for label, item in members:
        yield separator + inner + label
        yield from _encode(item, indent, inner)
        separator = ","
    yield (newline if separator and indent is not None else "") + brackets[1]


def go_type(value: object) -> str:
    """Name the Go type that Argo would hold this value in, as ``%T`` prints it."""
    name = getattr(value, "go_type", None)
    return name if isinstance(name, str) else _GO_TYPES.get(type(value), type(value).__name__)


_GO_TYPES = {
    type(None): "<nil>", bool: "bool", int: "int", float: "float64", str: "string", bytes: "[]uint8",
    list: "[]interface {}", tuple: "[2]interface {}", dict: "map[string]interface {}",
}  # fmt: skip


def json_float(value: float) -> str:
    """Write a float as ``json.Marshal`` does: an exponent below 1e-6 and from 1e21 on, two digits only if needed."""
    if not math.isfinite(value):
        raise ExpressionError(f"json: unsupported value: {_special_float(value)}")
    if value and not 1e-6 <= abs(value) < 1e21:
        mantissa, exponent = _scientific(value)
        return f"{mantissa}e{exponent:+d}" if exponent > 0 else f"{mantissa}e{exponent}"
    return decimal_float(value)


def decimal_float(value: float) -> str:
    """Write a float without an exponent, with as many digits as it needs: Go's ``FormatFloat(x, 'f', -1, 64)``."""
    if not math.isfinite(value):
        return _special_float(value)
    text = repr(value)
    if "e" in text:
        text = format(Decimal(text), "f")
    return text[:-2] if text.endswith(".0") else text


def shortest_float(value: float) -> str:
    """Write a float as Go's ``%v`` does: an exponent of at least two digits below 1e-4 and from a million on."""
    if not math.isfinite(value):
        return _special_float(value)
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, exponent = _scientific(value)
        return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return decimal_float(value)


def _special_float(value: float) -> str:
    return "NaN" if math.isnan(value) else ("+Inf" if value > 0 else "-Inf")


def _scientific(value: float) -> tuple[str, int]:
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).rstrip("0")
    power = len(digits) - 1 + int(exponent)
    fraction = f".{text[1:]}" if len(text) > 1 else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}", power


def anystring(value: object) -> str:
    """Turn a parameter's JSON value into text as Argo's ``AnyString`` does: ``1.0`` is ``1``, ``1e3`` is ``1000``.

    Numbers go through a 64-bit float on the way, so a long integer loses its last digits.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return decimal_float(_to_float(str(value)) if isinstance(value, int) else value)
    return ""


def quote(text: str) -> str:
    r"""Quote as Go's ``strconv.Quote`` does, without the outer quotes.

    This is not JSON: a bell becomes ``\a``, an escape character ``\x1b``, and JSON refuses both.
    """
    if text.isprintable() and '"' not in text and "\\" not in text:
        return text
    return _TO_QUOTE.sub(_quote_char, text)


def _quote_char(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if code in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[code]
    if char.isprintable():
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    if 0xD800 <= code < 0xE000:
        return "\ufffd"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def loads(text: str, *, number: Callable[[str], Any] | None = None) -> Any:
    """Read JSON as Go does.

    :param number: makes a value of a number's text; by default whole numbers are ``int`` and others ``float``.
        Pass ``float_number`` for Go's own ``any``, ``str`` to keep the text.
    :raises InvalidJSONError: with Go's message, such as ``unexpected end of JSON input``.
    """
    try:
        value = json.loads(
            text, parse_int=number or _whole_number, parse_float=number or float_number, parse_constant=_refuse
        )
    except RecursionError:
        raise InvalidJSONError("exceeded max depth") from None
    except InvalidJSONError:
        raise
    except ValueError:
        raise InvalidJSONError(fault(text) or "invalid JSON") from None
    return _repaired(value) if "\\u" in text and _HALF_PAIR.search(text) else value


def value(text: str) -> Any:
    """Read JSON as Python does, numbers and half surrogate pairs included, where Go takes it for JSON.

    :raises ValueError: if Go does not.
    """
    try:
        return _READER.decode(text)
    except RecursionError:
        raise ValueError("exceeded max depth") from None


def valid(text: str) -> bool:
    """Tell whether Go takes a text for JSON."""
    try:
        _CHECKER.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


_HALF_PAIR = re.compile(r"\\u[dD][89abAB]")


def float_number(text: str) -> float:
    """Read a number as a 64-bit float, the only number that Go's ``any`` knows."""
    value = float(text)
    if math.isinf(value):
        raise InvalidJSONError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _to_float(digits: str) -> float:
    return float(digits)


def _whole_number(text: str) -> int | float:
    return int(text) if len(text) < _MOST_DIGITS else float_number(text)


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


_READER = json.JSONDecoder(parse_constant=_refuse)
_CHECKER = json.JSONDecoder(parse_int=len, parse_float=len, parse_constant=_refuse)


def _repaired(value: Any) -> Any:
    """Replace half of a surrogate pair, as Go does: it could not be written as UTF-8."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {_repaired(key): _repaired(item) for key, item in value.items()}
    return value
