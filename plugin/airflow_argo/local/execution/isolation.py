"""A private ``/tmp`` for each worker, by Linux namespaces and without root where the kernel allows it.

Used by the launcher, a process with a single thread and nothing else to do: it enters a new mount namespace, starts the
worker in it, and goes back. That costs a tenth of a millisecond, where a fork or ``unshare(1)`` would cost several.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

_NEW_MOUNTS = 0x00020000
_NEW_USER = 0x10000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000


class Isolation(Enum):
    """How workers are kept from seeing each other's files.

    ``PRIVATE_TMP``: each has a ``/tmp`` of its own. ``REWRITING``: only the declared paths are led to private places.
    """

    PRIVATE_TMP = "private-tmp"
    REWRITING = "rewriting"


class Namespaces:
    """The launcher's own mount namespace, from which each worker's is made.

    :raises OSError: if the kernel does not allow it; the process may then be half changed, so ask ``available`` first.
    """

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._unshare(_NEW_MOUNTS)
        except PermissionError:
            self._become_user_namespace()
        # Without this a worker's mounts would show up on the whole machine.
        self._mount("none", "/", _RECURSIVE | _PRIVATE)
        self._home = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)

    @contextlib.contextmanager
    def private_tmp(self, directory: str, visible: Sequence[str] = ()) -> Iterator[None]:
        """What is started inside sees the directory as ``/tmp``.

        :param visible: directories below ``/tmp`` that stay where they are.
        """
        self._unshare(_NEW_MOUNTS)
        try:
            for path in visible:
                place = directory + path.removeprefix("/tmp")  # noqa: S108
                os.makedirs(place, exist_ok=True)  # noqa: PTH103
                self._mount(path, place, _BIND | _RECURSIVE)
            self._mount(directory, "/tmp", _BIND | _RECURSIVE)  # noqa: S108
            yield
        finally:
            self._call("setns", self._home, _NEW_MOUNTS)

    def _become_user_namespace(self) -> None:
        # Mapped to itself, not to root: the launcher has all rights in its namespace, what it executes has none.
        user, group = os.geteuid(), os.getegid()
        self._unshare(_NEW_USER | _NEW_MOUNTS)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        Path("/proc/self/gid_map").write_text(f"{group} {group} 1")

    def _unshare(self, flags: int) -> None:
        self._call("unshare", flags)

    def _mount(self, source: str, target: str, flags: int) -> None:
        self._call("mount", os.fsencode(source), os.fsencode(target), None, ctypes.c_ulong(flags), None)

    def _call(self, name: str, *arguments: object) -> None:
        if getattr(self._libc, name)(*arguments) < 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{name}: {os.strerror(number)}")


def why_unavailable(directory: str) -> str:
    """Try it in a child process, with an empty directory: empty if the kernel allows it, else the reason."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, _try(directory).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as answer:
        reason = answer.read()
    _, status = os.waitpid(child, 0)
    return reason or ("" if status == 0 else f"the attempt ended with status {status}")


def _try(directory: str) -> str:
    try:
        wanted = Path(directory).stat()
        with Namespaces().private_tmp(directory):
            return "" if os.path.samestat(Path("/tmp").stat(), wanted) else "the mount has no effect"  # noqa: S108
    except (OSError, AttributeError) as error:  # AttributeError: a system whose C library has no unshare
        return str(error) or type(error).__name__
