"""What people do to suspended nodes: Argo's server changes the nodes themselves, and the engine notices.

After one of these send the execution a ``Tick``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.suspend import supply_defaults
from airflow_argo.local.engine.times import rfc3339


def suspended_nodes(workflow: Mapping[str, Any]) -> list[Node]:
    """List the nodes of a workflow that wait for a person."""
    known = ((workflow.get("status") or {}).get("nodes") or {}).values()
    return [node for node in known if node["type"] == "Suspend" and node["phase"] == "Running"]


def check_resume(workflow: Mapping[str, Any]) -> None:
    """Check that a workflow can be resumed: ``Resume`` gives each output of a suspended node its default.

    :raises NodeError: if an output has neither a value nor a default.
    """
    for node in suspended_nodes(workflow):
        supply_defaults({"outputs": {"parameters": [dict(row) for row in _parameters(node)]}})


def resume_nodes(workflow: Mapping[str, Any], now: float) -> list[str]:
    """Let all suspended nodes succeed, as Argo's server does itself; their outputs take their defaults.

    :returns: their ids.
    :raises NodeError: as ``check_resume``, which is to be asked before.
    """
    found = suspended_nodes(workflow)
    message = ""
    for node in found:
        supply_defaults(node)
        node.update(phase="Succeeded", finishedAt=rfc3339(now))
        if node.get("message"):
            # Argo puts the name of who resumes behind it, and there is none; it goes on to the nodes that follow.
            message = f"{node['message']}; {message}"
        if message:
            node["message"] = message
    return [node["id"] for node in found]


def set_nodes(
    workflow: dict[str, Any],
    chosen: Callable[[Node], bool],
    selector: str,
    now: float,
    *,
    phase: str = "",
    message: str = "",
    parameters: Mapping[str, str] | None = None,
) -> list[str]:
    """Set the phase, message or outputs of chosen suspended nodes, for ``set`` and for a selective resume or stop.

    :param selector: the text of the selector, for the message.
    :param now: seconds since the epoch.
    :returns: the ids of the nodes that were set.
    :raises NodeError: if no node is chosen, or one does not have such an output to be set.
    """
    found = [node for node in suspended_nodes(workflow) if chosen(node)]
    if not found or not (phase or message or parameters):
        reason = f"no suspend nodes matching nodeFieldSelector: {selector}"
        raise NodeError(f"currently, set only targets suspend nodes: {reason}")
    for node in found:
        _check_outputs(node, parameters or {})
    for node in found:
        for name, value in (parameters or {}).items():
            _row(node, name).update(value=value)
            del _row(node, name)["valueFrom"]
        if message:
            node["message"] = message
        if phase:
            node["phase"] = phase
            node["finishedAt"] = rfc3339(now) if phase in nodes.FULFILLED else node.get("finishedAt")
    return [node["id"] for node in found]


def _check_outputs(node: Node, parameters: Mapping[str, str]) -> None:
    if parameters and node.get("outputs") is None:
        raise NodeError("cannot set output parameters because node is not expecting any raw parameters")
    for name in parameters:
        row = _row(node, name)
        if not row:
            raise NodeError(f"node is not expecting output parameter '{name}'")
        if (row.get("valueFrom") or {}).get("supplied") is None:
            reason = "because it does not use valueFrom.raw or it was already set"
            raise NodeError(f"cannot set output parameter '{name}' {reason}")


def _parameters(node: Node) -> list[dict[str, Any]]:
    return list((node.get("outputs") or {}).get("parameters") or ())


def _row(node: Node, name: str) -> dict[str, Any]:
    return next((row for row in _parameters(node) if row["name"] == name), {})
