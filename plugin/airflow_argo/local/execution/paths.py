"""Where a worker's paths are on this machine. Pure: it knows the pod's directories, and looks at none of them.

A container has a file system of its own; a local worker shares this machine's. What it is known to write, the declared
output paths, must not meet the files of other workers, so those paths lead into the pod's private directories: ``/tmp``
by a mount where the kernel allows one, all others by rewriting them wherever the template mentions them literally.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TMP = "/tmp"  # noqa: S108 - the worker's
SAVED_PARAMETERS = "/var/run/argo/outputs/parameters"

# A path is mentioned where it does not go on: /tmp/out is neither in /tmp/output, /tmp/out.txt nor in /var/tmp/out,
# and what follows a shell variable or a format field ("$DIR/tmp/out", "${DIR}/tmp/out") is a path elsewhere.
_BEFORE = r"(?<![\w.~/})-])"
_AFTER = r"(?![\w-]|\.\w)"


def absolute(path: str) -> str:
    """Normalize a path as a container sees it: ``..`` at the root stays there, a relative path starts there."""
    return "/" + posixpath.normpath(f"/{path}").lstrip("/")


def below(path: str, directory: str) -> bool:
    """Whether a normalized path is the directory or lies in it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


@dataclass(frozen=True, slots=True)
class Layout:
    """The directories of one pod.

    :param root: plays the image's ``/``.
    :param tmp: plays ``/tmp``.
    :param private_tmp: ``tmp`` is mounted on ``/tmp``, so that the worker may call it by that name.
    :param volumes: the directories that are mounted, by the paths the template mounts them at.
    :param native: those of these paths that really are mounts. If there are any, ``root`` is the worker's ``/``.
    """

    root: str
    tmp: str
    private_tmp: bool
    volumes: Mapping[str, str] = field(default_factory=dict)
    native: frozenset[str] = frozenset()

    def volume_at(self, path: str) -> str | None:
        """The path of the volume that a normalized path lies in."""
        return max((at for at in self.volumes if below(path, at)), key=len, default=None)

    def is_native(self, path: str) -> bool:
        """Whether the worker finds its own file by this absolute, normalized path, and no other worker does."""
        at = self.volume_at(path)
        if at is not None:
            return at in self.native
        return (self.private_tmp and below(path, TMP)) or (bool(self.native) and path == "/")

    def is_bound(self, path: str) -> bool:
        """Whether a normalized path lies in a volume or in ``/tmp``."""
        return self.volume_at(path) is not None or below(path, TMP)

    def on_host(self, path: str) -> str:
        """Where the server finds what a worker calls by this absolute, normalized path."""
        at = self.volume_at(path)
        if at is not None:
            return (self.volumes[at] + path.removeprefix(at)).rstrip("/")
        if below(path, TMP):
            return (self.tmp + path.removeprefix(TMP)).rstrip("/")
        return (self.root + path).rstrip("/")

    def for_worker(self, path: str) -> str:
        """How the worker has to call it to get the private one."""
        return path if self.is_native(path) else self.on_host(path)

    def seen_by_server(self, path: str) -> str:
        """Where the server finds what the worker is told to call by this path."""
        return self.on_host(path) if self.is_native(path) else path


def working_directory(container: Mapping[str, Any], layout: Layout, is_directory: Callable[[str], bool]) -> str:
    """Where the worker starts: a directory of this machine if there is one of that name, else one in the pod's root."""
    path = absolute(container.get("workingDir") or "/")
    if path == "/" or below(path, TMP) or layout.volume_at(path) or not is_directory(path):
        return layout.for_worker(path)
    return path


def output_files(template: Mapping[str, Any]) -> dict[str, str]:
    """The output parameters that are read from a file: name → path as the template has it."""
    parameters = (template.get("outputs") or {}).get("parameters") or []
    files = {parameter["name"]: (parameter.get("valueFrom") or {}).get("path") for parameter in parameters}
    return {name: path for name, path in files.items() if path}


def declared_paths(template: Mapping[str, Any]) -> list[str]:
    """The absolute paths that a template says it reads or writes."""
    artifacts = [
        artifact.get("path")
        for direction in ("inputs", "outputs")
        for artifact in (template.get(direction) or {}).get("artifacts") or []
    ]
    paths = [path for path in [*output_files(template).values(), *artifacts] if path and path.startswith("/")]
    return sorted({absolute(path) for path in paths} - {"/", TMP})


def private_names(declared: Iterable[str], layout: Layout, exists: Callable[[str], bool]) -> dict[str, str]:
    """What has to be rewritten: a path as the template says it → as the worker must be told.

    The directory of a path is rewritten with it (``cd /mnt/out; echo 1 >total``), unless this machine has one of that
    name.
    """
    names = {at: layout.for_worker(at) for at in layout.volumes}
    for path in declared:
        parent = posixpath.dirname(path)
        taken = parent in ("/", TMP) or layout.volume_at(path) or (not below(parent, TMP) and exists(parent))
        for name in (path,) if taken else (path, parent):
            names[name] = layout.for_worker(name)
    return {name: private for name, private in names.items() if name != private}


def rewriter(names: Mapping[str, str]) -> Callable[[str], str]:
    """Give the function that replaces the paths wherever a text mentions them literally."""
    if not names:
        return str
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile(f"{_BEFORE}({'|'.join(map(re.escape, longest_first))}){_AFTER}")
    return lambda text: pattern.sub(lambda match: names[match[1]], text)


def unreadable_reason(path: str, reason: str) -> str:
    """Say that an output file cannot be read as Argo's executor does; seen on v4.1.2."""
    return f"open {SAVED_PARAMETERS}{absolute(path)}: {reason}"
