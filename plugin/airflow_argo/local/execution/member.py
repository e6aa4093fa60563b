"""One container among several of a pod: its attempts, its output, its end."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import signal
from collections.abc import Callable

from airflow_argo.local.engine.messages import ContainerReport
from airflow_argo.local.execution.launcher import Launcher
from airflow_argo.local.execution.logs import LogFile
from airflow_argo.local.execution.preparation import Prepared
from airflow_argo.local.execution.streams import Result, Stream, open_streams

# What Argo gives the background processes of a worker that has ended to finish their output, where it reads it itself.
_OUTPUT_GRACE = 0.1
# Argo's executor exits so when it could not run its container.
NOT_RUN = 64
_TERMINATED = 128 + signal.SIGTERM


def output_grace(seconds: float, *, is_read: bool) -> float:
    """Tell how long the background processes of a worker that has ended live on: Argo looks once a second.

    :param seconds: how long the worker ran.
    :param is_read: whether Argo itself reads the output.
    """
    return math.ceil(seconds) - seconds + (_OUTPUT_GRACE if is_read else 0.0)


class Member:
    """One container. The launcher tells it how its process fares.

    :param uid: the container's among all that the launcher has started.
    :param result: takes what it writes to standard output, if that is wanted.
    :param changed: called when it runs, and when it has ended.
    :param lost: called when the launcher has died.
    """

    def __init__(
        self,
        prepared: Prepared,
        uid: str,
        launcher: Launcher,
        log: LogFile,
        result: Result | None,
        changed: Callable[[Member], None],
        lost: Callable[[], None],
    ) -> None:
        self.container = prepared.container
        self.prepared = prepared
        self.uid = uid
        self.log = log
        self.report: ContainerReport | None = None
        # What those that depend on it get to see: Argo hands on the code of the first that failed.
        self.code_for_dependents = NOT_RUN
        self.is_started = False
        self._launcher = launcher
        self._result = result
        self._changed = changed
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._streams: list[Stream] = []
        self._pid: int | None = None
        self._status: int | None = None
        self._attempts = 0
        self._began = self._loop.time()
        self._stopping = False

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return self._pid is not None and self._status is None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.report is not None

    def start(self) -> None:
        """Run it for the first time; with no attempts at all it has succeeded, as in Argo."""
        self.is_started = True
        if self.container.attempts < 1:
            self.end(ContainerReport(0))
        else:
            self._attempt()

    def _attempt(self) -> None:
        if self.has_ended:
            return
        self._attempts += 1
        self._pid = self._status = None
        self._streams, stdout, stderr = open_streams(self.log.write, self._result, self._stream_ended)
        self._launcher.start(self.uid, self.prepared.spec, stdout, stderr, self)

    def running(self, pid: int) -> None:
        """Say that the process runs."""
        self._pid = pid
        self._began = self._loop.time()
        if self._stopping:
            self.signal(signal.SIGTERM)
        elif self._attempts == 1:
            self._changed(self)

    def not_started(self, reason: str, exit_code: int | None) -> None:
        """Say that there is no process."""
        self.end(ContainerReport(NOT_RUN if exit_code is None else exit_code, reason))

    def exited(self, status: int, *, alone: bool) -> None:
        """Take the process's end. Its background processes may hold the pipes: they get a moment."""
        self._status = 128 - status if status < 0 else status
        for stream in self._streams:
            stream.drain()
        self._stream_ended()
        if self._streams:
            grace = output_grace(self._loop.time() - self._began, is_read=self._result is not None)
            self._later(grace, self._attempt_ended)

    def lost(self) -> None:
        """Say that nobody knows how the process ends."""
        self._lost()

    def _stream_ended(self) -> None:
        if self._status is not None and all(stream.closed for stream in self._streams):
            self._attempt_ended()

    def _attempt_ended(self) -> None:
        status = self._status
        if status is None or self.has_ended or not self._streams:
            return
        self._clear_away()
        if status and self._attempts < self.container.attempts and not self._stopping:
            self._later(self.container.pause, self._attempt)
            return
        self.code_for_dependents = status
        self.end(ContainerReport(status))

    def _clear_away(self) -> None:
        """Kill what the process has left behind, and take the rest of its output."""
        self.signal(signal.SIGKILL)
        for stream in self._streams:
            stream.drain()
            stream.close()
        self._streams = []
        if self._pid is not None:
            self._launcher.end(self.uid)

    def depend_on_failed(self, name: str, code: int) -> None:
        """End without having run, as a dependency has failed."""
        self.code_for_dependents = code
        self.end(ContainerReport(NOT_RUN, f'dependency "{name}" exited with non-zero code: {code}'))

    def end(self, report: ContainerReport) -> None:
        """Have ended."""
        if self.has_ended:
            return
        self.report = report
        self.release()
        self._changed(self)

    def terminate(self) -> None:
        """Ask it to end; what does not run has ended."""
        if self.has_ended or self._stopping:
            return
        self._stopping = True
        if self.is_running:
            self.signal(signal.SIGTERM)
        elif not self.is_started or self._status is not None:
            self.end(ContainerReport(_TERMINATED))

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its processes."""
        if self._pid is not None:
            # Nobody is left in the group, or (macOS) only those who are dead already.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, number)

    def release(self) -> None:
        """Kill it and give back what it holds; tells nobody."""
        for timer in self._timers:
            timer.cancel()
        self._clear_away()

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, do))
