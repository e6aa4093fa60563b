"""One pod's life: waiting, starting, running, ended."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.messages import (
    ContainerChanged,
    ContainerReport,
    PodFinished,
    PodReport,
    PodStarted,
)
from airflow_argo.local.execution.artifact_outputs import Leavings, has_outputs, save_outputs
from airflow_argo.local.execution.aside import Aside
from airflow_argo.local.execution.crew import Crew
from airflow_argo.local.execution.inputs import input_artifacts, load_inputs
from airflow_argo.local.execution.launcher import Launcher
from airflow_argo.local.execution.logs import MAIN, LogFile, Logs
from airflow_argo.local.execution.member import NOT_RUN, output_grace
from airflow_argo.local.execution.outputs import as_text, read_parameters, reason_of
from airflow_argo.local.execution.pod import Pod, Tell
from airflow_argo.local.execution.preparation import Preparation, Surroundings, prepare
from airflow_argo.local.execution.streams import Result, Stream, open_streams


class DiscardPod(Protocol):
    """Puts a pod's directory away."""

    def __call__(self, directory: Path, *, alone: bool) -> None:
        """Do it; if ``alone``, no process of the pod is left."""


@dataclass(frozen=True)
class Workshop:
    """What pods are run with.

    :param artifacts: where artifacts are kept.
    :param threads: where they are loaded and stored.
    :param discard: removes a pod's directory some time, or keeps it for another pod if nobody can be in it any more.
    :param grace_seconds: from SIGTERM to SIGKILL.
    """

    launcher: Launcher
    logs: Logs
    surroundings: Surroundings
    artifacts: ArtifactStore
    threads: Executor
    discard: DiscardPod
    grace_seconds: float


class PodRun:
    """One pod, from the moment it is asked for. The launcher tells it how its worker fares.

    Thousands may wait, so it is small until it is launched.

    :param ended: called once, before the outcome is told.
    """

    def __init__(self, pod: Pod, tell: Tell, ended: Callable[[PodRun], None]) -> None:
        self.pod = pod
        self._loop = asyncio.get_running_loop()
        self.settled: asyncio.Future[None] | None = None
        self._uid = ""
        self._tell = tell
        self._ended = ended
        self._timers: tuple[asyncio.TimerHandle, ...] = ()
        self._workshop: Workshop | None = None
        self._aside: Aside | None = None
        self._is_loading = False
        self._collecting = False
        self._preparation: Preparation | None = None
        self._logs: Sequence[LogFile] = ()
        self._crew: Crew | None = None
        self._result: Result | None = None
        self._streams: Sequence[Stream] = ()
        self._pid: int | None = None
        self._began = 0.0
        self._exit_code: int | None = None
        self._alone = False
        self._stopping = False
        self._deadline_exceeded = False
        self._over = False

    def launch(self, workshop: Workshop) -> None:
        """Start it, as soon as its input artifacts are there; it has ``settled`` when it runs, or never will."""
        self._uid = uuid.uuid4().hex
        self.settled = self._loop.create_future()
        self._workshop = workshop
        self._aside = Aside(workshop.threads)
        self._set_limits()
        template = self.pod.command.template
        try:
            preparation = self._preparation = prepare(self.pod, self._uid, workshop.surroundings)
        except (ArgoError, ValueError, OSError) as error:
            self._not_set_up(error)
            return
        if input_artifacts(template):
            load = partial(load_inputs, template, preparation.layouts, workshop.artifacts, preparation.path / "inputs")
            self._is_loading = True
            self._aside.do(load, lambda _: self._start(workshop, preparation), self._not_set_up)
        else:
            self._start(workshop, preparation)

    def _start(self, workshop: Workshop, preparation: Preparation) -> None:
        if self._over:
            return
        self._is_loading = False
        try:
            self._run(workshop, preparation)
        except (ArgoError, ValueError, OSError) as error:
            self._not_set_up(error)

    def _run(self, workshop: Workshop, preparation: Preparation) -> None:
        if self.pod.command.include_result:
            self._result = Result()
        names = [each.container.name for each in preparation.containers]
        workflow_uid, pod_name = self.pod.workflow_uid, self.pod.command.pod_name
        logs = {name: workshop.logs.create(workflow_uid, pod_name, name) for name in names}
        self._logs = tuple(logs.values())
        if not preparation.is_crew:
            write = self._logs[0].write
            self._streams, stdout, stderr = open_streams(write, self._result, self._stream_ended)
            workshop.launcher.start(self._uid, preparation.main.spec, stdout, stderr, self)
            return
        self._crew = Crew(
            preparation.containers,
            self._uid,
            workshop.launcher,
            logs,
            self,
            result=self._result,
            grace_seconds=workshop.grace_seconds,
        )
        self._crew.start()
        self._settle()

    def _not_set_up(self, error: Exception) -> None:
        text = str(error)
        if isinstance(error, ArtifactError):
            text = f"init: Error (exit code 64): {error}"
        elif isinstance(error, OSError):
            text = f"the pod cannot be set up: {reason_of(error)} ({error.filename})"
        self._end(PodReport(exit_code=None, error=text, deadline_exceeded=self._deadline_exceeded))

    def stop(self) -> None:
        """Send SIGTERM, and SIGKILL after the grace period; if it does not run yet, it never will."""
        if self._stopping or self._over:
            return
        self._stopping = True
        if self._workshop is None or self._is_loading:
            self._end(PodReport(exit_code=None, deadline_exceeded=self._deadline_exceeded))
        elif self._pid is not None or self._crew is not None:
            self._terminate(self._workshop.grace_seconds)

    def abandon(self) -> None:
        """Kill it and tell nobody."""
        if not self._over:
            self._release()

    def running(self, pid: int) -> None:
        """Say that the worker runs."""
        self._pid = pid
        self._began = self._loop.time()
        self._settle()
        self._tell(PodStarted(self.pod.command.node_id))
        if self._stopping and self._workshop is not None:
            self._terminate(self._workshop.grace_seconds)

    def not_started(self, reason: str, exit_code: int | None) -> None:
        """Say that there is no worker."""
        self._end(PodReport(exit_code=exit_code, error=reason, deadline_exceeded=self._deadline_exceeded))

    def exited(self, status: int, *, alone: bool) -> None:
        """Take the worker's end. Its background processes may hold the pipes: they get a moment."""
        self._exit_code = 128 - status if status < 0 else status
        self._alone = alone
        for stream in self._streams:
            stream.drain()
        self._stream_ended()
        if not (self._over or self._collecting):
            ran = self._loop.time() - self._began
            self._later(output_grace(ran, is_read=self._result is not None), self._collect)

    def lost(self) -> None:
        """Say that nobody knows how the worker ends."""
        self._end(
            PodReport(exit_code=None, error="the process that starts workers died; the worker was killed with it")
        )

    def crew_started(self) -> None:
        """Say that several containers run."""
        self._tell(PodStarted(self.pod.command.node_id))

    def container_changed(self, name: str, report: ContainerReport | None) -> None:
        """Pass on that one of them runs, or has ended; Kubernetes has given the pod up before it stops them."""
        if not self._deadline_exceeded:
            self._tell(ContainerChanged(self.pod.command.node_id, name, report))

    def crew_ended(self) -> None:
        """Take the end of all of them."""
        self._collect()

    def _stream_ended(self) -> None:
        if self._exit_code is not None and all(stream.closed for stream in self._streams):
            self._collect()

    def _collect(self) -> None:
        """Kill what is left, so that nobody changes the files while they are read; then take the outputs."""
        if self._over or self._collecting or self._preparation is None:
            return
        self._collecting = True
        self._signal(signal.SIGKILL)
        for stream in self._streams:
            stream.drain()
        main = self._preparation.main
        found = read_parameters(self.pod.command.template, main.directory.layout, main.cwd_on_host)
        containers = self._crew.reports() if self._crew is not None else {}
        exit_code = containers[MAIN].exit_code if MAIN in containers else self._exit_code
        if found.not_copied and exit_code is not None:
            exit_code = NOT_RUN
            if MAIN in containers:
                containers = {**containers, MAIN: ContainerReport(exit_code, found.not_copied)}
        report = PodReport(
            exit_code=exit_code,
            error=found.not_copied,
            parameters=found.values,
            unreadable=found.unreadable,
            result=None if self._result is None else as_text(self._result.value()),
            deadline_exceeded=self._deadline_exceeded,
            containers=containers,
        )
        if has_outputs(self.pod.command.template):
            self._store(report, self._preparation)
        else:
            self._end(report)

    def _store(self, report: PodReport, preparation: Preparation) -> None:
        workshop, aside, main = self._workshop, self._aside, preparation.main
        if workshop is None or aside is None:
            return
        path = partial(workshop.logs.path, self.pod.workflow_uid, self.pod.command.pod_name)
        logs = {each.container.name: path(each.container.name) for each in preparation.mains}
        leavings = Leavings(main.directory.layout, main.cwd_on_host, logs, preparation.path / "outputs")
        aside.do(
            partial(save_outputs, self.pod.command.template, leavings, workshop.artifacts),
            lambda saved: self._end(replace(report, artifacts=saved[0], artifact_error=saved[1])),
            lambda error: self._end(replace(report, artifact_error=f"{type(error).__name__}: {error}")),
        )

    def _end(self, report: PodReport) -> None:
        if self._over:
            return
        self._release()
        self._ended(self)
        self._tell(PodFinished(self.pod.command.node_id, report))

    def _release(self) -> None:
        self._over = True
        self._settle()
        for timer in self._timers:
            timer.cancel()
        self._signal(signal.SIGKILL)
        if self._crew is not None:
            self._crew.release()
        for stream in self._streams:
            stream.close()
        self._streams = ()  # They point here: nothing is to wait for the garbage collector.
        if self._workshop is None:
            return
        if self._pid is not None and not self._alone:
            self._workshop.launcher.end(self._uid)
        for log in self._logs:
            self._workshop.logs.close(log)
        if self._preparation is not None and self._aside is not None:
            self._aside.when_idle(partial(self._workshop.discard, self._preparation.path, alone=self._alone))

    def _set_limits(self) -> None:
        """Let the time count that Kubernetes gives the pod: from now on, however long it has waited."""
        deadline, active_seconds = self.pod.command.deadline, self.pod.command.active_seconds
        left = math.inf if deadline is None else max(0.0, deadline - time.time())
        if active_seconds is not None and active_seconds < left + 1:  # Kubernetes counts whole seconds, rounded down.
            self._later(min(active_seconds, left), lambda: self._exceed_deadline(is_pods=True))
        elif deadline is not None:
            self._later(left, lambda: self._exceed_deadline(is_pods=False))

    def _exceed_deadline(self, *, is_pods: bool) -> None:
        if self._exit_code is None and not self._stopping:
            self._deadline_exceeded = is_pods
            self.stop()

    def _terminate(self, grace_seconds: float) -> None:
        if self._crew is not None:
            self._crew.terminate()
        else:
            self._signal(signal.SIGTERM)
        self._later(grace_seconds, lambda: self._signal(signal.SIGKILL))

    def _signal(self, number: signal.Signals) -> None:
        if self._crew is not None:
            self._crew.signal(number)
        elif self._pid is not None and not self._alone:
            # Nobody is left in the group, or (macOS) only those who are dead already.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers += (self._loop.call_later(seconds, do),)

    def _settle(self) -> None:
        if self.settled is not None and not self.settled.done():
            self.settled.set_result(None)
