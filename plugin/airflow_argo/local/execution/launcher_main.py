"""The launcher: a small process that starts the workers and tells how they end. Run by ``launcher.py``.

The server may be large and have many threads; this process is small and has one, so that it starts a worker quickly and
may change namespaces. It outlives the server for the moment it takes to kill the workers: however the server ends, its
end of the socket closes.
"""

from __future__ import annotations

import array
import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import stat
import sys
from pathlib import Path
from typing import Any

from airflow_argo.local.execution.isolation import Isolation, Namespaces, why_unavailable

# What Argo's executor exits with when it cannot start the program.
NOT_STARTED = 64

# So many come with one message.
MAX_DESCRIPTORS = 64

_SET_CHILD_SUBREAPER = 36
_OWNER = b"ARGO_POD_UID="
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)


class CannotStartError(Exception):
    """The program cannot be executed; the text is Argo's."""


class Launcher:
    """Serves one server over a socket, a line for each request.

    ``start UID JSON`` starts what the JSON describes; the worker's stdout and stderr come with the message.
    ``end UID`` kills whatever the worker has left running. The server need not send it for a worker that ended *alone*:
    none of its processes was there any more.
    """

    def __init__(self, control: socket.socket, namespaces: Namespaces | None) -> None:
        self._control = control
        self._namespaces = namespaces
        self._received = b""
        self._descriptors: list[int] = []
        self._running: dict[int, str] = {}
        self._not_ended: set[str] = set()
        self._answers: list[bytes] = []
        self._null = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def serve(self) -> None:
        """Work until the server closes its end; then leave no process behind."""
        woken, wake = os.pipe()
        os.set_blocking(woken, False)
        os.set_blocking(wake, False)
        # Handlers, not SIG_IGN, which the workers would inherit. What is meant to end the server does not end us before
        # it: we would not be there to kill its workers.
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        poll.register(woken, select.POLLIN)
        try:
            self._tell(isolation=(Isolation.PRIVATE_TMP if self._namespaces else Isolation.REWRITING).value)
            self._send_answers()
            while self._serve_once(poll, woken):
                self._send_answers()
        except ConnectionError:
            pass
        finally:
            self._kill_everything()

    def _serve_once(self, poll: select.poll, woken: int) -> bool:
        for descriptor, _ in poll.poll():
            if descriptor == woken:
                os.read(woken, 4096)
                self._reap()
            elif not self._receive():
                return False
        return True

    def _receive(self) -> bool:
        data, ancillary, _, _ = self._control.recvmsg(65536, socket.CMSG_SPACE(MAX_DESCRIPTORS * 4))
        for _level, _kind, payload in ancillary:
            descriptors = array.array("i", payload)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, False)
            self._descriptors.extend(descriptors)
        *lines, self._received = (self._received + data).split(b"\n")
        ended = False
        for line in lines:
            verb, uid, *spec = line.decode().split(" ", 2)
            if verb == "start":
                self._start(uid, json.loads(spec[0]))
            else:
                self._not_ended.discard(uid)
                ended = True
        if ended:
            self._kill(self._leftovers())
        return bool(data)

    def _start(self, uid: str, spec: dict[str, Any]) -> None:
        stdout, stderr = self._descriptors[:2]
        del self._descriptors[:2]
        try:
            with self._surroundings(spec):
                pid = _execute(spec, self._null, stdout, stderr)
        except CannotStartError as error:
            self._tell(uid=uid, error=str(error), code=NOT_STARTED)
        except (OSError, ValueError) as error:
            self._tell(uid=uid, error=str(error), code=None)
        else:
            self._running[pid] = uid
            self._not_ended.add(uid)
            self._tell(uid=uid, pid=pid)
        finally:
            os.close(stdout)
            os.close(stderr)

    def _surroundings(self, spec: dict[str, Any]) -> contextlib.AbstractContextManager[None]:
        if self._namespaces is None:
            return contextlib.nullcontext()
        if "root" in spec:
            return self._namespaces.own_root(spec["root"], spec["tmp"], spec["visible"], spec["mounts"])
        return self._namespaces.private_tmp(spec["tmp"], spec["visible"])

    def _reap(self) -> None:
        exits: dict[str, int] = {}
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                uid = self._running.pop(pid, None)
                if uid is not None:
                    exits[uid] = os.waitstatus_to_exitcode(status)
        leftovers = self._leftovers()
        # What a worker leaves running is our child as soon as the worker is dead.
        alone = leftovers is not None and not leftovers
        for uid, code in exits.items():
            if alone:
                self._not_ended.discard(uid)
            self._tell(uid=uid, exit=code, alone=alone)
        self._kill(leftovers)

    def _leftovers(self) -> set[int] | None:
        """What left its worker's process group (a daemon) and outlives it; None where the kernel does not tell.

        An orphan becomes our child. Those below it become so when it is dead: then we look again.
        """
        children = _children()
        return None if children is None else children - self._running.keys()

    def _kill(self, leftovers: set[int] | None) -> None:
        for pid in leftovers or ():
            owner = _owner(pid)
            if owner is not None and owner not in self._not_ended:
                _kill(pid)

    def _kill_everything(self) -> None:
        for pid in self._running:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        while children := _children():
            for pid in children:
                _kill(pid)
            os.waitpid(-1, 0)

    def _tell(self, **message: object) -> None:
        self._answers.append(json.dumps(message).encode() + b"\n")

    def _send_answers(self) -> None:
        """Send what came up meanwhile at once: each message wakes the server."""
        if self._answers:
            self._control.sendall(b"".join(self._answers))
            self._answers.clear()


def _execute(spec: dict[str, Any], stdin: int, stdout: int, stderr: int) -> int:
    argv, environment = spec["argv"], spec["environment"]
    try:
        os.chdir(spec["cwd"])
    except OSError as error:
        raise OSError(f"chdir to workingDir {spec['cwd']!r}: {error.strerror}") from error
    program = _look_up(argv[0], environment.get("PATH", ""))
    try:
        # Half the cost of subprocess.Popen. All other descriptors of ours are close-on-exec.
        return os.posix_spawn(
            program,
            [program, *argv[1:]],
            environment,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, descriptor, number) for number, descriptor in enumerate((stdin, stdout, stderr))
            ],
            setsid=True,
            setsigdef=_IGNORED_BY_PYTHON,
        )
    except OSError as error:
        raise CannotStartError(f"failed to start command: fork/exec {program}: {_reason(error)}") from error


def _look_up(name: str, search_path: str) -> str:
    """Find a program as Go's exec.LookPath does, and name the failure as it does."""
    if "/" in name:
        try:
            mode = os.stat(name).st_mode  # noqa: PTH116 - relative to the worker's directory, a plain text
        except OSError as error:
            raise CannotStartError(
                f'failed to find name in PATH: exec: "{name}": stat {name}: {_reason(error)}'
            ) from error
        if stat.S_ISDIR(mode) or not mode & 0o111:
            problem = "is a directory" if stat.S_ISDIR(mode) else "permission denied"
            raise CannotStartError(f'failed to find name in PATH: exec: "{name}": {problem}')
        return name
    for directory in search_path.split(":"):
        program = f"{directory or '.'}/{name}"
        if os.path.isfile(program) and os.access(program, os.X_OK):  # noqa: PTH113
            return program
    raise CannotStartError(f'failed to find name in PATH: exec: "{name}": executable file not found in $PATH')


def _reason(error: OSError) -> str:
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]


def _children() -> set[int] | None:
    """Our children, adopted ones too; None where the kernel does not list them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:  # noqa: PTH123 - quicker
            return set(map(int, file.read().split()))
    except FileNotFoundError:
        return None


def _owner(pid: int) -> str | None:
    """Tell whose process it is by the environment it was started with."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes()
    except (FileNotFoundError, PermissionError, ProcessLookupError):
        return None
    uid = next((entry for entry in environment.split(b"\0") if entry.startswith(_OWNER)), None)
    return None if uid is None else uid.removeprefix(_OWNER).decode(errors="replace")


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)


def _namespaces(wanted: str, empty_directory: str) -> tuple[Namespaces | None, str]:
    if wanted == Isolation.REWRITING.value:
        return None, ""
    reason = why_unavailable(empty_directory)
    return (None, reason) if reason else (Namespaces(), "")


def main() -> None:
    """Serve the socket whose number is the first argument; then come the wanted isolation and an empty directory."""
    control = socket.socket(fileno=int(sys.argv[1]))
    control.set_inheritable(False)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.umask(0o022)
    namespaces, reason = _namespaces(*sys.argv[2:4])
    if reason and sys.argv[2] == Isolation.PRIVATE_TMP.value:
        control.sendall(json.dumps({"refused": reason}).encode() + b"\n")
        return
    Launcher(control, namespaces).serve()


if __name__ == "__main__":
    main()
