"""Reads what a worker has left behind, trusting none of it."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from airflow_argo.local.execution.paths import (
    SAVED_PARAMETERS,
    Layout,
    absolute,
    below,
    output_files,
    unreadable_reason,
)

MAX_PARAMETER = 1024 * 1024
_MAX_LINKS = 40
_DIRECTORY, _MISSING = "is a directory", "no such file or directory"
_NOT_UTF_8 = dict.fromkeys(range(0xDC80, 0xDD00), "\ufffd")


class UnreadableError(Exception):
    """An output file that is not there, or that cannot be taken; the text is the reason."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Output parameters as they were found.

    :param values: by name.
    :param unreadable: by name, why there is none.
    :param not_copied: what the main container fails with as a file could not be copied, in Argo's words.
    """

    values: dict[str, str]
    unreadable: dict[str, str]
    not_copied: str = ""


def read_parameters(template: Mapping[str, Any], layout: Layout, cwd: str) -> Parameters:
    """Read a pod's output parameters after it has ended, whatever its exit code.

    :param cwd: the worker's working directory on this machine, where relative paths start.
    """
    found = Parameters({}, {})
    for name, path in output_files(template).items():
        data, reason = _data_or_reason(path, layout, cwd)
        if reason == _DIRECTORY and layout.volume_at(absolute(path)) is None:
            copy = f"{SAVED_PARAMETERS}/{path}"
            problem = f"failed to copy {path} to {copy}: write {copy}: copy_file_range: {_DIRECTORY}"
            found = replace(found, not_copied=found.not_copied or problem)
            reason = ""
        if reason:
            found.unreadable[name] = unreadable_reason(path, reason)
        else:
            found.values[name] = as_text(data.removesuffix(b"\n"))
    return found


def as_text(data: bytes) -> str:
    """Decode a worker's output as Go prints it: one U+FFFD for each byte that is no UTF-8."""
    return data.decode("utf-8", errors="surrogateescape").translate(_NOT_UTF_8)


def _data_or_reason(path: str, layout: Layout, cwd: str) -> tuple[bytes, str]:
    try:
        return _read(path, layout, cwd), ""
    except UnreadableError as error:
        return b"", str(error)
    except (OSError, ValueError) as error:
        return b"", reason_of(error)


def _read(path: str, layout: Layout, cwd: str) -> bytes:
    # The worker's processes are killed by now: nobody moves the files between the look and the read.
    descriptor = os.open(resolved(path, layout, cwd), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise UnreadableError(_DIRECTORY)
        if not stat.S_ISREG(mode):
            raise UnreadableError("is not a regular file")
        data = file.read(MAX_PARAMETER + 1)
    if len(data) > MAX_PARAMETER:
        raise UnreadableError(
            f"the value is larger than {MAX_PARAMETER} bytes; keep it in storage and output its address"
        )
    return data


def resolved(path: str, layout: Layout, cwd: str) -> str:
    """Follow a path and its links as the worker would, and never out of the pod's directories.

    :raises UnreadableError: if it leads there.
    """
    host = layout.on_host(absolute(path)) if path.startswith("/") else os.path.normpath(f"{cwd}/{path}")
    bases = (layout.tmp, layout.root, cwd, *layout.volumes.values())
    for _ in range(_MAX_LINKS):
        base = next((base for base in bases if below(host, base)), None)
        if base is None:
            leads = "leads out of the pod's directories" if os.path.lexists(host) else _MISSING
            raise UnreadableError(leads)
        link = _first_link(host, base)
        if link is None:
            return host
        target = os.readlink(link)  # noqa: PTH115 - plain text is what is compared here
        rest = host[len(link) :]
        if target.startswith("/"):
            target = _absolute_target(absolute(target), layout)
        else:
            target = f"{os.path.dirname(link)}/{target}"  # noqa: PTH120
        host = os.path.normpath(target + rest)
    raise UnreadableError(os.strerror(errno.ELOOP).lower())


def _absolute_target(target: str, layout: Layout) -> str:
    if layout.is_native(target):
        return layout.on_host(target)
    return target


def _first_link(path: str, base: str) -> str | None:
    at = base
    for part in path[len(base) :].split("/"):
        at = f"{at}/{part}" if part else at
        if os.path.islink(at):  # noqa: PTH114
            return at
    return None


def reason_of(error: OSError | ValueError) -> str:
    """Name a system error as Go does: ``no such file or directory``."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return str(error)
