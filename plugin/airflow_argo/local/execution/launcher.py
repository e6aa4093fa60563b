"""The server's side of the launcher: starts it, sends it requests, hears how workers end."""

from __future__ import annotations

import array
import asyncio
import contextlib
import json
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import airflow_argo
from airflow_argo.argo.errors import NotSupportedError
from airflow_argo.local.execution.isolation import Isolation
from airflow_argo.local.execution.launcher_main import MAX_DESCRIPTORS

# Some interpreters do not start without them.
LIBRARY_PATHS = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

_MODULE = "airflow_argo.local.execution.launcher_main"


class Worker(Protocol):
    """Hears of one worker, in this order: it either runs and ends, or could not be started."""

    def running(self, pid: int) -> None:
        """It has been started, as the leader of a session and process group of its own."""

    def not_started(self, reason: str, exit_code: int | None) -> None:
        """It could not be started."""

    def exited(self, status: int, *, alone: bool) -> None:
        """Its main process has ended: with this exit code, or as minus the signal's number.

        :param alone: it has left no process behind, so that nothing has to be ended.
        """

    def lost(self) -> None:
        """The launcher has died: nobody knows how this worker ends."""


class Launcher:
    """Belongs to the event loop it was opened in."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket) -> None:
        self._process = process
        self._control = control
        self._loop = asyncio.get_running_loop()
        self._greeting: asyncio.Future[Isolation] = self._loop.create_future()
        self._received = b""
        self._outbox: deque[tuple[bytes, Sequence[int]]] = deque()
        self._batch: list[bytes] = []
        self._batched: list[int] = []
        self._workers: dict[str, Worker] = {}
        self._open = True
        self._loop.add_reader(control, self._readable)

    @classmethod
    async def open(cls, isolation: Isolation | None, empty_directory: Path) -> tuple[Launcher, Isolation]:
        """Start the launcher, and learn how it isolates workers.

        :param isolation: what is wanted; None for the best that this machine allows.
        :raises NotSupportedError: if this machine does not allow what is wanted.
        """
        launcher = cls(*_spawn(isolation, empty_directory))
        try:
            return launcher, await launcher._greeting
        except NotSupportedError:
            await launcher.close()
            raise

    @property
    def alive(self) -> bool:
        """Whether workers can be started."""
        return self._open

    def start(self, uid: str, spec: Mapping[str, Any], stdout: int, stderr: int, worker: Worker) -> None:
        """Start a worker; the descriptors are closed here.

        :param spec: ``argv``, ``environment`` and ``cwd``; ``tmp``, the directory that plays ``/tmp``, and ``visible``,
            the directories below ``/tmp`` that it must not hide.
        """
        self._workers[uid] = worker
        self._send(f"start {uid} {json.dumps(spec)}\n", (stdout, stderr))

    def end(self, uid: str) -> None:
        """Kill what a worker that has not ended alone has left behind outside of its process group."""
        self._send(f"end {uid}\n")

    async def close(self) -> None:
        """End the launcher, and with it all that was started by it."""
        self._workers.clear()
        self._hang_up()
        await self._loop.run_in_executor(None, self._process.wait)

    def _send(self, line: str, descriptors: Sequence[int] = ()) -> None:
        """Send a line in the loop's next turn, together with others: each message wakes the launcher."""
        if not self._batch:
            self._loop.call_soon(self._send_batch)
        self._batch.append(line.encode())
        self._batched.extend(descriptors)
        if len(self._batched) >= MAX_DESCRIPTORS - 1:
            self._close_batch()

    def _close_batch(self) -> None:
        if self._batch:
            self._outbox.append((b"".join(self._batch), tuple(self._batched)))
            self._batch.clear()
            self._batched.clear()

    def _send_batch(self) -> None:
        self._close_batch()
        self._flush()

    def _flush(self) -> None:
        while self._outbox and self._open:
            data, descriptors = self._outbox[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))] if descriptors else []
            try:
                sent = self._control.sendmsg([data], rights)
            except BlockingIOError:
                self._loop.add_writer(self._control, self._flush)
                return
            except OSError:
                self._died()
                return
            _close(descriptors)
            if sent < len(data):
                self._outbox[0] = (data[sent:], ())
            else:
                self._outbox.popleft()
        if self._open:
            self._loop.remove_writer(self._control)

    def _readable(self) -> None:
        try:
            data = self._control.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._died()
            return
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._hear(json.loads(line))

    def _hear(self, message: dict[str, Any]) -> None:
        if "isolation" in message:
            self._greeting.set_result(Isolation(message["isolation"]))
        elif "refused" in message:
            self._greeting.set_exception(_no_private_tmp(message["refused"]))
        elif worker := self._workers.get(message["uid"]):
            if "pid" in message:
                worker.running(message["pid"])
                return
            del self._workers[message["uid"]]
            if "exit" in message:
                worker.exited(message["exit"], alone=message["alone"])
            else:
                worker.not_started(message["error"], message["code"])

    def _died(self) -> None:
        self._hang_up()
        if not self._greeting.done():
            self._greeting.set_exception(
                NotSupportedError("the process that starts workers ended at once", hint="Look at the server's stderr.")
            )
        workers, self._workers = self._workers, {}
        for worker in workers.values():
            worker.lost()

    def _hang_up(self) -> None:
        if not self._open:
            return
        self._open = False
        self._loop.remove_reader(self._control)
        self._loop.remove_writer(self._control)
        # A forked child of the server may hold the socket too: a shutdown reaches the launcher all the same.
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        self._close_batch()
        for _, descriptors in self._outbox:
            _close(descriptors)
        self._outbox.clear()


def _no_private_tmp(reason: str) -> NotSupportedError:
    return NotSupportedError(
        f"this machine does not allow a private /tmp for each worker ({reason})",
        hint="Leave the isolation to be detected, or allow unprivileged user namespaces.",
    )


def _spawn(isolation: Isolation | None, empty_directory: Path) -> tuple[subprocess.Popen[bytes], socket.socket]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    wanted = isolation.value if isolation else ""
    libraries = {name: os.environ[name] for name in LIBRARY_PATHS if name in os.environ}
    with theirs:
        process = subprocess.Popen(
            # Without site-packages: it needs nothing from there, and starts in a third of the time.
            [sys.executable, "-S", "-X", "utf8", "-m", _MODULE, str(theirs.fileno()), wanted, str(empty_directory)],
            env={"PYTHONPATH": str(Path(airflow_argo.__file__).parents[1]), **libraries},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            cwd="/",
            start_new_session=True,  # a Ctrl-C in the server's terminal is the server's to handle
        )
    return process, ours


def _close(descriptors: Sequence[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
