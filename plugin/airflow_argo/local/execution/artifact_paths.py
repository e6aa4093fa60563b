"""The paths of artifacts: cleaned as Argo does, and refused if they try to leave their directory. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.packing import strategy_of
from airflow_argo.local.engine.artifacts import has_location
from airflow_argo.local.execution.paths import below

_STORED_BY_WORKER = "/var/run/argo/outputs/artifacts"
_WORKERS_FILES = "/mainctrfs"


def clean_path(artifact: Mapping[str, Any]) -> str:
    """Give an artifact's path without ``.``, ``..`` and needless slashes.

    A path that goes up has to end below where it turned: what a parameter adds to a path must not leave it.

    :raises ArtifactError: if there is none, or it does not.
    """
    name, path = artifact.get("name", ""), str(artifact.get("path") or "")
    if not path:
        raise ArtifactError(f"Artifact '{name}' did not specify a path")
    if "\x00" in path:
        raise ArtifactError(f"Artifact '{name}' has a path with a NUL character")
    cleaned = posixpath.normpath(path)
    cleaned = "/" + cleaned.lstrip("/") if cleaned.startswith("/") else cleaned
    turn = path.find("/../")
    safe = path[:turn] if turn >= 0 else path.removesuffix("/..") if path.endswith("/..") else ""
    if safe and not (cleaned.startswith(f"{safe}/") and len(cleaned) > len(safe) + 1):
        raise ArtifactError(
            f"Artifact '{name}' attempted to use a path containing '..'. Directory traversal is not permitted"
        )
    return cleaned


def is_mounted(template: Mapping[str, Any], path: str) -> bool:
    """Tell whether Argo's executor sees a path through a volume, or through the mount of an input artifact.

    What it does not see so, the worker's container has packed for it.
    """
    body = template.get("container") or template.get("script") or template.get("containerSet") or {}
    mounts = (posixpath.normpath(str(mount.get("mountPath") or "/")) for mount in body.get("volumeMounts") or ())
    if any(below(path, mount) for mount in mounts):
        return True
    for artifact in (template.get("inputs") or {}).get("artifacts") or ():
        given = str(artifact.get("path") or "")
        if path == given:
            return not (artifact.get("optional") and not has_location(artifact))
        if path.startswith(f"{given}/"):
            return True
    return False


def missing(artifact: Mapping[str, Any], path: str, *, mounted: bool) -> str:
    """Say that an output artifact is not there as Argo's executor does; seen on v4.1.2.

    :param mounted: see ``is_mounted``.
    """
    if not mounted:
        where = posixpath.normpath(f"{_STORED_BY_WORKER}/{path}")
        return f"open {where}.tgz: no such file or directory"
    if strategy_of(artifact) == "none":
        return f"{path} no such file or directory"
    return f"stat {posixpath.normpath(f'{_WORKERS_FILES}/{path}')}: no such file or directory"
