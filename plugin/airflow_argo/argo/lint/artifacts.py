"""Where an artifact lies, and whether its path stays where it says."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from airflow_argo.argo.errors import ManifestError

_Artifact = Mapping[str, Any]

# In the order in which Argo looks for them: the first one that is set counts.
_LOCATIONS = ("artifactory", "azure", "git", "gcs", "hdfs", "http", "oss", "raw", "s3", "plugin")
_NEEDED = {
    "artifactory": ("url", "usernameSecret"),
    "azure": ("endpoint", "container", "blob"),
    "git": ("repo",),
    "gcs": ("bucket", "key"),
    "hdfs": ("addresses",),
    "http": ("url",),
    "oss": ("bucket", "endpoint", "key"),
    "raw": (),
    "s3": ("endpoint", "bucket", "key"),
    "plugin": ("name", "configuration", "key"),
}
_KEYS = {"azure": "blob", "gcs": "key", "hdfs": "path", "oss": "key", "s3": "key", "plugin": "key"}


def has_location_or_key(artifact: _Artifact) -> bool:
    """Tell whether an artifact says where it lies, wholly or by its key alone."""
    kind = next((name for name in _LOCATIONS if name in artifact), "")
    if not kind:
        return False
    location = artifact[kind]
    # A secret that is given counts, an empty one too; texts and lists have to hold something.
    if all(location.get(name) or isinstance(location.get(name), dict) for name in _NEEDED[kind]):
        return True
    if kind in {"artifactory", "http"}:
        return bool(urlsplit(location.get("url", "")).path)
    return bool(location.get(_KEYS.get(kind, "")))


def check_location(prefix: str, artifact: _Artifact) -> None:
    """Check what Argo checks of a location: a git repository's address, and HDFS."""
    if "git" in artifact and not artifact["git"].get("repo"):
        raise ManifestError(f"{prefix}.git.repo is required")
    if "hdfs" in artifact:
        fault = _hdfs_fault(f"{prefix}.hdfs", artifact["hdfs"])
        if fault:
            raise ManifestError(fault)


def _hdfs_fault(prefix: str, hdfs: _Artifact) -> str:
    if not hdfs.get("addresses"):
        return f"{prefix}.addresses is required"
    if not hdfs.get("path"):
        return f"{prefix}.path is required"
    if not hdfs["path"].startswith("/"):
        return f"{prefix}.path must be a absolute file path"
    return _kerberos_fault(prefix, hdfs)


def _kerberos_fault(prefix: str, hdfs: _Artifact) -> str:
    cache, keytab = "krbCCacheSecret" in hdfs, "krbKeytabSecret" in hdfs
    if not hdfs.get("hdfsUser") and not cache and not keytab:
        return f"either {prefix}.hdfsUser, {prefix}.krbCCacheSecret or {prefix}.krbKeytabSecret is required"
    service = bool(hdfs.get("krbServicePrincipalName")) and "krbConfigConfigMap" in hdfs
    if keytab and not (service and hdfs.get("krbUsername") and hdfs.get("krbRealm")):
        return (
            f"{prefix}.krbServicePrincipalName, {prefix}.krbConfigConfigMap, {prefix}.krbUsername and"
            f" {prefix}.krbRealm are required with {prefix}.krbKeytabSecret"
        )
    if cache and not service:
        return (
            f"{prefix}.krbServicePrincipalName and {prefix}.krbConfigConfigMap are required"
            f" with {prefix}.krbCCacheSecret"
        )
    return ""


def clean_path(artifact: _Artifact) -> str:
    """Return the artifact's path without detours.

    :raises ManifestError: if there is none, or if it climbs out of the directory before its ``..``.
    """
    name, path = artifact.get("name", ""), str(artifact.get("path", ""))
    if not path:
        raise ManifestError(f"Artifact '{name}' did not specify a path")
    safe = path.partition("/../")[0] if "/../" in path else path[:-3] if _ends_in_any_two(path) else ""
    cleaned = posixpath.normpath(path)
    cleaned = cleaned[1:] if cleaned.startswith("//") else cleaned
    if safe and (not cleaned.startswith(f"{safe}/") or len(cleaned) <= len(safe) + 1):
        raise ManifestError(
            f"Artifact '{name}' attempted to use a path containing '..'. Directory traversal is not permitted"
        )
    return cleaned


def _ends_in_any_two(path: str) -> bool:
    # Argo's pattern is /..$ with unescaped dots: any two characters behind a slash count as a climb.
    return len(path) >= 3 and path[-3] == "/" and "\n" not in path[-2:]
