"""Stores what a worker has left behind as output artifacts, and its logs; it trusts none of it."""

from __future__ import annotations

import posixpath
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from airflow_argo.local.artifacts import web
from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError
from airflow_argo.local.artifacts.packing import check_links, stored_name, strategy_of, write_tgz, write_zip
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.artifacts import is_complete, joined, key_of, kind_of
from airflow_argo.local.execution.artifact_paths import clean_path, is_mounted, missing
from airflow_argo.local.execution.outputs import UnreadableError, reason_of, resolved
from airflow_argo.local.execution.paths import Layout

# Where Argo's executor has what it is about to send, in its messages.
_STAGED = "/tmp/argo/outputs/artifacts"  # noqa: S108


@dataclass(frozen=True, slots=True)
class Leavings:
    """Where a worker's outputs are.

    :param cwd: the worker's working directory on this machine, where relative paths start.
    :param logs: of its containers, by name; a file may be missing if nothing was written.
    :param staging: a directory for archives on their way, made if needed.
    """

    layout: Layout
    cwd: str
    logs: Mapping[str, Path]
    staging: Path


def has_outputs(template: Mapping[str, Any]) -> bool:
    """Tell whether there is something to store when the worker has ended."""
    return bool(_declared(template) or _keeps_logs(template))


def save_outputs(
    template: Mapping[str, Any], leavings: Leavings, store: ArtifactStore
) -> tuple[list[dict[str, Any]], str]:
    """Store a worker's output artifacts, and its logs if they are kept. It may take long: a thread's work.

    :return: what is stored, each with its location, and why not all is; Argo stores what it can.
    """
    leavings.staging.mkdir(exist_ok=True)
    saved: list[dict[str, Any]] = []
    reasons = ""
    for number, artifact in enumerate(_declared(template)):
        try_to_save = partial(_save, artifact, template, leavings, store, leavings.staging / str(number))
        located, reason = _attempt(try_to_save, artifact)
        saved += [located] if located else []
        reasons += f"{reason}; " if reason else ""
    for name in leavings.logs if _keeps_logs(template) else ():
        located, reason = _attempt(partial(_save_log, name, template, leavings, store), {"name": f"{name}-logs"})
        saved += [located] if located else []
        reasons += reason
    return saved, reasons


def _attempt(save: Callable[[], dict[str, Any]], artifact: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str]:
    try:
        return save(), ""
    except ArtifactNotFoundError as error:
        return None, "" if artifact.get("optional") else str(error)
    except ArtifactError as error:
        return None, str(error)
    except (OSError, ValueError) as error:
        return None, f"artifact {artifact['name']} cannot be stored: {reason_of(error)}"


def _declared(template: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list((template.get("outputs") or {}).get("artifacts") or ())


def _location(template: Mapping[str, Any]) -> Mapping[str, Any]:
    return template.get("archiveLocation") or {}


def _keeps_logs(template: Mapping[str, Any]) -> bool:
    return bool(_location(template).get("archiveLogs"))


def _located(artifact: Mapping[str, Any], template: Mapping[str, Any], name: str) -> dict[str, Any]:
    if key_of(artifact):
        return dict(artifact)
    return {**artifact, "s3": {"key": joined(key_of(_location(template)), name)}}


def _save(
    artifact: Mapping[str, Any], template: Mapping[str, Any], leavings: Leavings, store: ArtifactStore, packed: Path
) -> dict[str, Any]:
    path = clean_path(artifact)
    mounted = is_mounted(template, path)
    source = _source(path, leavings)
    if source is None:
        raise ArtifactNotFoundError(missing(artifact, path, mounted=mounted))
    located = _located({**artifact, "path": path}, template, stored_name(artifact))
    # What the worker's container has packed is called after the path; a folder is unpacked as the artifact's name.
    name = posixpath.basename(path) or str(artifact["name"])
    in_zip = str(artifact["name"]) if source.is_dir() and not mounted else name
    _deliver(_packed(artifact, source, packed, in_zip if strategy_of(artifact) == "zip" else name), located, store)
    packed.unlink(missing_ok=True)
    return located


def _source(path: str, leavings: Leavings) -> Path | None:
    try:
        source = Path(resolved(path, leavings.layout, leavings.cwd))
        mode = source.lstat().st_mode
    except UnreadableError as error:
        raise ArtifactError(f"{path} {error}") from error
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ArtifactError(f"{path} is not a regular file or directory")
    return source


def _packed(artifact: Mapping[str, Any], source: Path, packed: Path, name: str) -> Path:
    strategy = strategy_of(artifact)
    if strategy == "tar":
        write_tgz(source, name, packed)
        return packed
    check_links(source, name)
    if strategy == "zip":
        write_zip(source, name, packed)
        return packed
    return source


def _deliver(content: Path, located: Mapping[str, Any], store: ArtifactStore) -> None:
    kind = kind_of(located)
    if kind == "raw":
        raise ArtifactError("Raw output artifacts unsupported")
    if kind == "http":
        _send(content, located)
    elif is_complete(located):
        raise ArtifactError(f"{kind} artifacts are not supported by the embedded Argo Server, but by a key alone")
    elif content.is_dir():
        store.put_tree(content, key_of(located))
    else:
        store.put_file(content, key_of(located))


def _send(content: Path, located: Mapping[str, Any]) -> None:
    if content.is_dir():
        reason = f"read {_STAGED}/{located['name']}: is a directory"
        raise ArtifactError(f'Put "{located["http"]["url"]}": {reason}')
    web.send(located["http"], content, f"{_STAGED}/{stored_name(located)}")


def _save_log(container: str, template: Mapping[str, Any], leavings: Leavings, store: ArtifactStore) -> dict[str, Any]:
    log, name = leavings.logs[container], f"{container}.log"
    if not log.exists():
        log = leavings.staging / name
        log.touch()
    located = _located({"name": f"{container}-logs"}, template, name)
    store.put_file(log, key_of(located))
    return located
