"""Reads archives as Argo does, trusting none: it looks whether a file is one, and what a single entry becomes."""

from __future__ import annotations

import gzip
import os
import posixpath
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.packing import illegal_link

_BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)
_GZIP_HEADER = 10
_DIRECTORY_MODE = 0o755
_ZIPPED_FILE_MODE = 0o666
_ZIPPED_DIRECTORY_MODE = 0o777


def is_tarball(path: Path) -> bool:
    """Tell whether a file is a tar archive in gzip with at least one entry, whatever its name."""
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            return archive.next() is not None
    except (*_BROKEN, OSError):
        return False


def unpack(artifact: Mapping[str, Any], source: Path, target: Path) -> None:
    """Put a fetched artifact in its place, unpacked as its ``archive`` says; without one a tarball is recognized.

    Where an archive holds exactly one file or directory, the target is that.

    :param source: is moved or removed.
    :param target: does not exist yet.
    :raises ArtifactError: if it cannot be unpacked, or tries to leave its place.
    """
    archive = artifact.get("archive") or {}
    extract: Callable[[Path, Path], None] | None = None
    if archive.get("none") is not None or source.is_dir():
        extract = None
    elif archive.get("tar") is not None:
        extract = _untar
    elif archive.get("zip") is not None:
        extract = _unzip
    elif is_tarball(source):
        extract = _untar
    if extract is None:
        source.rename(target)
        return
    inside = target.with_name(f"{target.name}.unpacked")
    inside.mkdir()
    extract(source, inside)
    source.unlink()
    entries = list(inside.iterdir())
    if len(entries) == 1:
        entries[0].rename(target)
        inside.rmdir()
    else:
        inside.rename(target)


def _untar(source: Path, target: Path) -> None:
    try:
        with gzip.open(source) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
            for entry in archive:
                _extract(archive, entry, target)
    except gzip.BadGzipFile:
        size = source.stat().st_size
        raise ArtifactError("gzip: invalid header" if size >= _GZIP_HEADER else "unexpected EOF") from None
    except EOFError:
        raise ArtifactError("unexpected EOF") from None
    except (tarfile.TarError, zlib.error) as error:
        raise ArtifactError(f"archive/tar: invalid tar header: {error}") from None


def _extract(archive: tarfile.TarFile, entry: tarfile.TarInfo, target: Path) -> None:
    name = posixpath.normpath(entry.name.lstrip("/") or ".")
    _check(name, entry.name)
    path = target / name
    if entry.issym():
        reason = illegal_link(name, entry.linkname)
        if reason:
            raise ArtifactError(reason)
        _parent(path, target, entry.name)
        path.symlink_to(entry.linkname)
    elif entry.isdir():
        if name != ".":
            _parent(path / "any", target, entry.name)
    elif entry.isreg():
        _parent(path, target, entry.name)
        content = archive.extractfile(entry)
        if content is not None:
            _write(content, path, entry.mode & 0o777)
            os.utime(path, (entry.mtime, entry.mtime))
    # What else a tar can hold (hard links, devices) Argo passes over.


def _unzip(source: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist():
                name = posixpath.normpath(entry.filename.lstrip("/") or ".")
                _check(name, entry.filename)
                path = target / name
                if entry.is_dir():
                    path.mkdir(_ZIPPED_DIRECTORY_MODE, parents=True, exist_ok=True)
                    continue
                _parent(path, target, entry.filename)
                with archive.open(entry) as content:
                    _write(content, path, (entry.external_attr >> 16) & 0o777 or _ZIPPED_FILE_MODE)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, zlib.error):
        raise ArtifactError("zip: not a valid zip file") from None


def _check(name: str, original: str) -> None:
    if name == ".." or name.startswith("../") or "\x00" in name:
        raise ArtifactError(f"illegal file path: {original}")


def _parent(path: Path, target: Path, original: str) -> None:
    """Make the directory that a path lies in, unless a link on the way leads out of the target."""
    real, base = os.path.realpath(path.parent), os.path.realpath(target)
    if real != base and not real.startswith(f"{base}/"):
        raise ArtifactError(f"illegal file path after symlink resolution: {original} resolves outside destination")
    try:
        path.parent.mkdir(_DIRECTORY_MODE, parents=True, exist_ok=True)
    except FileExistsError as error:
        raise ArtifactError(f"{original}: not a directory") from error


def _write(content: IO[bytes], path: Path, mode: int) -> None:
    if path.is_symlink():
        path.unlink()
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(mode)
