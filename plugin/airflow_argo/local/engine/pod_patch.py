"""``podSpecPatch``, as far as it speaks of the main container and the pod's time; the rest is Kubernetes' business."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from airflow_argo.local.engine.arguments import filled_template
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.merging import merged

_MAIN_KINDS = ("container", "script")


def patches(template: Mapping[str, Any], spec: Mapping[str, Any], variables: Mapping[str, str]) -> list[str]:
    """List the patches of a template: the workflow's, filled with the template's inputs, and its own."""
    own = template.get("podSpecPatch")
    shared = spec.get("podSpecPatch")
    texts = [filled_template({**template, "podSpecPatch": shared}, variables, {})["podSpecPatch"]] if shared else []
    return [*texts, own] if own else texts


def patched(template: dict[str, Any], texts: Iterable[str]) -> dict[str, Any]:
    """Apply patches, in YAML or JSON, to a template: to its main container, and to how long it may run.

    :raises NodeError: if one cannot be applied.
    """
    for text in texts:
        template = _applied(template, text)
    return template


def _applied(template: dict[str, Any], text: str) -> dict[str, Any]:
    try:
        patch = yaml.safe_load(text)
    except yaml.YAMLError:
        patch = ""
    if not isinstance(patch, dict) or not isinstance(patch.get("containers") or [], list):
        raise NodeError("Error applying PodSpecPatch")
    if patch.get("activeDeadlineSeconds") is not None:
        template = {**template, "activeDeadlineSeconds": patch["activeDeadlineSeconds"]}
    changes = [entry for entry in patch.get("containers") or () if entry.get("name") == "main"]
    kinds = [kind for kind in _MAIN_KINDS if kind in template]
    for change in changes if kinds else ():
        fields = {key: value for key, value in change.items() if key != "name"}
        template = {**template, kinds[0]: merged(template[kinds[0]], fields)}
    return template
