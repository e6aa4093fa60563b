"""From a volume's definition and a container's mounts to directories of this machine. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.logs import safe_name
from airflow_argo.local.execution.paths import absolute, below

_SUPPORTED = ("emptyDir", "persistentVolumeClaim", "hostPath")


@dataclass(frozen=True, slots=True)
class Mount:
    """One directory of this machine where a container wants it.

    :param path: absolute and normalized.
    :param made: whether the directory is the server's own, to be made if it is not there.
    """

    source: str
    path: str
    read_only: bool
    made: bool


@dataclass(frozen=True, slots=True)
class VolumePlaces:
    """Where volumes are kept.

    :param pod: what ends with the pod.
    :param claims: the volume claims of the workflow's namespace.
    """

    pod: Path
    claims: Path

    def source_of(self, volume: Mapping[str, Any]) -> tuple[str, bool]:
        """Find a volume's directory, and tell whether it is the server's own.

        :raises ManifestError: for a kind of volume that there is not here.
        """
        name = str(volume.get("name", ""))
        if volume.get("persistentVolumeClaim"):
            return str(claim_directory(self.claims, volume["persistentVolumeClaim"]["claimName"])), True
        if volume.get("hostPath"):
            return absolute(volume["hostPath"]["path"]), False
        if volume.get("emptyDir") is not None or not any(key for key in volume if key != "name"):
            return str(self.pod / "volumes" / safe_name(name)), True
        raise ManifestError(unsupported_kind(volume), path=f"volume {name}")


def claim_directory(claims: Path, name: str) -> Path:
    """Where the files of a volume claim are."""
    return claims / safe_name(name)


def unsupported_kind(volume: Mapping[str, Any]) -> str:
    """Say that there is no such volume here; empty if there is."""
    kinds = [key for key in volume if key not in ("name", *_SUPPORTED)]
    return f"{kinds[0]} volumes are not supported by the embedded server" if kinds else ""


def mounts_of(
    mounts: Iterable[Mapping[str, Any]], volumes: Iterable[Mapping[str, Any]], places: VolumePlaces
) -> list[Mount]:
    """Find the directories that a container mounts, outer ones first.

    :raises ManifestError: for what cannot be done here, by name.
    """
    known = {str(volume.get("name", "")): volume for volume in volumes}
    found = [_mount(mount, known, places) for mount in mounts]
    return sorted(found, key=lambda mount: mount.path.count("/"))


def _mount(mount: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]], places: VolumePlaces) -> Mount:
    name = str(mount.get("name", ""))
    place = f"volumeMounts {name}"
    if name not in known:
        raise ManifestError("there is no such volume", path=place)
    if mount.get("subPathExpr"):
        raise ManifestError("subPathExpr is not supported by the embedded server", path=place)
    source, made = places.source_of(known[name])
    inner = str(mount.get("subPath") or "")
    if ".." in inner.split("/") or inner.startswith("/"):
        raise ManifestError(f"subPath {inner!r} has to be a relative path without '..'", path=place)
    path = f"{source}/{inner.strip('/')}" if inner else source
    return Mount(path, absolute(mount.get("mountPath", "")), bool(mount.get("readOnly")), made)


def native_paths(mounts: Sequence[Mount], needed: Iterable[str]) -> frozenset[str]:
    """Tell which of them can really be mounted: what would hide a directory that workers need is rewritten."""
    wanted = list(needed)
    return frozenset(mount.path for mount in mounts if not any(below(path, mount.path) for path in wanted))
