"""Filling the tags of whole objects: Argo does it on their JSON text, so that tags in keys and numbers count too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import tags
from airflow_argo.argo.lint import encode

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))

NOTHING: tuple[str, ...] = ()
"""No tag has to be known: what is unknown stays as it is."""
REFERENCES = ("steps", "tasks")
"""References to other steps and tasks have to be known."""
EVERYTHING = ("",)
"""Every tag has to be known."""


def to_json(value: object) -> str:
    """Write an object as the compact JSON that tags are looked for in."""
    return _ENCODER.encode(value)


def filled(value: Any, variables: Mapping[str, Any], strict: tuple[str, ...] = NOTHING) -> Any:
    """Fill an object's tags.

    :raises MissingVariableError: if a tag that has to be known is not.
    :raises ExpressionError: if a tag cannot be evaluated or breaks the JSON.
    """
    text = to_json(value)
    return filled_text(text, variables, strict)[1] if "{{" in text else value


def filled_spec(spec: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
    """Fill a workflow's spec, as the text that Go writes: where a lone ``{{`` ends depends on what follows it there.

    :raises ExpressionError: as ``filled`` does.
    """
    if "{{" not in to_json(spec):
        return spec
    text = encode.to_json(spec, "WorkflowSpec")
    written: dict[str, Any] = filled_text(text, variables)[1]
    return written


def filled_text(text: str, variables: Mapping[str, Any], strict: tuple[str, ...] = NOTHING) -> tuple[str, Any]:
    """Fill the tags of the JSON text that ``to_json`` has made: what becomes of it, as text and as the object."""
    return tags.substitute_valid(text, variables, strict=strict)
