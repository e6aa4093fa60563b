"""Writes archives as Argo does: tar with gzip, or zip."""

from __future__ import annotations

import gzip
import os
import posixpath
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from airflow_argo.local.artifacts.errors import ArtifactError

_LEVEL = 6
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_TYPES: tuple[tuple[Callable[[int], bool], bytes], ...] = (
    (stat.S_ISREG, tarfile.REGTYPE),
    (stat.S_ISDIR, tarfile.DIRTYPE),
    (stat.S_ISLNK, tarfile.SYMTYPE),
    (stat.S_ISFIFO, tarfile.FIFOTYPE),
    (stat.S_ISCHR, tarfile.CHRTYPE),
    (stat.S_ISBLK, tarfile.BLKTYPE),
)


def strategy_of(artifact: Mapping[str, Any]) -> str:
    """Name how an artifact is packed: ``none``, ``tar`` or ``zip``; tar where it does not say."""
    archive = artifact.get("archive") or {}
    return next((kind for kind in ("none", "zip") if archive.get(kind) is not None), "tar")


def stored_name(artifact: Mapping[str, Any]) -> str:
    """Give the last part of the default key: the path's own name if it is not packed, else the artifact's."""
    strategy = strategy_of(artifact)
    if strategy == "none":
        return posixpath.basename(posixpath.normpath(str(artifact["path"]))) or "/"
    return f"{artifact['name']}.{'zip' if strategy == 'zip' else 'tgz'}"


def write_tgz(source: Path, name: str, target: Path) -> None:
    """Pack a file, or a directory with all that is in it, as ``name``; links stay links.

    The level of compression is always the usual one: Argo's executor ignores ``compressionLevel`` too.

    :raises ArtifactError: if there is something in it that tar does not know.
    """
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", _LEVEL, file, mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT) as archive,
    ):
        for path, at in walk(source, name):
            _add(archive, path, at)


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    found = path.lstat()
    kind = next((kind for is_kind, kind in _TYPES if is_kind(found.st_mode)), None)
    if kind is None:
        raise ArtifactError(f"archive/tar: sockets not supported: {name}")
    entry = tarfile.TarInfo(name)
    entry.type, entry.mode, entry.mtime = kind, stat.S_IMODE(found.st_mode), int(found.st_mtime)
    if kind == tarfile.SYMTYPE:
        entry.linkname = os.readlink(path)  # noqa: PTH115 - as it is written
    if kind != tarfile.REGTYPE:
        archive.addfile(entry)
        return
    with path.open("rb") as file:
        entry.size = os.fstat(file.fileno()).st_size
        archive.addfile(entry, file)


def write_zip(source: Path, name: str, target: Path) -> None:
    """Pack a file, or the files of a directory, as ``name``; of what is no regular file only the name is there."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, at in walk(source, name):
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                continue
            entry = zipfile.ZipInfo(at, _ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w", force_zip64=True) as stream:
                if stat.S_ISREG(mode):
                    stream.write(path.read_bytes())


def walk(source: Path, name: str) -> Iterator[tuple[Path, str]]:
    """List a path and, if it is a directory, all that is below it, each with its name in an archive; sorted.

    No link is followed.
    """
    yield source, name
    if source.is_dir() and not source.is_symlink():
        for child in sorted(source.iterdir(), key=lambda path: os.fsencode(path.name)):
            yield from walk(child, f"{name}/{child.name}")


def illegal_link(name: str, target: str) -> str:
    """Say why a link cannot be unpacked as ``name``: it leads out of what it came with; empty if it can."""
    lexical = target if target.startswith("/") else posixpath.join(posixpath.dirname(name), target)
    inside = posixpath.normpath(lexical)
    if target.startswith("/") or inside in (".", "..") or inside.startswith("../"):
        return f"illegal symlink target: {name} -> {target}"
    return ""


def check_links(source: Path, name: str) -> None:
    """Refuse a directory whose links lead out of it: unpacked elsewhere they would lead anywhere.

    :raises ArtifactError: naming the first.
    """
    for path, at in walk(source, name):
        if path.is_symlink():
            reason = illegal_link(at, os.readlink(path))  # noqa: PTH115
            if reason:
                raise ArtifactError(reason)
