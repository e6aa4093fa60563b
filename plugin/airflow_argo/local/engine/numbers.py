"""Numbers that a manifest may also write as text."""

from __future__ import annotations

import re

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.errors import NodeError

_INTEGER = re.compile(r"([+-]?)0*([0-9]+)")
_MOST_DIGITS = 19


def int64(text: str) -> int | None:
    """Read a whole number as Go's ``strconv.Atoi``, None if it is none or has more than 64 bits."""
    found = _INTEGER.fullmatch(text)
    if found is None or len(found[2]) > _MOST_DIGITS:
        return None
    number = int(found[1] + found[2])
    return number if -(2**63) <= number < 2**63 else None


def atoi(text: str) -> int:
    """Read a whole number as Go's ``strconv.Atoi``.

    :raises NodeError: in Go's words.
    """
    number = int64(text)
    if number is None:
        reason = "value out of range" if _INTEGER.fullmatch(text) else "invalid syntax"
        raise NodeError(f'strconv.Atoi: parsing "{gojson.quote(text)}": {reason}')
    return number


def whole_number(value: object) -> int:
    """Read Argo's ``IntOrString``.

    :raises NodeError: if it is no number, such as a tag that stayed as it was.
    """
    text = gojson.anystring(value)
    number = int64(text)
    if number is None:
        raise NodeError(f"value '{text}' cannot be resolved to an int")
    return number
