"""The shape of a DAG template, and what the phases of its parts make of the DAG's own phase."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_argo.argo.expressions import depends, expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.tree import NodeTree


class DagShape:
    """What depends on what in a DAG template, with its tags filled."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        dag = template["dag"]
        self.tasks: dict[str, dict[str, Any]] = {task["name"]: task for task in dag["tasks"]}
        continue_on = {name: task.get("continueOn") for name, task in self.tasks.items()}
        self.dependencies: dict[str, list[str]] = {}
        self.logic: dict[str, str] = {}
        for name, task in self.tasks.items():
            own, listed = task.get("depends") or "", task.get("dependencies") or ()
            self.dependencies[name] = depends.task_names(own, listed)
            self.logic[name] = depends.logic(own, listed, continue_on)
        self.targets = (dag.get("target") or "").split(" ") if dag.get("target") else self._leaves()
        self.reachable = self._reachable()

    def _leaves(self) -> list[str]:
        needed = {dependency for names in self.dependencies.values() for dependency in names}
        return sorted(name for name in self.tasks if name not in needed)

    def _reachable(self) -> list[str]:
        """List what the targets need, in the order in which Argo comes to it: down from each target."""
        found: set[str] = set()
        order: list[str] = []
        waiting = [(name, False) for name in reversed(self.targets) if name in self.tasks]
        while waiting:
            name, is_ready = waiting.pop()
            if is_ready:
                order.append(name)
            elif name not in found:
                found.add(name)
                waiting.append((name, True))
                waiting.extend((dependency, False) for dependency in reversed(self.dependencies[name]))
        return order

    def ancestors(self, name: str) -> set[str]:
        """Find all tasks that a task waits for, directly or not."""
        found: set[str] = set()
        waiting = list(self.dependencies[name])
        while waiting:
            ancestor = waiting.pop()
            if ancestor not in found:
                found.add(ancestor)
                waiting.extend(self.dependencies.get(ancestor, ()))
        return found

    def holds(self, name: str, node_of: Callable[[str], Node | None], tree: NodeTree) -> bool:
        """Evaluate what a task depends on, all of which has ended.

        :raises NodeError: if that cannot be evaluated.
        """
        logic = self.logic[name].replace("-", "_")
        if not logic:
            return True
        results: dict[str, dict[str, bool]] = {}
        for dependency in self.dependencies[name]:
            node = node_of(dependency)
            if node is not None:
                results.setdefault(dependency.replace("-", "_"), task_results(node, tree))
        try:
            return expr_lang.evaluate_bool(logic, results)
        except ExpressionError as error:
            raise NodeError(f"unable to evaluate expression '{logic}': {error}") from None


def task_results(node: Node, tree: NodeTree) -> dict[str, bool]:
    """List the results of a task that ``depends`` can ask for."""
    phase = node["phase"]
    children = [child["phase"] for child in tree.children(node)] if node["type"] == "TaskGroup" else []
    return {
        "Succeeded": phase == "Succeeded",
        "Failed": phase == "Failed",
        "Errored": phase == "Error",
        "Skipped": phase == "Skipped",
        "Omitted": phase == "Omitted",
        "Daemoned": bool(node.get("daemoned")) and phase != "Pending",
        "AnySucceeded": "Succeeded" in children,
        "AllFailed": bool(children) and all(child == "Failed" for child in children),
    }


def assess(
    tree: NodeTree,
    boundary: Node,
    targets: Mapping[str, Mapping[str, Any]],
    forgiven: Callable[[Mapping[str, Any], str], bool],
    *,
    fail_fast: bool,
) -> str:
    """Work out the phase of a DAG whose nodes have all ended.

    Only targets count; one that was omitted has the phase of its branch, where a failure outweighs a success.

    :param targets: the target tasks by the ids of their nodes, in the order in which they are judged.
    """
    branches = _branch_phases(tree, boundary, targets)
    if branches is None:
        return "Running"
    result = "Succeeded"
    for node_id, task in targets.items():
        phase = branches.get(node_id, "")
        if not phase:
            result = "Running"
            if not fail_fast:
                break
        elif phase in nodes.UNSUCCESSFUL and not forgiven(task, phase):
            result = phase
            if fail_fast:
                break
    return result


def _branch_phases(tree: NodeTree, boundary: Node, targets: Iterable[str]) -> dict[str, str] | None:
    wanted = set(targets)
    phases: dict[str, str] = {}
    queue = deque((child, "Succeeded") for child in boundary.get("children", ()))
    seen = set(queue)
    while queue:
        node_id, phase = queue.popleft()
        node = tree.nodes.get(node_id)
        if not nodes.is_fulfilled(node) or node is None:
            return None
        if node["phase"] in nodes.COMPLETED:
            phase = node["phase"]
        if node_id in wanted and phases.get(node_id) not in nodes.UNSUCCESSFUL:
            phases[node_id] = phase
        for follower in ((child, phase) for child in _followers(tree, node)):
            if follower not in seen:
                seen.add(follower)
                queue.append(follower)
    return phases


def _followers(tree: NodeTree, node: Node) -> list[str]:
    """List what comes after a node; of a Retry node only what hangs below its attempts, and its hooks."""
    below: list[str] = node.get("children", [])
    if node["type"] != "Retry":
        return below
    followers: list[str] = []
    for child in reversed(tree.children(node)):
        followers.extend([child["id"]] if nodes.is_hooked(child) else child.get("children", ()))
    return followers
