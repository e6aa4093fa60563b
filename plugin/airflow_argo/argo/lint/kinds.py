"""Which kind of template a template is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# In the order in which Argo looks for them.
KINDS = (
    "container",
    "containerSet",
    "steps",
    "dag",
    "script",
    "resource",
    "data",
    "suspend",
    "http",
    "plugin",
)
PODS = frozenset({"container", "containerSet", "script", "resource", "data"})
LEAVES = PODS | {"http", "plugin"}
_WITH_RESULT = ("container", "script", "data", "http", "plugin")
_TITLES = {
    "container": "Container",
    "containerSet": "ContainerSet",
    "steps": "Steps",
    "dag": "DAG",
    "script": "Script",
    "resource": "Resource",
    "data": "Data",
    "suspend": "Suspend",
    "http": "HTTP",
    "plugin": "Plugin",
}


def kinds_of(template: Mapping[str, Any]) -> list[str]:
    """Return all kinds that a template claims to be."""
    return [kind for kind in KINDS if template.get(kind) is not None]


def kind_of(template: Mapping[str, Any]) -> str:
    """Return the kind of a template, the first one if there are several, empty if there is none."""
    return next(iter(kinds_of(template)), "")


def title(template: Mapping[str, Any]) -> str:
    """Return the kind as Argo's messages write it."""
    return _TITLES.get(kind_of(template), "Unknown")


def is_leaf(template: Mapping[str, Any]) -> bool:
    """Tell whether a template runs something itself; a suspend template does not count."""
    return kind_of(template) in LEAVES


def has_container(template: Mapping[str, Any], name: str) -> bool:
    """Tell whether a container set has a container of this name."""
    containers = template.get("containerSet", {}).get("containers", ())
    return any(container.get("name") == name for container in containers)


def has_result(template: Mapping[str, Any]) -> bool:
    """Tell whether a template can have an exit code and a result."""
    return any(template.get(kind) is not None for kind in _WITH_RESULT) or has_container(template, "main")
