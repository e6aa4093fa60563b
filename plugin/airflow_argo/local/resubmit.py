"""Resubmitting a workflow: a new one like an old one. Argo's ``FormulateResubmitWorkflow``."""

from __future__ import annotations

import copy
import secrets
import string
from collections.abc import Sequence
from typing import Any

from airflow_argo.local.engine import metadata, nodes
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.node_graph import NodeGraph
from airflow_argo.local.parameter_overrides import override
from airflow_argo.local.refusal import invalid

_PREFIX = "workflows.argoproj.io/"
_PREVIOUS_LABEL = f"{_PREFIX}resubmitted-from-workflow"
_NOT_COPIED = {
    metadata.PHASE_LABEL,
    metadata.COMPLETED_LABEL,
    *(f"{_PREFIX}{name}" for name in ("creator", "creator-email", "creator-preferred-username")),
    f"{_PREFIX}workflow-archiving-status",
}


def resubmitted(
    workflow: dict[str, Any], now: float, *, memoized: bool = False, parameters: Sequence[str] = ()
) -> dict[str, Any]:
    """Make a new workflow like an old one, with its labels and annotations.

    :param workflow: is left as it is.
    :param now: seconds since the epoch.
    :param memoized: whether what has succeeded is taken over instead of run again.
    :param parameters: put over the arguments.
    :raises Refusal: HTTP 400 if memoized and the old one has not failed, 500 if the parameters cannot be read.
    """
    old: dict[str, Any] = copy.deepcopy(workflow)
    new_metadata = _metadata(old["metadata"])
    if memoized:
        if old["status"].get("phase") not in nodes.UNSUCCESSFUL:
            raise invalid("workflow must be Failed/Error to resubmit in memoized mode")
        alphabet = string.ascii_lowercase + string.digits
        suffix = "".join(secrets.choice(alphabet) for _ in range(5))
        new_metadata["name"] = new_metadata["generateName"] + suffix
    spec = old["spec"]
    spec.pop("shutdown", None)
    if spec.get("activeDeadlineSeconds") == 0:
        del spec["activeDeadlineSeconds"]
    new = {"metadata": new_metadata, "spec": spec, "status": {}}
    override(new, parameters)
    if memoized:
        new["status"] = _taken_over(old, new_metadata["name"], now)
    return new


def _metadata(old: dict[str, Any]) -> dict[str, Any]:
    labels = {key: value for key, value in (old.get("labels") or {}).items() if key not in _NOT_COPIED}
    new: dict[str, Any] = {
        "generateName": old.get("generateName") or f"{old['name']}-",
        "namespace": old["namespace"],
        "labels": {**labels, _PREVIOUS_LABEL: old["name"]},
    }
    for key in ("annotations", "ownerReferences"):
        if old.get(key):
            new[key] = old[key]
    return new


def _taken_over(old: dict[str, Any], new_name: str, now: float) -> dict[str, Any]:
    old_name, known = old["metadata"]["name"], old["status"].get("nodes") or {}
    graph = NodeGraph(old_name, known)
    ids = {key: nodes.node_id(new_name, _renamed(node["name"], old_name, new_name)) for key, node in known.items()}
    taken = {}
    for key, node in known.items():
        if node["name"].startswith(f"{old_name}.onExit"):
            continue
        new = _taken_node(graph, node, now)
        if new is not None:
            new.update(id=ids[key], name=_renamed(node["name"], old_name, new_name))
            _relink(new, ids)
            taken[ids[key]] = new
    status: dict[str, Any] = {"nodes": taken, "conditions": [{"type": "Completed", "status": "False"}]}
    if old["status"].get("storedTemplates"):
        status["storedTemplates"] = old["status"]["storedTemplates"]
    return status


def _taken_node(graph: NodeGraph, node: Node, now: float) -> Node | None:
    new = copy.deepcopy(node)
    is_pod, failed = node["type"] == "Pod", node["phase"] in nodes.UNSUCCESSFUL
    moment = None if failed and is_pod else rfc3339(now)
    new.update(startedAt=moment, finishedAt=moment)
    if is_pod and not failed:
        new.update(phase="Skipped", type="Skipped", message=f"original pod: {node['id']}")
    elif node["type"] == "Skipped" and not graph.has_success_below(node, set()):
        return None
    else:
        new["phase"] = "Pending"
        new.pop("message", None)
    return new


def _relink(node: Node, ids: dict[str, str]) -> None:
    if node.get("boundaryID"):
        node["boundaryID"] = ids[node["boundaryID"]]
    for links in ("children", "outboundNodes"):
        if node.get(links):
            node[links] = [ids[other] for other in node[links] if other in ids]


def _renamed(node_name: str, old_name: str, new_name: str) -> str:
    return new_name + node_name[len(old_name) :]
