"""One pod's life: waiting, starting, running, ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted
from airflow_argo.local.execution.artifact_outputs import Leavings, has_outputs, save_outputs
from airflow_argo.local.execution.aside import Aside
from airflow_argo.local.execution.inputs import input_artifacts, load_inputs
from airflow_argo.local.execution.launcher import Launcher
from airflow_argo.local.execution.logs import LogFile, Logs
from airflow_argo.local.execution.outputs import as_text, read_parameters, reason_of
from airflow_argo.local.execution.pod import Pod, Tell
from airflow_argo.local.execution.preparation import Preparation, Surroundings, prepare
from airflow_argo.local.execution.streams import Result, Stream

# What Argo gives the background processes of a worker that has ended to finish their output.
OUTPUT_GRACE = 0.1


@dataclass(frozen=True)
class Workshop:
    """What pods are run with.

    :param artifacts: where artifacts are kept.
    :param threads: where they are loaded and stored.
    :param discard: removes a directory some time.
    :param grace_seconds: from SIGTERM to SIGKILL.
    """

    launcher: Launcher
    logs: Logs
    surroundings: Surroundings
    artifacts: ArtifactStore
    threads: Executor
    discard: Callable[[Path], None]
    grace_seconds: float


class PodRun:
    """One pod, from the moment it is asked for. The launcher tells it how its worker fares.

    :param ended: called once, before the outcome is told.
    """

    def __init__(self, pod: Pod, tell: Tell, ended: Callable[[PodRun], None]) -> None:
        self.pod = pod
        self._loop = asyncio.get_running_loop()
        self.settled: asyncio.Future[None] = self._loop.create_future()
        self._uid = uuid.uuid4().hex
        self._tell = tell
        self._ended = ended
        self._timers: list[asyncio.TimerHandle] = []
        self._workshop: Workshop | None = None
        self._aside: Aside | None = None
        self._is_loading = False
        self._collecting = False
        self._preparation: Preparation | None = None
        self._log: LogFile | None = None
        self._result: Result | None = None
        self._streams: list[Stream] = []
        self._pid: int | None = None
        self._exit_code: int | None = None
        self._stopping = False
        self._deadline_exceeded = False
        self._over = False
        if pod.command.deadline is not None:
            self._later(max(0.0, pod.command.deadline - time.time()), self._exceed_deadline)

    def launch(self, workshop: Workshop) -> None:
        """Start it, as soon as its input artifacts are there."""
        self._workshop = workshop
        self._aside = Aside(workshop.threads)
        template = self.pod.command.template
        try:
            preparation = self._preparation = prepare(self.pod, self._uid, workshop.surroundings)
            self._log = workshop.logs.create(self.pod.workflow_uid, self.pod.command.pod_name)
        except (ArgoError, ValueError, OSError) as error:
            self._not_set_up(error)
            return
        if input_artifacts(template):
            directory = preparation.directory
            load = partial(load_inputs, template, [directory.layout], workshop.artifacts, directory.path / "inputs")
            self._is_loading = True
            self._aside.do(load, lambda _: self._start(workshop), self._not_set_up)
        else:
            self._start(workshop)

    def _start(self, workshop: Workshop) -> None:
        if self._over or self._preparation is None or self._log is None:
            return
        self._is_loading = False
        try:
            stdout, stderr = self._open_streams(self._log)
        except OSError as error:
            self._not_set_up(error)
        else:
            workshop.launcher.start(self._uid, self._preparation.spec, stdout, stderr, self)

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
        elif self._pid is not None:
            self._terminate(self._workshop.grace_seconds)

    def abandon(self) -> None:
        """Kill it and tell nobody."""
        if not self._over:
            self._release()

    def running(self, pid: int) -> None:
        """Say that the worker runs."""
        self._pid = pid
        self._settle()
        self._tell(PodStarted(self.pod.command.node_id))
        if self._stopping and self._workshop is not None:
            self._terminate(self._workshop.grace_seconds)

    def not_started(self, reason: str, exit_code: int | None) -> None:
        """Say that there is no worker."""
        self._end(PodReport(exit_code=exit_code, error=reason, deadline_exceeded=self._deadline_exceeded))

    def exited(self, status: int) -> None:
        """Take the worker's end. Its background processes may hold the pipes: they get a moment."""
        self._exit_code = 128 - status if status < 0 else status
        for stream in self._streams:
            stream.drain()
        self._later(OUTPUT_GRACE, self._collect)
        self._stream_ended()

    def lost(self) -> None:
        """Say that nobody knows how the worker ends."""
        self._end(
            PodReport(exit_code=None, error="the process that starts workers died; the worker was killed with it")
        )

    def _open_streams(self, log: LogFile) -> tuple[int, int]:
        output = Stream(log.write, self._stream_ended)
        self._streams.append(output)
        if not self.pod.command.include_result:
            return output.share(), output.hand_over()
        result = self._result = Result()

        def write(data: bytes) -> None:
            log.write(data)
            result.write(data)

        captured = Stream(write, self._stream_ended)
        self._streams.append(captured)
        return captured.hand_over(), output.hand_over()

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
        layout, cwd = self._preparation.directory.layout, self._preparation.cwd_on_host
        parameters, unreadable = read_parameters(self.pod.command.template, layout, cwd)
        report = PodReport(
            exit_code=self._exit_code,
            parameters=parameters,
            unreadable=unreadable,
            result=None if self._result is None else as_text(self._result.value()),
            deadline_exceeded=self._deadline_exceeded,
        )
        if has_outputs(self.pod.command.template):
            self._store(report, self._preparation)
        else:
            self._end(report)

    def _store(self, report: PodReport, preparation: Preparation) -> None:
        workshop, aside, log = self._workshop, self._aside, self._log
        if workshop is None or aside is None or log is None:
            return
        directory = preparation.directory
        leavings = Leavings(directory.layout, preparation.cwd_on_host, {"main": log.path}, directory.path / "outputs")
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
        for stream in self._streams:
            stream.close()
        if self._workshop is None:
            return
        if self._pid is not None:
            self._workshop.launcher.end(self._uid)
        if self._log is not None:
            self._workshop.logs.close(self._log)
        if self._preparation is not None and self._aside is not None:
            self._aside.when_idle(partial(self._workshop.discard, self._preparation.directory.path))

    def _exceed_deadline(self) -> None:
        if self._exit_code is None and not self._stopping:
            self._deadline_exceeded = True
            self.stop()

    def _terminate(self, grace_seconds: float) -> None:
        self._signal(signal.SIGTERM)
        self._later(grace_seconds, lambda: self._signal(signal.SIGKILL))

    def _signal(self, number: signal.Signals) -> None:
        if self._pid is not None:
            # Nobody is left in the group, or (macOS) only those who are dead already.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, do))

    def _settle(self) -> None:
        if not self.settled.done():
            self.settled.set_result(None)
