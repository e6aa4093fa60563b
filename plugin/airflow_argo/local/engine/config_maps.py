"""Parameters whose value is in a ConfigMap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from airflow_argo.local.engine.errors import NodeError

ConfigMapLookup: TypeAlias = Callable[[str], "Mapping[str, Any] | None"]
"""Looks up a ConfigMap of the workflow's namespace by its name: a dict with ``metadata.labels`` and ``data``, or None.

:raises NodeError: if it cannot be read.
"""

TYPE_LABEL = "workflows.argoproj.io/configmap-type"
_PARAMETER = "Parameter"


class NotInConfigMapError(NodeError):
    """There is no such ConfigMap, or it has no such key: a default may stand in."""


def no_config_map(name: str) -> None:
    """Look up a ConfigMap where there are none."""


def parameter_value(config_map: ConfigMapLookup, name: str, key: str) -> str:
    """Find the value of a parameter.

    :raises NotInConfigMapError: if there is no such ConfigMap or key; Argo does not see ConfigMaps without its label.
    :raises NodeError: if the ConfigMap holds something else than parameters, or cannot be read.
    """
    found = config_map(name)
    kind = ((found or {}).get("metadata", {}).get("labels") or {}).get(TYPE_LABEL)
    if found is None or kind is None:
        label = f"Please make sure it has the label {TYPE_LABEL}: {_PARAMETER} to be detectable by the controller"
        raise NotInConfigMapError(f"ConfigMap '{name}' does not exist. {label}")
    if kind != _PARAMETER:
        raise NodeError(f"ConfigMap '{name}' needs to have the label {TYPE_LABEL}: {_PARAMETER} to load parameters")
    data: Mapping[str, str] = found.get("data") or {}
    if key not in data:
        raise NotInConfigMapError(f"ConfigMap '{name}' does not have the key '{key}'")
    return data[key]
