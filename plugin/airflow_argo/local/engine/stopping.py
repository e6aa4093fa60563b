"""Stop, terminate and the workflow's deadline: what still runs is ended, exit handlers excepted."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.pods import OVERDUE
from airflow_argo.local.engine.tree import NodeTree, walk_up

if TYPE_CHECKING:
    from airflow_argo.local.engine.dag import DagBody
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
    if run.shutdown or run.is_overdue():
        for retry in list(run.retries):
            retry.notice()
    if run.shutdown:
        _end_dags(run)


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


def _end_dags(run: Run) -> None:
    open_dags = [dag for dag in run.dags if dag.alive]
    if open_dags:
        _shut_down_dags(run, min(open_dags, key=lambda dag: dag.depth))


def _shut_down_dags(run: Run, outermost: DagBody) -> None:
    """Fail the DAGs, after what waited for its turn has got it: it is seen to have failed as well."""
    if run.limits.wake():
        run.post(outermost, partial(_shut_down_dags, run, outermost))
        return
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
