"""Every part of a manifest as its author wrote it, with its place and the type that Go gives it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.lint.go_types import GoType, fields, folded, parse_type


@dataclass(frozen=True)
class Part:
    """A struct of the manifest.

    :param path: its place, such as ``templates.main.steps[0].pull``.
    :param type: what Go calls it, such as ``Template`` or ``Container``.
    :param value: as it stands in the manifest, its fields unchecked.
    :param template: the templates around it, the outermost first; itself, if it is one.
    """

    path: str
    type: str
    value: Mapping[str, Any]
    templates: tuple[Mapping[str, Any], ...] = ()

    @property
    def go(self) -> str:
        """The type with its package."""
        return self.type if self.type.startswith("v1.") else f"v1alpha1.{self.type}"


def parts(manifest: Mapping[str, Any]) -> Iterator[Part]:
    """Give every struct of a Workflow, outer ones first; what is of a wrong type is left out."""
    return _structs("", manifest, parse_type("Workflow"), ())


def texts(part: Part) -> Iterator[tuple[str, str]]:
    """Give the texts of a struct with their places, those of the structs within it excluded."""
    for key, value in part.value.items():
        field = fields(part.go).get(key)
        if field is not None:
            yield from _texts(_join(part.path, key), value, field.type)


def _structs(path: str, value: object, kind: GoType, templates: tuple[Mapping[str, Any], ...]) -> Iterator[Part]:
    kind = kind.inner if kind.kind == "pointer" else kind
    if kind.kind == "struct" and isinstance(value, Mapping):
        name = kind.go.removeprefix("v1alpha1.")
        around = (*templates, value) if name == "Template" else templates
        yield Part(path, name, value, around)
        for key, item in value.items():
            field = fields(kind.go).get(key) or folded(kind.go).get(str(key).lower())
            if field is not None:
                yield from _structs(_join(path, field.name), item, field.type, around)
    elif kind.kind == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _structs(_element(path, index, item), item, kind.inner, templates)
    elif kind.kind == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _structs(_join(path, str(key)), item, kind.inner, templates)
    elif kind.kind == "ParallelSteps" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _structs(_element(path, index, item), item, parse_type("WorkflowStep"), templates)


def _texts(path: str, value: object, kind: GoType) -> Iterator[tuple[str, str]]:
    inner = kind.inner if kind.kind == "pointer" else kind
    if isinstance(value, str):
        yield path, value
    elif inner.kind == "any" or inner.kind in {"Item", "Plugin"}:
        yield from _all_texts(path, value)
    elif inner.kind == "list" and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(f"{path}[{index}]", item, inner.inner)
    elif inner.kind == "map" and isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(_join(path, str(key)), item, inner.inner)


def _all_texts(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _all_texts(_join(path, str(key)), item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _all_texts(f"{path}[{index}]", item)


def _join(path: str, key: str) -> str:
    # As Argo's own messages do: templates.main.tasks.a, not spec.templates.main.dag.tasks.a.
    if path == "spec" and key == "templates":
        return key
    base = path.removesuffix(".dag") if key == "tasks" else path
    return f"{base}.{key}" if base else key


def _element(path: str, index: int, item: object) -> str:
    name = item.get("name") if isinstance(item, Mapping) else None
    if not isinstance(name, str) or not name:
        return f"{path}[{index}]"
    return f"{path}.{name}"
