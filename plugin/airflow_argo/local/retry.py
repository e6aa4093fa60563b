"""Retrying a workflow: which nodes go, which groups run again, what stays. Argo's ``FormulateRetryWorkflow``."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from airflow_argo.argo.status import ARCHIVING_LABEL
from airflow_argo.local.engine import metadata, nodes
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.field_selectors import NodeSelector
from airflow_argo.local.node_graph import NodeGraph
from airflow_argo.local.parameter_overrides import override
from airflow_argo.local.refusal import invalid

_GROUPS = frozenset({"DAG", "TaskGroup", "StepGroup", "Steps"})
_LOOPS = frozenset({"TaskGroup", "StepGroup"})
_EXECUTED = frozenset({"Container", "Pod", "HTTP", "Plugin"})


def retried(
    workflow: dict[str, Any],
    now: float,
    *,
    restart_successful: bool = False,
    selector: str = "",
    parameters: Sequence[str] = (),
) -> dict[str, Any]:
    """Make of a finished workflow the one that goes on with it: same name and uid, no phase.

    :param workflow: is left as it is.
    :param now: seconds since the epoch.
    :param restart_successful: whether what the selector chooses runs again though it has succeeded.
    :param parameters: put over the arguments; the loops that are reset are then expanded anew.
    :raises Refusal: HTTP 400 in a phase that cannot be retried, 500 if selector or parameters cannot be read.
    """
    phase = (workflow.get("status") or {}).get("phase", "")
    if phase == "Succeeded" and not (restart_successful and selector):
        raise invalid("To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector")
    if phase not in nodes.COMPLETED:
        raise invalid(f"Cannot retry a workflow in phase {phase}")
    again = _reopened(workflow, now, parameters)
    known: dict[str, Node] = again["status"].get("nodes") or {}
    graph = NodeGraph(again["metadata"]["name"], known)
    plan = _plan(graph, NodeSelector.parse(selector) if restart_successful and selector else None)
    if parameters:
        plan.expand_anew()
    again["status"]["nodes"] = _kept(again["metadata"]["name"], known, plan, now)
    return again


def _reopened(workflow: dict[str, Any], now: float, parameters: Sequence[str]) -> dict[str, Any]:
    again = copy.deepcopy(workflow)
    labels = again["metadata"].get("labels") or {}
    for label in (metadata.COMPLETED_LABEL, ARCHIVING_LABEL):
        labels.pop(label, None)
    status, spec = again["status"], again["spec"]
    metadata.set_condition(status, "Completed", "False")
    for key in ("phase", "message", "persistentVolumeClaims"):
        status.pop(key, None)
    status.update(startedAt=rfc3339(now), finishedAt=None)
    spec.pop("shutdown", None)
    (status.get("storedWorkflowTemplateSpec") or {}).pop("shutdown", None)
    if spec.get("activeDeadlineSeconds") == 0:
        del spec["activeDeadlineSeconds"]
    override(again, parameters)
    return again


@dataclass(slots=True)
class _Plan:
    """What becomes of the nodes; what goes need not be reset."""

    graph: NodeGraph
    gone: set[str] = field(default_factory=set)
    reset: set[str] = field(default_factory=set)

    def remove(self, node: Node) -> None:
        """Let a node and all below it go, and run again what it is a part of."""
        self.gone |= {node["id"], *self.graph.below(node)}
        if self.graph.parent(node) is None:
            return
        current: Node | None = node
        while current is not None:
            current = self._step_up(current)

    def _step_up(self, node: Node) -> Node | None:
        if node["type"] in _GROUPS:
            self.reset.add(node["id"])
            return self._reset_boundaries(node)
        if node["type"] == "Container":
            pod = self.graph.upwards(node, "type", "Pod")
            self.reset.add(pod["id"])
            self.gone |= {pod["id"], *self.graph.below(pod)}
            # Argo looks at the pod next, which is none of these kinds.
            return self.graph.parent(pod)
        if node["type"] == "Retry" and node["phase"] in nodes.UNSUCCESSFUL:
            self.reset.add(node["id"])
        return self.graph.parent(node)

    def _reset_boundaries(self, node: Node) -> Node | None:
        current = node
        while True:
            above = self.graph.parent(current)
            if above is not None and above["type"] == "Retry":
                self.reset.add(above["id"])
                current, above = above, self.graph.parent(above)
            if above is not None and above["type"] in _LOOPS:
                self.reset.add(above["id"])
            boundary = current.get("boundaryID", "")
            if not boundary:
                return above
            current = self.graph.upwards(current, "id", boundary)
            self.reset.add(current["id"])

    def expand_anew(self) -> None:
        """Let everything below the loops go that run again, so that they are expanded with new arguments."""
        for node_id in self.reset - self.gone:
            node = self.graph.nodes[node_id]
            if node["type"] in _LOOPS:
                self.gone |= self.graph.below(node)


def _plan(graph: NodeGraph, selector: NodeSelector | None) -> _Plan:
    wanted = {key for key, node in graph.nodes.items() if selector is not None and selector.matches(node)}
    wanted |= {key for key, node in graph.nodes.items() if _has_to_run_again(graph, node, wanted)}
    plan = _Plan(graph)
    # From the top: what is below a node that goes must not be looked at.
    for node in graph.breadth_first():
        if node["id"] in wanted and node["id"] not in plan.gone:
            plan.remove(node)
    return plan


def _has_to_run_again(graph: NodeGraph, node: Node, ignored: set[str]) -> bool:
    if node["phase"] not in nodes.UNSUCCESSFUL or node["type"] not in _EXECUTED:
        return False
    tried = graph.parent(node) if nodes.is_retried(node) else node
    return tried is not None and not graph.has_success_below(tried, ignored)


def _kept(name: str, known: dict[str, Node], plan: _Plan, now: float) -> dict[str, Node]:
    kept = {}
    for key, node in known.items():
        if key in plan.gone or (node["name"].startswith(f"{name}.onExit") and key not in plan.reset):
            continue
        if key in plan.reset:
            _reset(node, now)
        for links in ("children", "outboundNodes"):
            left = [other for other in node.pop(links, None) or () if other not in plan.gone]
            if left:
                node[links] = left
        kept[key] = node
    return kept


def _reset(node: Node, now: float) -> None:
    if node["type"] == "Suspend":
        for row in (node.get("outputs") or {}).get("parameters") or ():
            name = row["name"]
            row.clear()
            row.update(name=name, valueFrom={"supplied": {}})
    if node["phase"] != "Skipped":
        node["phase"] = "Running"
    node.pop("message", None)
    node.update(startedAt=rfc3339(now), finishedAt=None)
