"""Ties the engine, the workers and the store together, as Argo's workflow controller does.

It decides nothing about a workflow: the engine does. Everything here happens in one event loop.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from airflow_argo.argo.status import is_finished
from airflow_argo.local.aftermath import Aftermath
from airflow_argo.local.archive import Archive
from airflow_argo.local.artifact_gc import Collector
from airflow_argo.local.departures import Departures
from airflow_argo.local.endings import keeps_claims, lost_pods
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.engine.messages import Event, PodFinished, PodReport
from airflow_argo.local.engine.synchronization import no_limit
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.names import generated
from airflow_argo.local.refusal import Refusal, already_exists, not_found
from airflow_argo.local.running import Execution, Running, Turn
from airflow_argo.local.store import NameTakenError, Store
from airflow_argo.local.watching import Journal
from airflow_argo.local.workers import Workers

# So that who watches sees the workflow before it has a phase, as on a cluster: the streams get their turns at the loop
# first. No time, as who creates a workflow waits for its first step.
_TURNS_OF_STREAMS = 10


class Controller:
    """Creates workflows, runs them, and answers what has become of them.

    :param execute: makes the execution of a workflow.
    :param clock: seconds since the epoch.
    :param collector: removes artifacts; without one they stay.
    :param locks: those of the executions.
    :param archive: keeps finished workflows; none by default.
    :param turn: which the executions ask whether they have time.
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
        turn: Turn | None = None,
    ) -> None:
        self.archive = archive or Archive(store, enabled=False)
        self.journal = Journal(store.version)
        self.closing = asyncio.Event()
        self._store = store
        self._workers = workers
        self._clock = clock
        self._running = Running(self, workers, execute, clock, locks or LockManager(no_limit), turn or Turn())
        self._aftermath = Aftermath(self, self.archive, collector, clock)

    @property
    def departures(self) -> Departures:
        """The pods of finished workflows that are still being stopped."""
        return self._running.departures

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
        running = self._running.find(namespace, real_name or "")
        workflow = running or self._store.workflow(namespace, real_name or "", nodes=nodes)
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
        return self._running.get(uid) or self._store.workflow_by_uid(uid, nodes=nodes)

    def workflows(self, namespace: str = "") -> Iterator[dict[str, Any]]:
        """All workflows in the order of their creation, finished ones without their nodes."""
        for stored in self._store.workflows(namespace):
            yield self._running.get(stored["metadata"]["uid"]) or stored

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
            self._running.add(workflow)
            self._begin_behind_streams(workflow["metadata"]["uid"], _TURNS_OF_STREAMS)
        return workflow

    def _begin_behind_streams(self, uid: str, turns: int) -> None:
        loop = asyncio.get_running_loop()
        if turns:
            loop.call_soon(self._begin_behind_streams, uid, turns - 1)
        else:
            self._running.begin(uid)

    async def first_step(self, workflow: dict[str, Any]) -> None:
        """Return when a workflow that was created has begun: whoever asks for it next sees its phase."""
        await self._running.first_step(workflow["metadata"]["uid"])

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
            asyncio.get_running_loop().call_later(after, self._running.tell, uid, event)
        else:
            self._running.tell(uid, event)

    def run_again(self, workflow: dict[str, Any], changed: Iterable[str], *, after: float) -> None:
        """Store a finished workflow that was made to go on, and let it go on.

        :param changed: ids of the nodes that are different or gone.
        :param after: seconds until it does.
        """
        uid = workflow["metadata"]["uid"]
        self._aftermath.give_back(uid)
        self._store.forget_launches(uid)
        self.put(workflow, changed, spec=True)
        self._running.add(workflow)
        asyncio.get_running_loop().call_later(after, self._running.begin, uid)

    def recover(self) -> None:
        """After a restart: go on with the workflows that were running. The pods that ran are lost."""
        for stored in self._store.workflows():
            if is_finished(stored):
                self._aftermath.go_on(stored)
        loop = asyncio.get_running_loop()
        for workflow in self._store.unfinished():
            uid = workflow["metadata"]["uid"]
            lost = lost_pods(workflow, self._store.launched(uid))
            self._running.add(workflow, lost)
            self._running.begin(uid)
            # Later: all executions must have begun, and taken their locks again, before one is told something.
            for node_id in lost:
                report = PodReport(exit_code=None, error="pod deleted")
                loop.call_soon(self._running.tell, uid, PodFinished(node_id, report))

    async def close(self) -> None:
        """End all streams and stop all workers; workflows that run now go on when their store is opened again."""
        self.closing.set()
        self._aftermath.cancel()
        self._running.close()
        await self._workers.close()
        await self._aftermath.close()

    # --- what the running ones want

    def ends(self, workflow: dict[str, Any]) -> None:
        """Give up the volumes of a workflow that is about to be stored as finished."""
        if not keeps_claims(workflow):
            self._delete_claims(workflow)

    def ended(self, workflow: dict[str, Any]) -> None:
        """Begin with what comes after a workflow's end."""
        self._store.forget_launches(workflow["metadata"]["uid"])
        self._aftermath.begin(workflow)

    def put(self, workflow: dict[str, Any], changed: Iterable[str] = (), *, spec: bool = False) -> None:
        """Store a workflow and tell those who watch.

        :param changed: ids of the nodes that differ.
        :param spec: whether the spec differs.
        """
        workflow["metadata"]["generation"] = workflow["metadata"].get("generation", 0) + 1
        self._store.save_workflow(workflow, changed, spec=spec)
        self.journal.record(workflow)

    def remove(self, workflow: dict[str, Any]) -> None:
        """Delete a workflow with all that belongs to it, and kill its pods."""
        metadata = workflow["metadata"]
        self._running.stop_pods(metadata["uid"])
        self._running.drop(metadata)
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
