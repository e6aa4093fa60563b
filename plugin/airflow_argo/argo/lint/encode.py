"""A decoded struct as Go writes it to JSON: the text, and thereby the order, in which Argo finds tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.lint.decode import Document, zero
from airflow_argo.argo.lint.go_types import Field, GoType, fields


def encode(value: Mapping[str, Any], name: str) -> Document:
    """Arrange a decoded struct as Go writes it: in the order of its fields, without what is empty."""
    return {field.name: item for field in fields(name).values() for item in _written(value, field)}


def to_json(value: Mapping[str, Any], name: str) -> str:
    """Return the JSON text that Go makes of a decoded struct."""
    return gojson.struct_dumps(encode(value, name))


def _written(value: Mapping[str, Any], field: Field) -> list[Any]:
    item = value.get(field.name)
    kind = field.type
    if kind.kind == "struct":
        return [encode(item or {}, kind.go)]
    if item is None:
        return [zero(kind)] if field.always else []
    if not item and kind.kind not in {"pointer", "any"} and not field.always:
        return []
    return [_encoded(item, kind)]


def _encoded(item: Any, kind: GoType) -> Any:
    if kind.kind == "pointer":
        return _encoded(item, kind.inner)
    if kind.kind == "struct":
        return encode(item or {}, kind.go)
    if kind.kind == "ParallelSteps":
        return [encode(step, "WorkflowStep") for step in item]
    if kind.kind == "list":
        return [_encoded(element, kind.inner) for element in item]
    if kind.kind == "map":
        return {key: _encoded(item[key], kind.inner) for key in sorted(item)}
    return item
