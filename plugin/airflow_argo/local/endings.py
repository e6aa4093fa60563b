"""How a workflow ends other than by the engine: with a fault, after a restart, and when its time to live is over."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from airflow_argo.local.engine.lifecycle import mark_workflow
from airflow_argo.local.engine.times import epoch

_TTL = {"Succeeded": "secondsAfterSuccess", "Failed": "secondsAfterFailure"}


def lost_pods(workflow: dict[str, Any], launched: Collection[str]) -> list[str]:
    """The ids of the nodes whose pods have begun and not ended; they are marked as Running, in place.

    :param launched: ids of the nodes whose pods have begun, whether or not that was told.
    """
    nodes = (workflow.get("status") or {}).get("nodes") or {}
    lost = []
    for key, node in nodes.items():
        if node.get("type") != "Pod":
            continue
        if node.get("phase") == "Pending" and key in launched:
            node["phase"] = "Running"
        if node.get("phase") == "Running":
            lost.append(key)
    return lost


def fail(workflow: dict[str, Any], error: Exception, now: float) -> None:
    """End a workflow whose execution has broken down.

    :param now: seconds since the epoch.
    """
    message = f"the embedded Argo Server's engine failed: {type(error).__name__}: {error}"
    mark_workflow(workflow, "Error", message, now)


def keeps_claims(workflow: dict[str, Any]) -> bool:
    """Tell whether ``volumeClaimGC`` leaves the volumes of a finished workflow: until it is deleted, to be retried."""
    spec = workflow["status"].get("storedWorkflowTemplateSpec") or workflow["spec"]
    strategy = (spec.get("volumeClaimGC") or {}).get("strategy")
    return workflow["status"].get("phase") != "Succeeded" and strategy != "OnWorkflowCompletion"


def expiry(workflow: dict[str, Any]) -> float | None:
    """When a finished workflow's ttlStrategy deletes it, in seconds since the epoch."""
    status = workflow["status"]
    # With a workflowTemplateRef the strategy may be the template's: this spec joins both.
    spec = status.get("storedWorkflowTemplateSpec") or workflow["spec"]
    strategy = spec.get("ttlStrategy") or {}
    seconds = strategy.get(_TTL.get(status.get("phase", ""), ""), strategy.get("secondsAfterCompletion"))
    finished = status.get("finishedAt")
    if seconds is None or not finished:
        return None
    return epoch(finished) + float(seconds)
