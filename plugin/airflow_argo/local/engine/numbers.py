"""Numbers that a manifest may also write as text."""

from __future__ import annotations

import re

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.errors import NodeError

_INTEGER = re.compile(r"[+-]?[0-9]{1,30}")


def int64(text: str) -> int | None:
    """Read a whole number as Go's ``strconv.Atoi``, None if it is none or has more than 64 bits."""
    number = int(text) if _INTEGER.fullmatch(text) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def whole_number(value: object) -> int:
    """Read Argo's ``IntOrString``.

    :raises NodeError: if it is no number, such as a tag that stayed as it was.
    """
    text = gojson.anystring(value)
    number = int64(text)
    if number is None:
        raise NodeError(f"value '{text}' cannot be resolved to an int")
    return number
