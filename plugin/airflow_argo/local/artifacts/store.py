"""The artifact store: a directory in which each key is a file, as in a bucket."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError
from airflow_argo.local.artifacts.keys import key_at, path_of
from airflow_argo.local.engine.artifacts import joined

NO_SUCH_KEY = "The specified key does not exist."

# minio's client gives what it downloads this mode.
_LOADED_MODE = 0o600

# Beside the keys, where no key leads: "%" followed by a letter that is no digit of an escape.
_SCRATCH = "%new"


class ArtifactStore:
    """Keeps artifacts by key. Its files are its own: nothing in it is a link, and no link in it is followed.

    Called from several threads; what is written under a key appears there at once and whole.

    :param root: made when the first artifact is stored.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def put_file(self, source: Path, key: str) -> None:
        """Store a file.

        :raises ArtifactError: if it cannot be stored.
        """
        self._put(key, lambda new: shutil.copyfile(source, new, follow_symlinks=False))

    def put_stream(self, source: BinaryIO, key: str) -> None:
        """Store what can be read, to its end.

        :raises ArtifactError: if it cannot be stored.
        """

        def fill(new: Path) -> None:
            with new.open("wb") as file:
                shutil.copyfileobj(source, file)

        self._put(key, fill)

    def put_tree(self, source: Path, key: str) -> None:
        """Store each regular file of a directory under a key of its own; links and empty directories are left out.

        :raises ArtifactError: if one cannot be stored.
        """
        for at, directories, names in os.walk(source):
            directories.sort()
            for name in sorted(names):
                file = Path(at, name)
                if stat.S_ISREG(file.lstat().st_mode):
                    self.put_file(file, joined(key, file.relative_to(source).as_posix()))

    def get(self, key: str, target: Path) -> None:
        """Copy what is stored under a key: a file, or all that is stored below it as a directory.

        :param target: does not exist yet.
        :raises ArtifactNotFoundError: if there is nothing.
        :raises OSError: if it cannot be written.
        """
        found = self._existing(key)
        if not found.is_dir():
            _copy(found, target)
            return
        target.mkdir()
        for file in _files(found):
            copy = target / file.relative_to(found)
            copy.parent.mkdir(parents=True, exist_ok=True)
            _copy(file, copy)

    def open(self, key: str) -> BinaryIO:
        """Open what is stored under a key.

        :raises ArtifactNotFoundError: if there is nothing.
        :raises IsADirectoryError: if it is a directory.
        """
        return self._existing(key).open("rb")

    def is_directory(self, key: str) -> bool:
        """Tell whether there are keys below this one."""
        try:
            return self._existing(key).is_dir()
        except ArtifactNotFoundError:
            return False

    def keys_below(self, key: str) -> list[str]:
        """List all keys below a directory's, in the order of their names; none if there is nothing."""
        try:
            found = self._existing(key)
        except ArtifactNotFoundError:
            return []
        return sorted(key_at(path.relative_to(self._root).as_posix()) for path in _files(found))

    def all_keys(self) -> list[str]:
        """List all keys, in the order of their names."""
        scratch = self._root / _SCRATCH
        files = (path for path in _files(self._root) if path.parent != scratch)
        return sorted(key_at(path.relative_to(self._root).as_posix()) for path in files)

    def has_key(self, key: str) -> bool:
        """Tell whether something is stored under this very key."""
        found = self._found(key)
        return found is not None and found.is_file()

    def delete(self, key: str) -> None:
        """Remove what is stored under a key, and below it; nothing happens if there is nothing.

        :raises ArtifactError: if it cannot be removed.
        """
        try:
            found = self._existing(key)
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()
        except ArtifactNotFoundError:
            return
        except OSError as error:
            raise ArtifactError(f"failed to delete: key {key}: {_reason(error)}") from error
        self._remove_empty(found.parent)

    def _existing(self, key: str) -> Path:
        # To S3 "a/" is a key, and if there is none, all that is below "a".
        for candidate in dict.fromkeys((key, key.rstrip("/"))):
            path = self._found(candidate)
            if path is not None:
                return path
        raise ArtifactNotFoundError(NO_SUCH_KEY)

    def _found(self, key: str) -> Path | None:
        path = self._root / path_of(key)
        try:
            self._check(path.parent)
            mode = path.lstat().st_mode
        except (OSError, ValueError):
            return None
        return path if stat.S_ISREG(mode) or stat.S_ISDIR(mode) else None

    def _check(self, directory: Path) -> None:
        inside = directory.relative_to(self._root)
        if directory.resolve() != self._root.resolve() / inside:
            raise ValueError("a link in the artifact store leads elsewhere")

    def _put(self, key: str, fill: Callable[[Path], object]) -> None:
        try:
            target = self._root / path_of(key)
            descriptor, name = tempfile.mkstemp(dir=self._scratch())
            os.close(descriptor)
            new = Path(name)
            try:
                fill(new)
                target.parent.mkdir(parents=True, exist_ok=True)
                self._check(target.parent)
                new.replace(target)
            finally:
                new.unlink(missing_ok=True)
        except (OSError, ValueError) as error:
            raise ArtifactError(f"failed to put file: key {key}: {_reason(error)}") from error

    def _scratch(self) -> Path:
        scratch = self._root / _SCRATCH
        scratch.mkdir(parents=True, exist_ok=True)
        return scratch

    def _remove_empty(self, directory: Path) -> None:
        with contextlib.suppress(OSError):  # Up to the first that still holds something.
            while directory != self._root:
                directory.rmdir()
                directory = directory.parent


def _copy(source: Path, target: Path) -> None:
    shutil.copyfile(source, target, follow_symlinks=False)
    target.chmod(_LOADED_MODE)


def _files(directory: Path) -> Iterator[Path]:
    for at, _, names in os.walk(directory):
        for name in names:
            file = Path(at, name)
            if not file.is_symlink():
                yield file


def _reason(error: OSError | ValueError) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
