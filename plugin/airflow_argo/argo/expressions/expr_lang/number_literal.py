"""A number as it is written in an expression."""

from __future__ import annotations

import re

from airflow_argo.argo.expressions.expr_lang.source import Fault

LARGEST_INT = 2**63 - 1
_BASES = {"0x": (16, "hex"), "0b": (2, "binary"), "0o": (8, "octal")}
_FLOAT = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def number(text: str) -> int | float:
    """Read a number literal; one with a point or an exponent is a float.

    :raises Fault: with Go's message where the digits make no number, or too large a one.
    """
    text = text.replace("_", "")
    base, name = _BASES.get(text[:2].lower(), (10, "integer"))
    if base == 16 or not set(text) & set(".eE"):
        return _integer(text, base, name)
    if not _FLOAT.fullmatch(text):
        raise Fault(f'invalid float literal: strconv.ParseFloat: parsing "{text}": invalid syntax')
    value = float(text)
    if value == float("inf"):
        raise Fault(f'invalid float literal: strconv.ParseFloat: parsing "{text}": value out of range')
    return value


def _integer(text: str, base: int, name: str) -> int:
    try:
        value = int(text, base)
    except ValueError:
        raise Fault(f'invalid {name} literal: strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if value > LARGEST_INT:
        raise Fault(f'invalid {name} literal: strconv.ParseInt: parsing "{text}": value out of range')
    return value
