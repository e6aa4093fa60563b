"""What a YAML scalar means to Go's YAML library: null, boolean, number or text."""

from __future__ import annotations

import base64
import binascii
import math
import re
from decimal import Decimal

_PREFIX = "tag:yaml.org,2002:"
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"], True),
    **dict.fromkeys(["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"], False),
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
}
_NO_JSON = {f"{sign}.{word}" for sign in ("", "+", "-") for word in ("inf", "Inf", "INF")} | {".nan", ".NaN", ".NAN"}
_TIMESTAMP = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([Tt]\d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?(Z|[+-]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(\.\d+)?)?"
)
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_BASES = (16, 2, 8, 10)
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_MIN_INT, _MAX_INT = -(2**63), 2**64 - 1
# From here on Go writes a whole number with an exponent.
_WHOLE = 1e21
_TYPES = {"null": type(None), "bool": bool, "int": int, "float": float}


class ScalarError(ValueError):
    """A scalar that cannot be what its tag says, or that JSON cannot hold."""


def scalar(text: str, tag: str | None, *, plain: bool) -> str | int | float | bool | None:
    """Resolve a scalar as Go's YAML library does.

    :param text: the scalar, unquoted.
    :param tag: its explicit tag, such as ``tag:yaml.org,2002:str``.
    :param plain: whether it stands without quotes and without a tag.
    :raises ScalarError: if the tag and the text do not fit, or if JSON has no such number.
    """
    if tag is None:
        return _resolve(text) if plain else text
    kind = tag.removeprefix(_PREFIX)
    if kind == "binary":
        return _binary(text)
    if kind not in _TYPES:
        return text
    value = _resolve(text)
    if kind == "float" and type(value) is int:
        return value
    if type(value) is not _TYPES[kind] and not (kind == "float" and isinstance(value, float)):
        raise ScalarError(f"'{text}' cannot be read as !!{kind}")
    return value


def _resolve(text: str) -> str | int | float | bool | None:
    if text in _WORDS:
        return _WORDS[text]
    if text in _NO_JSON:
        raise ScalarError(f"'{text}' is a number that JSON does not have; put it into quotes if it is text")
    if text[0] not in "+-.0123456789" or _TIMESTAMP.fullmatch(text):
        return text
    digits = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    number = _whole(digits)
    if number is not None:
        return number
    value = _decimal(digits)
    return text if isinstance(value, str) else value


def _whole(digits: str) -> int | None:
    match = _INTEGER.fullmatch(digits)
    if match is None:
        return None
    base, found = next((base, part) for base, part in zip(_BASES, match.groups()[1:], strict=True) if part is not None)
    if len(found) > 64:
        return None
    value = int(match[1] + found, base)
    # An unsigned number with a sign is none to Go.
    fits = _MIN_INT <= value < 2**63 or (value <= _MAX_INT and not match[1])
    return value if fits else None


def _decimal(text: str) -> int | float | str:
    if not _FLOAT.fullmatch(text):
        return text
    value = float(text)
    if math.isinf(value):
        return text
    # Through the shortest decimal, as Go prints it: 1e20 and 2**64 keep their zeros.
    return int(Decimal(repr(value))) if value.is_integer() and abs(value) < _WHOLE else value


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ScalarError(f"!!binary that does not hold text: {error}") from error
