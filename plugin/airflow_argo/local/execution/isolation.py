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
_READ_ONLY, _REMOUNT = 0x1, 0x20
# What a mount has and a remount must not take away: nosuid, nodev, noexec, noatime, nodiratime.
_KEPT = 0x2 | 0x4 | 0x8 | 0x400 | 0x800


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
            self._mount_tmp(directory, "/tmp", visible)  # noqa: S108
            yield
        finally:
            self._call("setns", self._home, _NEW_MOUNTS)

    @contextlib.contextmanager
    def own_root(
        self, root: str, tmp: str, visible: Sequence[str], mounts: Sequence[tuple[str, str, bool]]
    ) -> Iterator[None]:
        """What is started inside has a ``/`` of its own: this machine's, with volumes at paths it need not have.

        :param root: a directory of the worker's.
        :param mounts: source, path and whether it is read-only; outer paths first.
        """
        self._unshare(_NEW_MOUNTS)
        try:
            points = [(source, os.path.realpath(path), read_only) for source, path, read_only in mounts]
            places = [_missing_in(path) for _, path, _ in points]
            self._show("/", root)
            self._mount_tmp(tmp, f"{root}/tmp", visible)  # noqa: S108
            for number, directory in enumerate(sorted({place for place in places if place})):
                copy = f"{root}.{number}"
                os.makedirs(copy, exist_ok=True)  # noqa: PTH103
                self._show(directory, copy)
                self._mount(copy, root + directory, _BIND | _RECURSIVE)
            for source, path, read_only in points:
                self._mount_volume(source, root + path, read_only=read_only)
            os.chroot(root)
            os.chdir("/")
            yield
        finally:
            # Back in the home namespace the root is its root again.
            self._call("setns", self._home, _NEW_MOUNTS)

    def _mount_tmp(self, directory: str, at: str, visible: Sequence[str]) -> None:
        for path in visible:
            place = directory + path.removeprefix("/tmp")  # noqa: S108
            os.makedirs(place, exist_ok=True)  # noqa: PTH103
            self._mount(path, place, _BIND | _RECURSIVE)
        os.makedirs(at, exist_ok=True)  # noqa: PTH103
        self._mount(directory, at, _BIND | _RECURSIVE)

    def _mount_volume(self, source: str, at: str, *, read_only: bool) -> None:
        if os.path.isdir(source):  # noqa: PTH112
            os.makedirs(at, exist_ok=True)  # noqa: PTH103
        else:
            os.makedirs(os.path.dirname(at), exist_ok=True)  # noqa: PTH103, PTH120
            os.close(os.open(at, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
        self._mount(source, at, _BIND | _RECURSIVE)
        if read_only:
            self._mount("none", at, _REMOUNT | _BIND | _READ_ONLY | (os.statvfs(at).f_flag & _KEPT))

    def _show(self, directory: str, place: str) -> None:
        """Make a directory of ours look like another one: each entry is a mount, so that more can be added.

        It may have been used so before, by an earlier attempt.
        """
        with os.scandir(directory) as entries:
            for entry in entries:
                at = f"{place}/{entry.name}"
                if entry.path == "/tmp":  # noqa: S108
                    continue
                if entry.is_symlink():
                    with contextlib.suppress(FileExistsError):
                        os.symlink(os.readlink(entry.path), at)  # noqa: PTH115, PTH211
                elif entry.is_dir():
                    os.makedirs(at, exist_ok=True)  # noqa: PTH103
                    self._mount(entry.path, at, _BIND | _RECURSIVE)
                elif entry.is_file():
                    os.close(os.open(at, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
                    self._mount(entry.path, at, _BIND)

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


def _missing_in(path: str) -> str:
    """Tell which directory of this machine lacks a mount point; empty if none has to be made up for it."""
    directory = path
    while not os.path.isdir(directory):  # noqa: PTH112
        directory = os.path.dirname(directory)  # noqa: PTH120
    inside_tmp = path == "/tmp" or path.startswith("/tmp/")  # noqa: S108
    return "" if directory in (path, "/") or inside_tmp else directory


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
