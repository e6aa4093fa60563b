"""The pods' directories: made, and removed whatever a worker did in them."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path

from airflow_argo.local.execution.paths import TMP, Layout, below

_IN_EVERY_IMAGE = frozenset(map(Path, ("/home", "/media", "/mnt", "/opt", "/root", "/run", "/srv", "/var")))
_TMP_MODE = 0o1777
PREFIX = "argo-pods-"
"""What the directories of all servers' pods are called; their process' number follows."""
_SHELL_SAFE = re.compile(r"[\w./-]+", re.ASCII)


class PodDirectory:
    """One pod's: ``root`` plays the image's ``/``, ``tmp`` its ``/tmp``; beside them what the worker need not see."""

    def __init__(
        self,
        path: Path,
        *,
        private_tmp: bool,
        volumes: Mapping[str, str] | None = None,
        native: frozenset[str] = frozenset(),
    ) -> None:
        self.path = path
        self.script = path / "script"
        self.layout = Layout(str(path / "root"), str(path / "tmp"), private_tmp, volumes or {}, native)

    def make(self) -> None:
        """Make it, empty."""
        for directory in (self.path, self.layout.root, self.layout.tmp):
            os.mkdir(directory)  # noqa: PTH102 - quicker
        os.chmod(self.layout.tmp, _TMP_MODE)  # noqa: PTH101

    def make_parents(self, paths: list[str]) -> None:
        """Make the directories of rewritten paths whose directory an image, or this machine, would have."""
        for path in paths:
            parent = Path(path).parent
            if below(path, TMP) or self.layout.volume_at(path):
                continue
            if parent in _IN_EVERY_IMAGE or parent.is_dir():
                Path(self.layout.on_host(str(parent))).mkdir(parents=True, exist_ok=True)


class Spares:
    """Directories that pods have left as they were made: making one takes longer than all else about a start.

    :param model: a directory of this process's own making.
    """

    def __init__(self, model: Path) -> None:
        mode = model.lstat().st_mode
        self._modes = {"root": mode, "tmp": stat.S_IFDIR | _TMP_MODE}
        self._paths: list[Path] = []

    def take(self) -> Path | None:
        """Give one away, if there is one."""
        return self._paths.pop() if self._paths else None

    def keep(self, path: Path) -> bool:
        """Take the directory of a pod that has no process any more; says whether it is as it was made."""
        try:
            if not self._is_as_made(str(path)):
                return False
        except OSError:
            return False
        self._paths.append(path)
        return True

    def _is_as_made(self, path: str) -> bool:
        names = os.listdir(path)  # noqa: PTH208 - quicker
        if "script" in names:
            os.unlink(f"{path}/script")  # noqa: PTH108
            names.remove("script")
        return len(names) == len(self._modes) and all(
            os.lstat(f"{path}/{name}").st_mode == mode and not os.listdir(f"{path}/{name}")  # noqa: PTH208
            for name, mode in self._modes.items()
        )


def make_base(root: Path) -> Path:
    """Make the directory of all pods of this process, and remove those that killed servers have left.

    It is below the root, unless workers could not see it there (their ``/tmp`` is another one) or a shell could not
    take its name without quotes, which rewritten paths do not get.
    """
    parent = _parent_of_bases(root)
    parent.mkdir(parents=True, exist_ok=True)
    remove_left(root)
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=parent))


def remove_left(root: Path) -> None:
    """Remove what the pods of killed servers have left."""
    for left in _parent_of_bases(root).glob(f"{PREFIX}*"):
        if not is_alive(left.name):
            remove(left)


def _parent_of_bases(root: Path) -> Path:
    parent = root.resolve() / "pods"
    if below(str(parent), TMP) or not _SHELL_SAFE.fullmatch(str(parent)):
        return Path("/var/tmp") if Path("/var/tmp").is_dir() else Path(tempfile.gettempdir()).resolve()  # noqa: S108
    return parent


def remove(directory: Path) -> None:
    """Remove a directory, with what a worker made unwritable in it; what cannot be removed stays."""
    if _remove_empty(directory) or _mounts_below(directory):
        # Mounts there were never seen; deleting through a mount would delete the user's own files.
        return
    shutil.rmtree(directory, ignore_errors=True)
    if directory.exists():
        for at, directories, _ in os.walk(directory):
            for name in directories:
                with contextlib.suppress(OSError):
                    os.chmod(f"{at}/{name}", 0o700, follow_symlinks=os.chmod not in os.supports_follow_symlinks)  # noqa: PTH101
        shutil.rmtree(directory, ignore_errors=True)


def _remove_empty(directory: Path) -> bool:
    """Try the quick way: most workers leave nothing but the directories themselves."""
    try:
        for name in ("root", "tmp"):
            (directory / name).rmdir()
        (directory / "script").unlink(missing_ok=True)
        directory.rmdir()
    except OSError:
        return False
    return True


def visible_below_tmp(paths: list[str]) -> list[str]:
    """Of the directories that the server stands on, give those that a private ``/tmp`` would hide."""
    candidates = sorted({os.path.realpath(path) for path in paths})
    hidden = [path for path in candidates if path != TMP and below(path, TMP)]
    return [path for path in hidden if not any(path != other and below(path, other) for other in hidden)]


def is_alive(name: str) -> bool:
    """Tell whether the server lives whose pods' directory has this name."""
    match = re.match(rf"{PREFIX}(\d+)-", name)
    if match is None:
        return True
    try:
        os.kill(int(match[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _mounts_below(directory: Path) -> bool:
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return False
    return any(below(line.split(" ", 5)[4], str(directory)) for line in mounts.splitlines())
