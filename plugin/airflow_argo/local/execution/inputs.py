"""Puts a worker's input artifacts where its template wants them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import Any

from airflow_argo.local.artifacts import web
from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.artifacts.unpacking import unpack
from airflow_argo.local.engine.artifacts import has_location, is_complete, key_of, kind_of
from airflow_argo.local.execution.artifact_paths import clean_path
from airflow_argo.local.execution.outputs import reason_of
from airflow_argo.local.execution.paths import Layout, absolute

RAW_MODE = 0o666
"""Of a raw artifact without a ``mode``; seen on v4.1.2."""

_EMPTY_MODE = 0o777


def input_artifacts(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The artifacts that a template's worker finds."""
    return list((template.get("inputs") or {}).get("artifacts") or ())


def load_inputs(template: Mapping[str, Any], layouts: Sequence[Layout], store: ArtifactStore, staging: Path) -> None:
    """Fetch, unpack and place them. It may take long: a thread's work.

    :param layouts: of the containers that get them: each its own copy, but in a volume that they share.
    :param staging: a directory for what is on its way; made and removed.
    :raises ArtifactError: if one is not there and not optional, or cannot be had.
    """
    staging.mkdir()
    ready: list[tuple[str, Path]] = []
    for number, artifact in enumerate(input_artifacts(template)):
        content = staging / str(number)
        if _load(artifact, store, content):
            ready.append((absolute(clean_path(artifact)), content))
    # What lies inside another one has to come after it.
    for path, content in sorted(ready, key=lambda pair: pair[0].count("/")):
        targets = list(dict.fromkeys(layout.on_host(path) for layout in layouts))
        roots = {root for layout in layouts for root in (layout.tmp, layout.root)}
        _place(content, path, targets, roots)
    shutil.rmtree(staging)


def _load(artifact: Mapping[str, Any], store: ArtifactStore, target: Path) -> bool:
    name = artifact["name"]
    if not has_location(artifact):
        if artifact.get("optional"):
            return False
        raise ArtifactError(f"required artifact '{name}' not supplied")
    clean_path(artifact)
    try:
        _get(artifact, store, target)
    except ArtifactNotFoundError as error:
        if not artifact.get("optional"):
            raise ArtifactError(f"artifact {name} failed to load: {error}") from error
        target.mkdir()  # Kubernetes makes it: the place is mounted, whether it has been filled or not.
        target.chmod(_EMPTY_MODE)
    except (OSError, ValueError) as error:
        raise ArtifactError(f"artifact {name} failed to load: {reason_of(error)}") from error
    return True


def _get(artifact: Mapping[str, Any], store: ArtifactStore, target: Path) -> None:
    fetched = target.with_name(f"{target.name}.tmp")
    try:
        _fetch(artifact, store, fetched)
    except ArtifactNotFoundError:
        raise
    except ArtifactError as error:
        raise ArtifactError(f"artifact {artifact['name']} failed to load: {error}") from error
    unpack(artifact, fetched, target)
    mode = artifact.get("mode")
    if mode is not None:
        _set_mode(target, int(mode), recurse=bool(artifact.get("recurseMode")))


def _fetch(artifact: Mapping[str, Any], store: ArtifactStore, target: Path) -> None:
    kind = kind_of(artifact)
    if kind == "raw":
        target.write_bytes(str(artifact["raw"].get("data") or "").encode(errors="surrogatepass"))
        target.chmod(RAW_MODE)
    elif kind == "http":
        web.fetch(artifact["http"], target)
    elif is_complete(artifact):
        raise ArtifactError(f"{kind} artifacts are not supported by the embedded Argo Server, but by a key alone")
    else:
        store.get(key_of(artifact), target)


def _set_mode(path: Path, mode: int, *, recurse: bool) -> None:
    if path.is_symlink():
        return
    if recurse and path.is_dir():
        for child in path.iterdir():
            _set_mode(child, mode, recurse=True)
    path.chmod(mode)


def _place(content: Path, path: str, targets: Sequence[str], roots: Container[str]) -> None:
    try:
        for target in targets[1:]:
            copy = content.with_name(f"{content.name}.copy")
            _copy(content, copy)
            _put(copy, Path(target), is_root=target in roots)
        _put(content, Path(targets[0]), is_root=targets[0] in roots)
    except OSError as error:
        raise ArtifactError(f"failed to place an artifact at {path}: {reason_of(error)}") from error


def _copy(content: Path, copy: Path) -> None:
    if content.is_dir() and not content.is_symlink():
        shutil.copytree(content, copy, symlinks=True)
    else:
        shutil.copy2(content, copy, follow_symlinks=False)


def _put(content: Path, target: Path, *, is_root: bool) -> None:
    if not (is_root and content.is_dir()):
        _move(content, target)
        return
    for child in content.iterdir():
        _move(child, target / child.name)


def _move(content: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir() and not target.is_symlink():
        shutil.rmtree(target)
    if target.is_dir() or not content.is_dir():
        target.unlink(missing_ok=True)
    try:
        os.rename(content, target)  # noqa: PTH104
    except OSError:  # A volume may lie on another file system.
        shutil.move(content, target)
