"""What stands between a call and its execution: the locks of its template, and what a cache remembers of it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.calls import Call, Failure, Job, create_node
from airflow_argo.local.engine.locks import Waiting
from airflow_argo.local.engine.memoization import recall, status_of
from airflow_argo.local.engine.merging import template_type
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.times import epoch, seconds_of

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run
    from airflow_argo.local.engine.synchronization import Synchronization

_TYPES = {"steps": "Steps", "dag": "DAG", "suspend": "Suspend", "http": "HTTP", "plugin": "Plugin"}


def node_type(template: dict[str, Any]) -> str:
    """Name the type of the node that a template gets before it is executed."""
    return "Retry" if template.get("retryStrategy") is not None else _TYPES.get(template_type(template), "Pod")


@dataclass(slots=True)
class _Reentry:
    """A call that has been given its locks when the workflow's ``parallelism`` leaves no room for it."""

    call: Call
    boundary: str = ""

    @property
    def alive(self) -> bool:
        return self.call.alive

    def path(self) -> tuple[int, ...]:
        return self.call.path()

    def admitted(self) -> None:
        self.call.admitted()


class Gate:
    """Lets calls through when they have their locks."""

    def __init__(self, run: Run, synchronization: Synchronization) -> None:
        self._run = run
        self._synchronization = synchronization
        self.waiting: dict[str, Call] = {}

    def enter(self, call: Call, job: Job) -> bool:
        """Tell whether a call may be executed now; else it waits, or its node has ended by a hit of its cache.

        :raises ExpressionError: if the locks or the cache cannot be had at all.
        """
        node = call.node
        fresh = node is None or nodes.is_waiting(node)
        wanted = job.template.get("synchronization")
        if wanted:
            node_id = self._run.tree.id_of(job.name)
            waiting = self._synchronization.request(wanted, node_id)
            if waiting is not None:
                self._wait(call, job, waiting)
                return False
            self.waiting.pop(node_id, None)
            if node is not None and nodes.is_waiting(node):
                self._run.tree.set_waiting(node, "")
                self._run.tree.set_phase(node, node["phase"], "")
        return not (fresh and job.template.get("memoize")) or not self._recall(call, job)

    def recall_again(self, node: Node, template: dict[str, Any]) -> None:
        """Let a Retry node under a lock find what its own attempt has just left in the cache, as Argo's does."""
        if template.get("memoize") and template.get("synchronization"):
            with contextlib.suppress(ExpressionError):
                found = recall(self._run.cache, template["memoize"], self._run.now)
                node["memoizationStatus"] = status_of(template, hit=found.hit)

    def leave(self, call: Call) -> None:
        """Give back the locks of a call that has ended."""
        node_id = self._run.tree.id_of(call.spec.name)
        self.waiting.pop(node_id, None)
        self._synchronization.release(node_id)

    def wake(self) -> bool:
        """Let the calls go on that have got their locks meanwhile; tell whether there were any."""
        granted = self._synchronization.take_granted()
        for node_id in granted:
            call = self.waiting.get(node_id)
            if call is not None:
                self._let_in(node_id, call)
        return bool(granted)

    def _let_in(self, node_id: str, call: Call) -> None:
        limits = self._run.limits
        if not call.alive:
            self._synchronization.release(node_id)
        elif limits.has_failed_fast(call.boundary) or not limits.admit(_Reentry(call)):
            self._synchronization.give_back(node_id)
        else:
            self._run.post(call, call.admitted)

    def fail(self, node_id: str, message: str) -> None:
        """End a call that waits."""
        call = self.waiting.pop(node_id, None)
        if call is not None and call.node is not None:
            self._run.tree.set_phase(call.node, "Failed", message)
            call.body_ended(None)

    def _wait(self, call: Call, job: Job, waiting: Waiting) -> None:
        known = call.node
        node = known or create_node(self._run, job, node_type(job.template), "Pending")
        self._run.tree.set_waiting(node, str(waiting.lock))
        self._run.tree.set_phase(node, node["phase"], waiting.message)
        if node["id"] not in self.waiting:
            self.waiting[node["id"]] = call
            for field in ("timeout", "pendingTimeout"):
                if job.template.get(field):
                    limit = epoch(node["startedAt"]) + seconds_of(str(job.template[field]))
                    self._run.at(limit, call, partial(self._time_out, node["id"]))
        if known is None:
            call.body_changed()

    def _time_out(self, node_id: str) -> None:
        call = self.waiting.pop(node_id, None)
        if call is not None and call.node is not None:
            self._run.tree.set_phase(call.node, "Failed", "timeout")
            call.body_ended(Failure("timeout", "timeout"))

    def _recall(self, call: Call, job: Job) -> bool:
        found = recall(self._run.cache, job.template["memoize"], self._run.now)
        node = call.node or create_node(self._run, job, node_type(job.template), "Pending")
        node["memoizationStatus"] = status_of(job.template, hit=found.hit)
        self._run.tree.touch(node)
        if not found.hit:
            return False
        if found.outputs is not None:
            node["outputs"] = found.outputs
        self._run.tree.set_phase(node, "Succeeded")
        call.body_changed()
        call.body_ended(None)
        return True
