"""Kubernetes' strategic merge, as far as workflows need it: a WorkflowTemplate's spec and ``templateDefaults``."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

TEMPLATE_TYPES = (
    "container",
    "containerSet",
    "steps",
    "script",
    "resource",
    "dag",
    "suspend",
    "data",
    "http",
    "plugin",
)

_MERGE_KEYS = {
    "parameters": "name", "artifacts": "name", "templates": "name", "tasks": "name", "volumes": "name", "env": "name",
    "volumeMounts": "mountPath", "ports": "containerPort", "imagePullSecrets": "name", "hostAliases": "ip",
    "containers": "name", "initContainers": "name", "sidecars": "name",
}  # fmt: skip


def merged(base: Any, patch: Any, field: str = "") -> Any:
    """Lay a patch over a base: objects by key, lists of named things by name, everything else replaced."""
    if isinstance(base, Mapping) and isinstance(patch, Mapping):
        result = {key: copy.deepcopy(value) for key, value in base.items()}
        for key, value in patch.items():
            result[key] = merged(base[key], value, key) if key in base else copy.deepcopy(value)
        return result
    if isinstance(base, list) and isinstance(patch, list) and field in _MERGE_KEYS:
        return _merged_lists(base, patch, _MERGE_KEYS[field])
    return copy.deepcopy(patch)


def _merged_lists(base: list[Any], patch: list[Any], merge_key: str) -> list[Any]:
    patches = {entry.get(merge_key): entry for entry in patch}
    known = {entry.get(merge_key) for entry in base}
    result = [merged(entry, patches.get(entry.get(merge_key), {})) for entry in base]
    return result + [copy.deepcopy(entry) for entry in patch if entry.get(merge_key) not in known]


def joined_specs(own: Mapping[str, Any], referenced: Mapping[str, Any]) -> dict[str, Any]:
    """Join a workflow's spec with that of the WorkflowTemplate it refers to; the workflow's own fields win.

    An argument is taken whole from one place: the workflow's value does not mix with the template's ``valueFrom``.
    """
    spec: dict[str, Any] = merged(referenced, own)
    spec.pop("suspend", None)
    if own.get("suspend") is not None:
        spec["suspend"] = own["suspend"]
    for kind in ("parameters", "artifacts"):
        entries = (spec.get("arguments") or {}).get(kind)
        if entries:
            spec["arguments"][kind] = [_from_one_place(entry, kind, own, referenced) for entry in entries]
    return spec


def _from_one_place(entry: dict[str, Any], kind: str, *specs: Mapping[str, Any]) -> Any:
    for spec in specs:
        for candidate in (spec.get("arguments") or {}).get(kind) or ():
            if candidate.get("name") == entry.get("name"):
                return copy.deepcopy(candidate)
    return entry


def with_defaults(template: Mapping[str, Any], defaults: Mapping[str, Any] | None) -> dict[str, Any]:
    """Lay a template over ``templateDefaults``, of which the parts for other template types are left out."""
    if not defaults:
        return dict(template)
    applicable = {key: value for key, value in defaults.items() if key not in TEMPLATE_TYPES or key in template}
    result: dict[str, Any] = merged(applicable, template)
    return result


def template_type(template: Mapping[str, Any]) -> str:
    """Name the type of a template, such as ``container``; empty if it has none."""
    return next((kind for kind in TEMPLATE_TYPES if template.get(kind) is not None), "")
