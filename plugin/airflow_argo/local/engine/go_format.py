"""Go's ``fmt.Sprintf`` for one whole number: the ``format`` of a ``withSequence``."""

from __future__ import annotations

import re
from collections.abc import Callable

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.errors import NodeError

_VERB = re.compile(r"%([-+# 0]*)(\d*)(?:\.(\d*))?([a-zA-Z%]|$)")
_DIGITS: dict[str, Callable[[int], str]] = {
    "d": str,
    "v": str,
    "b": lambda number: format(number, "b"),
    "o": lambda number: format(number, "o"),
    "x": lambda number: format(number, "x"),
    "X": lambda number: format(number, "X"),
}
_MOST_DIGITS = 7
_PREFIXES = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def sprintf(pattern: str, number: int) -> str:
    """Format a number; what Go complains about inside its output is complained about in the same way.

    :raises NodeError: for a width or precision of more than seven digits.
    """
    used = False

    def replaced(found: re.Match[str]) -> str:
        nonlocal used
        flags, width, precision, verb = found.groups()
        if verb == "%":
            return "%"
        if verb == "":
            return "%!(NOVERB)"
        if used:
            return f"%!{verb}(MISSING)"
        used = True
        if max(len(width), len(precision or "")) > _MOST_DIGITS:
            raise NodeError(f"the embedded Argo Server writes no numbers as wide as {found[0][:20]}")
        return _formatted(number, verb, flags, int(width or 0), None if precision is None else int(precision or 0))

    text = _VERB.sub(replaced, pattern)
    return text if used else f"{text}%!(EXTRA int={number})"


def _formatted(number: int, verb: str, flags: str, width: int, precision: int | None) -> str:
    if verb == "c":
        return _padded("", _rune(number), flags.replace("0", ""), width)
    if verb == "U":
        return _padded("", f"U+{number % 2**64:04X}", flags.replace("0", ""), width)
    if verb == "q":
        return _padded("", f"'{_quoted(_rune(number))}'", flags.replace("0", ""), width)
    if verb not in _DIGITS:
        return f"%!{verb}(int={number})"
    digits = _DIGITS[verb](abs(number))
    if "#" in flags:
        digits = _PREFIXES.get(verb, "") + digits
    if precision is not None:
        digits, flags = digits.zfill(precision), flags.replace("0", "")
    sign = "-" if number < 0 else "+" if "+" in flags else " " if " " in flags else ""
    return _padded(sign, digits, flags, width)


def _rune(number: int) -> str:
    is_one = 0 <= number < 0xD800 or 0xE000 <= number <= 0x10FFFF
    return chr(number) if is_one else "\ufffd"


def _quoted(char: str) -> str:
    return {'"': '"', "'": "\\'"}.get(char) or gojson.quote(char)


def _padded(sign: str, text: str, flags: str, width: int) -> str:
    if "-" in flags:
        return (sign + text).ljust(width)
    if "0" in flags:
        return sign + text.zfill(width - len(sign))
    return (sign + text).rjust(width)
