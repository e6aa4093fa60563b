"""The shape that Argo's Go types give to an answer: what is always there, whether or not it was sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TIMES: Mapping[str, Any] = {"startedAt": None, "finishedAt": None}
_NODE_STUB: Mapping[str, Any] = {"id": "", "name": "", "type": "", **_TIMES}


def whole(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """A workflow as it is answered: metadata, spec and status, without apiVersion and kind (seen on v4.1.2)."""
    return {
        "metadata": dict(workflow.get("metadata") or {}),
        "spec": {**(workflow.get("spec") or {}), "arguments": (workflow.get("spec") or {}).get("arguments") or {}},
        "status": {**_TIMES, **_without_empty_ones(workflow.get("status") or {})},
    }


def _without_empty_ones(status: Mapping[str, Any]) -> Mapping[str, Any]:
    if status.get("nodes", True) and status.get("conditions", True):
        return status
    return {key: value for key, value in status.items() if value or key not in ("nodes", "conditions")}


def filtered(workflow: Mapping[str, Any]) -> dict[str, Any]:
    """What Go makes of a workflow that ``fields`` left only parts of."""
    answer = whole(workflow)
    nodes = answer["status"].pop("nodes", None)
    if nodes:
        answer["status"]["nodes"] = {key: {**_NODE_STUB, **node} for key, node in nodes.items()}
    for part in (answer["metadata"], answer["status"]):
        for key in [key for key, value in part.items() if value in ({}, [])]:
            del part[key]
    return answer
