"""The workflows that have not ended: what happens reaches their executions, and what those want reaches the workers."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from airflow_argo.local.departures import Departures
from airflow_argo.local.endings import fail
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.engine.messages import (
    Event,
    LocksGranted,
    PodEvent,
    PodFinished,
    StartPod,
    Step,
    Tick,
)
from airflow_argo.local.execution.pod import Pod, PodKey
from airflow_argo.local.lock_watch import LockWatch
from airflow_argo.local.workers import Workers

log = logging.getLogger(__name__)

_SECONDS_A_TURN = 0.02


class Execution(Protocol):
    """One workflow's way from its first step to its end; see ``engine/messages.py``."""

    def start(self, now: float) -> Step:
        """Begin, or go on with what the workflow's status says."""

    def handle(self, event: Event, now: float) -> Step:
        """What the event leads to."""

    def go_on(self, now: float) -> Step:
        """What is left of a step that was unfinished."""


class Turn:
    """How long the executions may keep the event loop, so that the server stays answering."""

    def __init__(self) -> None:
        self._end = 0.0

    def begin(self) -> None:
        """Let the time begin."""
        self._end = time.monotonic() + _SECONDS_A_TURN

    def has_time(self) -> bool:
        """Whether it is not over."""
        return time.monotonic() < self._end


class Keeper(Protocol):
    """Who stores the workflows: the controller."""

    def put(self, workflow: dict[str, Any], changed: Iterable[str] = ()) -> None:
        """Store a workflow of which these nodes have changed."""

    def ends(self, workflow: dict[str, Any]) -> None:
        """Prepare for the last ``put`` of a workflow."""

    def ended(self, workflow: dict[str, Any]) -> None:
        """See to what comes after its end."""


@dataclass(slots=True)
class _Run:
    """A workflow that has not ended. Its dict is the truth while it is here; the store follows."""

    workflow: dict[str, Any]
    execution: Execution
    hear: Callable[[PodEvent], None]
    steps: deque[Callable[[], Step]] = field(default_factory=deque)
    pods: set[str] = field(default_factory=set)
    timer: asyncio.TimerHandle | None = None
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def uid(self) -> str:
        return str(self.workflow["metadata"]["uid"])


class Running:
    """Runs workflows, all in one event loop.

    :param execute: makes the execution of a workflow.
    :param clock: seconds since the epoch.
    :param turn: which the executions ask whether they have time.
    """

    def __init__(
        self,
        keeper: Keeper,
        workers: Workers,
        execute: Callable[[dict[str, Any]], Execution],
        clock: Callable[[], float],
        locks: LockManager,
        turn: Turn,
    ) -> None:
        self.departures = Departures()
        self._keeper = keeper
        self._workers = workers
        self._execute = execute
        self._clock = clock
        self._locks = LockWatch(locks, self._tell_of_locks)
        self._turn = turn
        self._runs: dict[str, _Run] = {}
        self._uids: dict[tuple[str, str], str] = {}
        self._ready: dict[str, None] = {}

    def get(self, uid: str) -> dict[str, Any] | None:
        """A running workflow by uid."""
        run = self._runs.get(uid)
        return None if run is None else run.workflow

    def find(self, namespace: str, name: str) -> dict[str, Any] | None:
        """A running workflow by name."""
        return self.get(self._uids.get((namespace, name), ""))

    def add(self, workflow: dict[str, Any], lost: Iterable[str] = ()) -> None:
        """Take up a workflow; it runs when it is told to ``begin``.

        :param lost: ids of the nodes whose pods are gone; told to the execution when it has begun.
        """
        metadata = workflow["metadata"]
        uid = metadata["uid"]
        self._runs[uid] = _Run(workflow, self._execute(workflow), self._listener(uid), pods=set(lost))
        self._uids[metadata["namespace"], metadata["name"]] = uid

    def begin(self, uid: str) -> None:
        """Let a workflow take its first step."""
        run = self._runs.get(uid)
        if run is not None:
            run.steps.append(lambda: run.execution.start(self._clock()))
            self._work_soon(run)

    async def first_step(self, uid: str) -> None:
        """Return when a workflow has taken its first step, or is gone."""
        run = self._runs.get(uid)
        if run is not None:
            await run.begun.wait()

    def tell(self, uid: str, event: Event) -> None:
        """Pass an event on; all that come before the loop turns are handled together."""
        run = self._runs.get(uid)
        if run is not None:
            run.steps.append(lambda: self._handled(run, event))
            self._work_soon(run)

    def stop_pods(self, uid: str) -> None:
        """Stop whatever a workflow has running, and wake it no more."""
        run = self._runs.get(uid)
        if run is not None:
            _cancel(run.timer)
            for node_id in run.pods:
                self._workers.stop(PodKey(uid, node_id))

    def drop(self, metadata: dict[str, Any]) -> None:
        """Let go of a workflow, and of the locks it has."""
        run = self._runs.pop(metadata["uid"], None)
        if run is not None:
            run.begun.set()
        self._uids.pop((metadata["namespace"], metadata["name"]), None)
        self._locks.release(f"{metadata['namespace']}/{metadata['name']}")

    def close(self) -> None:
        """Let go of all workflows."""
        self._locks.close()
        for run in self._runs.values():
            _cancel(run.timer)
            run.begun.set()
        self._runs.clear()

    # --- turns

    def _work_soon(self, run: _Run) -> None:
        if not self._ready:
            asyncio.get_running_loop().call_soon(self._work)
        self._ready[run.uid] = None

    def _work(self) -> None:
        """Let the workflows that have something to do go on, one after another, until the turn is over."""
        self._turn.begin()
        ready, self._ready = self._ready, {}
        advanced: list[_Run] = []
        for uid in ready:
            run = self._runs.get(uid)
            if run is None or not run.steps:
                continue
            if self._turn.has_time():
                self._advance(run)
                advanced.append(run)
            else:
                self._work_soon(run)
        # Behind those that had no turn: one that takes long would have each turn to itself.
        for run in advanced:
            if run.steps and run.uid in self._runs:
                self._work_soon(run)

    def _advance(self, run: _Run) -> None:
        changed: set[str] = set()
        wake_at: float | None = None
        finished = False
        try:
            for step in self._steps(run):
                changed |= step.changed
                wake_at, finished = step.wake_at, finished or step.finished
                self._carry_out(run, step)
        except Exception as error:  # A fault in the engine must end this workflow and no other.
            log.exception("workflow %s: the engine failed", run.workflow["metadata"]["name"])
            fail(run.workflow, error, self._clock())
            finished = True
        self._wake_later(run, None if finished else wake_at)
        if finished:
            self._keeper.ends(run.workflow)
        self._keeper.put(run.workflow, changed)
        run.begun.set()
        if finished:
            self._finish(run)
        self._locks.look()

    def _steps(self, run: _Run) -> Iterator[Step]:
        """Take the steps that there is time for, at least one."""
        while run.steps:
            step = run.steps.popleft()()
            if step.unfinished:
                run.steps.appendleft(lambda: run.execution.go_on(self._clock()))
            yield step
            if not self._turn.has_time():
                return

    def _handled(self, run: _Run, event: Event) -> Step:
        if isinstance(event, PodFinished):
            run.pods.discard(event.node_id)
        return run.execution.handle(event, self._clock())

    def _carry_out(self, run: _Run, step: Step) -> None:
        metadata = run.workflow["metadata"]
        for command in step.commands:
            if isinstance(command, StartPod):
                run.pods.add(command.node_id)
                self._workers.start(Pod(run.uid, metadata["name"], metadata["namespace"], command), run.hear)
            else:
                self._workers.stop(PodKey(run.uid, command.node_id))

    def _listener(self, uid: str) -> Callable[[PodEvent], None]:
        def hear(event: PodEvent) -> None:
            if not self.departures.takes(uid, event):
                self.tell(uid, event)

        return hear

    def _wake_later(self, run: _Run, wake_at: float | None) -> None:
        _cancel(run.timer)
        run.timer = None
        if wake_at is not None:
            delay = max(0.0, wake_at - self._clock())
            run.timer = asyncio.get_running_loop().call_later(delay, self.tell, run.uid, Tick())

    def _finish(self, run: _Run) -> None:
        self.stop_pods(run.uid)
        self.departures.expect(run.uid, run.pods)
        self.drop(run.workflow["metadata"])
        self._keeper.ended(run.workflow)

    def _tell_of_locks(self, workflow: str) -> None:
        namespace, _, name = workflow.partition("/")
        uid = self._uids.get((namespace, name))
        if uid is not None:
            self.tell(uid, LocksGranted())


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
