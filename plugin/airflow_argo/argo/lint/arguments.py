"""What a template is called with, and Argo's rules for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.artifacts import has_location_or_key
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.names import check_names
from airflow_argo.argo.lint.placeholders import Placeholders
from airflow_argo.argo.lint.places import under


class Arguments(Protocol):
    """Gives a template's inputs their values."""

    def parameter(self, name: str) -> Document | None:
        """Return the argument for an input parameter, None if there is none."""

    def artifact(self, name: str) -> Document | None:
        """Return the argument for an input artifact, None if there is none."""


class Given:
    """The arguments that stand in the manifest."""

    def __init__(self, arguments: Document) -> None:
        """:param arguments: as under ``spec.arguments``."""
        self._arguments = arguments

    def parameter(self, name: str) -> Document | None:
        """Return the argument for an input parameter, None if there is none."""
        return self._find("parameters", name)

    def artifact(self, name: str) -> Document | None:
        """Return the argument for an input artifact, None if there is none."""
        return self._find("artifacts", name)

    def _find(self, kind: str, name: str) -> Document | None:
        return next((item for item in self._arguments.get(kind, ()) if item.get("name", "") == name), None)


class Anything:
    """Arguments that have a value for every name."""

    def __init__(self, placeholders: Placeholders) -> None:
        """:param placeholders: makes the values."""
        self._placeholders = placeholders

    def parameter(self, name: str) -> Document:
        """Return an argument with a stand-in for a value."""
        return {"name": name, "value": self._placeholders.next()}

    def artifact(self, name: str) -> Document:
        """Return an argument without a location."""
        return {"name": name}


def merge(own: Sequence[Document], others: Sequence[Document]) -> list[Document]:
    """Put together two lists of arguments; of two with one name the first counts."""
    merged: dict[str, Document] = {}
    for item in (*own, *others):
        merged.setdefault(item.get("name", ""), item)
    return list(merged.values())


def check_arguments(prefix: str, arguments: Document, *, allow_empty: bool) -> None:
    """Check the arguments of a workflow, a step or a task.

    :param prefix: their place, as Argo's messages begin, such as ``spec.arguments.``.
    :param allow_empty: whether values may be missing.
    """
    parameters, artifacts = arguments.get("parameters", ()), arguments.get("artifacts", ())
    for kind, items in (("parameters", parameters), ("artifacts", artifacts)):
        with under(f"{prefix}{kind}"):
            check_names(items, parameters=True)
    for parameter in parameters:
        fault = _value_fault(prefix, parameter, allow_empty=allow_empty)
        if fault:
            raise ManifestError(fault)
        if "enum" in parameter and "value" not in parameter and allow_empty and parameter["enum"]:
            # Argo leaves the rest unchecked here.
            return
    for artifact in artifacts:
        _check_artifact(f"{prefix}{artifact.get('name', '')}", artifact)


def _value_fault(prefix: str, parameter: Document, *, allow_empty: bool) -> str:
    place = f"{prefix}{parameter.get('name', '')}"
    source = parameter.get("valueFrom")
    if source is None and "value" not in parameter and not allow_empty:
        return f"{place}.value or {place}.valueFrom is required"
    if source is not None and not _is_source(source):
        return f"{place}.valueFrom only allows: default, configMapKeyRef and supplied"
    return _enum_fault(place, parameter, allow_empty=allow_empty)


def _is_source(source: Document) -> bool:
    if "configMapKeyRef" not in source and "supplied" not in source and not source.get("event"):
        return False
    return not any(source.get(name) for name in ("path", "jsonPath", "parameter", "expression"))


def _enum_fault(place: str, parameter: Document, *, allow_empty: bool) -> str:
    choices = parameter.get("enum")
    if choices is None:
        return ""
    if not choices:
        return f"{place}.enum should contain at least one value"
    if "value" not in parameter:
        return "" if allow_empty else f"{place}.value is required"
    if parameter["value"] not in choices:
        return f"{place}.value should be present in {place}.enum list"
    return ""


def _check_artifact(place: str, artifact: Document) -> None:
    if not artifact.get("from") and not has_location_or_key(artifact):
        raise ManifestError(f"{place}.from, artifact location, or key is required")
    if artifact.get("from") and artifact.get("fromExpression"):
        raise ManifestError(f"{place} shouldn't have both `from` and `fromExpression` in Artifact")
