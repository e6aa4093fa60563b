"""Ties the engine, the workers and the store together, as Argo's workflow controller does.

It decides nothing about a workflow: the engine does. Everything here happens in one event loop.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_argo.local.aftermath import Aftermath
from airflow_argo.local.archive import Archive
from airflow_argo.local.artifact_gc import Collector
from airflow_argo.local.departures import Departures
from airflow_argo.local.endings import fail, keeps_claims, lost_pods
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.engine.messages import (
    Event,
    LocksGranted,
    PodEvent,
    PodFinished,
    PodReport,
    StartPod,
    Step,
    Tick,
)
from airflow_argo.local.engine.synchronization import no_limit
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.execution.pod import Pod, PodKey
from airflow_argo.local.lock_watch import LockWatch
from airflow_argo.local.names import generated
from airflow_argo.local.refusal import Refusal, already_exists, not_found
from airflow_argo.local.store import NameTakenError, Store, is_finished
from airflow_argo.local.watching import Journal
from airflow_argo.local.workers import Workers

log = logging.getLogger(__name__)

# So that who watches sees the workflow before it has a phase, as on a cluster.
_FIRST_STEP_AFTER = 0.01


class Execution(Protocol):
    """One workflow's way from its first step to its end; see ``engine/messages.py``."""

    def start(self, now: float) -> Step:
        """Begin, or go on with what the workflow's status says."""

    def handle(self, event: Event, now: float) -> Step:
        """What the event leads to."""


@dataclass(slots=True)
class _Run:
    """A workflow that has not ended. Its dict is the truth while it is here; the store follows."""

    workflow: dict[str, Any]
    execution: Execution
    pods: set[str] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None

    @property
    def uid(self) -> str:
        return str(self.workflow["metadata"]["uid"])


class Controller:
    """Creates workflows, runs them, and answers what has become of them.

    :param execute: makes the execution of a workflow.
    :param clock: seconds since the epoch.
    :param collector: removes artifacts; without one they stay.
    :param locks: those of the executions.
    :param archive: keeps finished workflows; none by default.
    """

    def __init__(
        self,
        store: Store,
        workers: Workers,
        execute: Callable[[dict[str, Any]], Execution],
        clock: Callable[[], float] = time.time,
        collector: Collector | None = None,
        locks: LockManager | None = None,
        archive: Archive | None = None,
    ) -> None:
        self.archive = archive or Archive(store, enabled=False)
        self.journal = Journal(store.version)
        self.closing = asyncio.Event()
        self._store = store
        self._workers = workers
        self._execute = execute
        self._clock = clock
        self._locks = LockWatch(locks or LockManager(no_limit), self._tell_of_locks)
        self._runs: dict[str, _Run] = {}
        self._uids: dict[tuple[str, str], str] = {}
        self._inbox: dict[str, list[Event]] = {}
        self._aftermath = Aftermath(self, self.archive, collector, clock)
        self.departures = Departures()

    # --- what is there

    @property
    def version(self) -> int:
        """The newest ``resourceVersion``."""
        return self._store.version

    def find(self, namespace: str, name: str, *, nodes: bool = True) -> dict[str, Any]:
        """A workflow by name; ``@latest`` is the newest of the namespace. Not to be changed by the caller.

        :param nodes: whether the nodes of a finished workflow are wanted; those of a running one are there anyway.
        :raises Refusal: HTTP 404.
        """
        real_name = self._store.latest_name(namespace) if name == "@latest" else name
        run = self._runs.get(self._uids.get((namespace, real_name or ""), ""))
        workflow = run.workflow if run else self._store.workflow(namespace, real_name or "", nodes=nodes)
        if workflow is None:
            raise not_found("workflows", name)
        return workflow

    def find_or_archived(self, namespace: str, name: str, uid: str = "", *, nodes: bool = True) -> dict[str, Any]:
        """A workflow by name, an archived one where there is no live one, or it has another uid.

        :raises Refusal: HTTP 404; without an archive 500 for another uid, as on v4.1.2.
        """
        try:
            live = self.find(namespace, name, nodes=nodes)
        except Refusal:
            archived = self.archive.find(uid) if uid else self.archive.find_by_name(namespace, name)
            if archived is None:
                raise
            return archived
        if not uid or uid == live["metadata"]["uid"]:
            return live
        archived = self.archive.find(uid)
        if archived is None:
            # The real server crashes in this request and answers so; a client has to read it as "not found".
            raise Refusal("INTERNAL", "runtime error: invalid memory address or nil pointer dereference")
        return archived

    def by_uid(self, uid: str, *, nodes: bool = True) -> dict[str, Any] | None:
        """A workflow by uid, or None if it is gone."""
        run = self._runs.get(uid)
        return run.workflow if run else self._store.workflow_by_uid(uid, nodes=nodes)

    def workflows(self, namespace: str = "") -> Iterator[dict[str, Any]]:
        """All workflows in the order of their creation, finished ones without their nodes."""
        for stored in self._store.workflows(namespace):
            run = self._runs.get(stored["metadata"]["uid"])
            yield run.workflow if run else stored

    # --- what is done

    def create(self, workflow: dict[str, Any]) -> dict[str, Any]:
        """Store an admitted workflow and run it; the answer is the workflow itself, before its first step.

        :raises Refusal: HTTP 409 if the name is taken.
        """
        self.new_identity(workflow)
        try:
            self._store.add_workflow(workflow)
        except NameTakenError as error:
            raise already_exists("workflows", workflow["metadata"]["name"]) from error
        self.journal.record(workflow)
        if not is_finished(workflow):
            self._add_run(workflow)
            asyncio.get_running_loop().call_later(_FIRST_STEP_AFTER, self._begin, workflow["metadata"]["uid"])
        return workflow

    def check_name(self, metadata: dict[str, Any]) -> None:
        """Refuse the name of a new workflow if it is taken (HTTP 409)."""
        if self._store.workflow(metadata["namespace"], metadata.get("name", ""), nodes=False):
            raise already_exists("workflows", metadata["name"])

    def new_identity(self, workflow: dict[str, Any]) -> None:
        """Give a workflow what Kubernetes gives a new object, in place: name, uid, time of creation, generation."""
        metadata = workflow["metadata"]
        if not metadata.get("name"):
            metadata["name"] = generated(metadata["generateName"])
        metadata["uid"] = str(uuid.uuid4())
        metadata["creationTimestamp"] = rfc3339(self._clock())
        metadata["generation"] = 1

    def delete(self, namespace: str, name: str) -> None:
        """Remove a workflow and kill its pods.

        :raises Refusal: HTTP 404.
        """
        self.remove(self.find(namespace, name))

    def save(
        self,
        workflow: dict[str, Any],
        event: Event,
        changed: Iterable[str] = (),
        *,
        spec: bool = False,
        after: float = 0,
    ) -> None:
        """Store what a person has changed in a workflow, and tell its execution.

        :param changed: ids of the nodes that differ.
        :param spec: whether the spec differs.
        :param after: seconds until the execution hears of it.
        """
        self.put(workflow, changed, spec=spec)
        uid = workflow["metadata"]["uid"]
        if after:
            asyncio.get_running_loop().call_later(after, self._tell, uid, event)
        else:
            self._tell(uid, event)

    def run_again(self, workflow: dict[str, Any], changed: Iterable[str], *, after: float) -> None:
        """Store a finished workflow that was made to go on, and let it go on.

        :param changed: ids of the nodes that are different or gone.
        :param after: seconds until it does.
        """
        uid = workflow["metadata"]["uid"]
        self._aftermath.give_back(uid)
        self._store.forget_launches(uid)
        self.put(workflow, changed, spec=True)
        self._add_run(workflow)
        asyncio.get_running_loop().call_later(after, self._begin, uid)

    def recover(self) -> None:
        """After a restart: go on with the workflows that were running. The pods that ran are lost."""
        for stored in self._store.workflows():
            if is_finished(stored):
                self._aftermath.go_on(stored)
        loop = asyncio.get_running_loop()
        lost = []
        for workflow in self._store.unfinished():
            uid = workflow["metadata"]["uid"]
            lost += [(uid, node_id) for node_id in lost_pods(workflow, self._store.launched(uid))]
            self._add_run(workflow)
            loop.call_soon(self._begin, uid)
        # Only now: an execution must have begun before it is told something.
        for uid, node_id in lost:
            self._runs[uid].pods.add(node_id)
            self._tell(uid, PodFinished(node_id, PodReport(exit_code=None, error="pod deleted")))

    async def close(self) -> None:
        """End all streams and stop all workers; workflows that run now go on when their store is opened again."""
        self.closing.set()
        self._locks.close()
        for run in self._runs.values():
            _cancel(run.timer)
        self._aftermath.cancel()
        self._runs.clear()
        await self._workers.close()
        await self._aftermath.close()

    # --- running

    def _add_run(self, workflow: dict[str, Any]) -> _Run:
        metadata = workflow["metadata"]
        run = _Run(workflow, self._execute(workflow))
        self._runs[metadata["uid"]] = run
        self._uids[metadata["namespace"], metadata["name"]] = metadata["uid"]
        return run

    def _begin(self, uid: str) -> None:
        run = self._runs.get(uid)
        if run is not None:
            self._advance(run, [lambda: run.execution.start(self._clock())])

    def _tell(self, uid: str, event: Event) -> None:
        """Note an event; all that come before the loop turns are handled together."""
        if not self._inbox:
            asyncio.get_running_loop().call_soon(self._handle_inbox)
        self._inbox.setdefault(uid, []).append(event)

    def _handle_inbox(self) -> None:
        inbox, self._inbox = self._inbox, {}
        for uid, events in inbox.items():
            run = self._runs.get(uid)
            if run is not None:
                self._advance(run, [self._step_of(run, event) for event in events])

    def _step_of(self, run: _Run, event: Event) -> Callable[[], Step]:
        def step() -> Step:
            if isinstance(event, PodFinished):
                run.pods.discard(event.node_id)
            return run.execution.handle(event, self._clock())

        return step

    def _advance(self, run: _Run, steps: list[Callable[[], Step]]) -> None:
        changed: set[str] = set()
        wake_at: float | None = None
        finished = False
        try:
            for make_step in steps:
                step = make_step()
                changed |= step.changed
                wake_at, finished = step.wake_at, finished or step.finished
                self._carry_out(run, step)
        except Exception as error:  # A fault in the engine must end this workflow and no other.
            log.exception("workflow %s: the engine failed", run.workflow["metadata"]["name"])
            fail(run.workflow, error, self._clock())
            finished = True
        self._wake_later(run, None if finished else wake_at)
        if finished and not keeps_claims(run.workflow):
            self._delete_claims(run.workflow)
        self.put(run.workflow, changed)
        if finished:
            self._finish(run)
        self._locks.look()

    def _tell_of_locks(self, workflow: str) -> None:
        namespace, _, name = workflow.partition("/")
        uid = self._uids.get((namespace, name))
        if uid is not None:
            self._tell(uid, LocksGranted())

    def _carry_out(self, run: _Run, step: Step) -> None:
        for command in step.commands:
            if isinstance(command, StartPod):
                run.pods.add(command.node_id)
                metadata = run.workflow["metadata"]
                pod = Pod(run.uid, metadata["name"], metadata["namespace"], command)
                self._workers.start(pod, self._listener(run.uid))
            else:
                self._workers.stop(PodKey(run.uid, command.node_id))

    def _listener(self, uid: str) -> Callable[[PodEvent], None]:
        def hear(event: PodEvent) -> None:
            if not self.departures.takes(uid, event):
                self._tell(uid, event)

        return hear

    def _wake_later(self, run: _Run, wake_at: float | None) -> None:
        _cancel(run.timer)
        run.timer = None
        if wake_at is not None:
            delay = max(0.0, wake_at - self._clock())
            run.timer = asyncio.get_running_loop().call_later(delay, self._tell, run.uid, Tick())

    def _stop_pods(self, run: _Run) -> None:
        for node_id in run.pods:
            self._workers.stop(PodKey(run.uid, node_id))

    def _finish(self, run: _Run) -> None:
        self._stop_pods(run)
        self.departures.expect(run.uid, run.pods)
        self._drop(run.workflow["metadata"])
        self._store.forget_launches(run.uid)
        self._aftermath.begin(run.workflow)

    def put(self, workflow: dict[str, Any], changed: Iterable[str] = (), *, spec: bool = False) -> None:
        """Store a workflow and tell those who watch.

        :param changed: ids of the nodes that differ.
        :param spec: whether the spec differs.
        """
        workflow["metadata"]["generation"] = workflow["metadata"].get("generation", 0) + 1
        self._store.save_workflow(workflow, changed, spec=spec)
        self.journal.record(workflow)

    def _drop(self, metadata: dict[str, Any]) -> None:
        self._runs.pop(metadata["uid"], None)
        self._uids.pop((metadata["namespace"], metadata["name"]), None)
        self._inbox.pop(metadata["uid"], None)
        self._locks.release(f"{metadata['namespace']}/{metadata['name']}")

    def remove(self, workflow: dict[str, Any]) -> None:
        """Delete a workflow with all that belongs to it, and kill its pods."""
        metadata = workflow["metadata"]
        run = self._runs.get(metadata["uid"])
        if run is not None:
            _cancel(run.timer)
            self._stop_pods(run)
        self._drop(metadata)
        self.departures.forget(metadata["uid"])
        self._workers.forget(metadata["uid"])
        self._delete_claims(workflow)
        self._aftermath.clear(workflow)
        self._store.delete_workflow(metadata)
        self.journal.record(workflow, deleted=True)

    def _delete_claims(self, workflow: dict[str, Any]) -> None:
        claimed = (workflow.get("status") or {}).pop("persistentVolumeClaims", None)
        if claimed:
            names = [volume["persistentVolumeClaim"]["claimName"] for volume in claimed]
            self._workers.delete_claims(workflow["metadata"]["namespace"], names)


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
