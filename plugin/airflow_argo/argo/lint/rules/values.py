"""Values that arrive as something else than what was written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.walk import Part, parts, texts

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_AS_TEXT = "Write it as JSON text: '[1, 2]' or '{\"a\": 1}' in quotes."


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find parameter values that are lost or changed, and times that leave no time."""
    for part in parts(manifest):
        if part.type in {"Parameter", "ValueFrom"}:
            yield from _check_values(part)
        if part.type == "Template":
            yield from _check_timeout(part)
        if part.type in {"Parameter", "WorkflowStep", "DAGTask"}:
            yield from _check_characters(part)


def _check_values(part: Part) -> Iterator[Finding]:
    for key in ("value", "default"):
        value = part.value.get(key)
        if isinstance(value, list | Mapping):
            what = "list" if isinstance(value, list) else "mapping"
            yield Finding(
                f"{part.path}.{key}", f"parameters are text, and Argo makes a {what} the empty text", _AS_TEXT
            )
        elif isinstance(value, int) and not isinstance(value, bool) and gojson.anystring(value) != str(value):
            arrives = gojson.anystring(value)
            yield Finding(f"{part.path}.{key}", f"{value} arrives as {arrives}", "Put the number into quotes.")


def _check_timeout(part: Part) -> Iterator[Finding]:
    limit = part.value.get("timeout")
    match = re.fullmatch(r"([0-9.]+)s", limit) if isinstance(limit, str) else None
    if match and _seconds(match[1]) <= 2:
        yield Finding(f"{part.path}.timeout", f"{limit} is over before a pod is started", "Allow at least 5s.")


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("inf")


def _check_characters(part: Part) -> Iterator[Finding]:
    for path, text in texts(part):
        found = _CONTROL.search(text)
        if found:
            code = f"U+{ord(found[0]):04X}"
            yield Finding(path, f"the text holds the control character {code}, which Argo cannot put in anywhere")
