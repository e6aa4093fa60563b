"""Stop, terminate and the workflow's deadline: what still runs is ended, exit handlers excepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.pods import OVERDUE
from airflow_argo.local.engine.tree import NodeTree, walk_up

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Frame, Run


def is_part_of_exit_handler(tree: NodeTree, node: Node) -> bool:
    """Tell whether a node belongs to an exit handler."""
    return walk_up(tree, node, lambda candidate: candidate["displayName"].endswith(".onExit"))


def arm_deadline(run: Run, frame: Frame) -> None:
    """Have the workflow's deadline noticed when it comes."""
    deadline = run.deadline
    if deadline is not None:
        run.at(deadline, frame, lambda: notice_changes(run))


def notice_changes(run: Run) -> None:
    """Apply a shutdown, a deadline that has passed, and what people have done to suspended nodes.

    It costs as much as there are pods and suspended nodes, so it is not done when a pod starts or ends.
    """
    for suspended in list(run.suspended.values()):
        suspended.look()
    if run.shutdown:
        _shut_down(run)
    if run.is_overdue():
        _end_overdue(run)


def _shut_down(run: Run) -> None:
    for pod in list(run.pods.values()):
        if pod.node["phase"] in nodes.ACTIVE and not run.may_execute(on_exit=pod.job.on_exit):
            pod.stop(f"workflow shutdown with strategy:  {run.shutdown}")
    for suspended in list(run.suspended.values()):
        if not run.may_execute(on_exit=is_part_of_exit_handler(run.tree, suspended.node)):
            suspended.fail(f"Stopped with strategy '{run.shutdown}'")
    for node in _waiting(run):
        if not run.may_execute(on_exit=is_part_of_exit_handler(run.tree, node)):
            run.gate.fail(node["id"], f"Stopped with strategy '{run.shutdown}'")
    for dag in sorted(run.dags, key=lambda dag: dag.depth, reverse=True):
        if dag.alive:
            run.post(dag, dag.shut_down)


def _end_overdue(run: Run) -> None:
    for pod in list(run.pods.values()):
        if pod.node["phase"] in nodes.ACTIVE and not pod.job.on_exit:
            pod.stop(OVERDUE)
    for suspended in list(run.suspended.values()):
        if not is_part_of_exit_handler(run.tree, suspended.node):
            suspended.fail(OVERDUE)
    for node in _waiting(run):
        if not is_part_of_exit_handler(run.tree, node):
            run.gate.fail(node["id"], OVERDUE)


def _waiting(run: Run) -> list[Node]:
    return [run.tree.nodes[node_id] for node_id in run.gate.waiting]
