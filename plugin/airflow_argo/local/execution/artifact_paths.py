"""The paths of artifacts: cleaned as Argo does, and refused if they try to leave their directory. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any

from airflow_argo.local.artifacts.errors import ArtifactError

_STORED_BY_WORKER = "/var/run/argo/outputs/artifacts"


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


def missing(path: str) -> str:
    """Say that an output artifact is not there as Argo's executor does; seen on v4.1.2."""
    where = posixpath.normpath(f"{_STORED_BY_WORKER}/{path}")
    return f"open {where}.tgz: no such file or directory"
