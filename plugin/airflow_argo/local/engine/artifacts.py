"""Where artifacts are: the location that an artifact names, its key, and what a workflow's repository adds to it.

An artifact is Argo's own dict. At most one of its fields says what kind of store holds it. One with nothing but a key
(``s3: {key: a/b}``) lies in the repository of the workflow, whatever the kind it is written as.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from airflow_argo.local.engine.errors import NodeError

KINDS = ("artifactory", "azure", "git", "gcs", "hdfs", "http", "oss", "raw", "s3", "plugin")
"""The kinds of location in the order in which Argo looks for them."""

_KEY_FIELDS = {"azure": "blob", "gcs": "key", "hdfs": "path", "oss": "key", "s3": "key", "plugin": "key"}
_ADDRESSES = ("artifactory", "http")
_COMPLETE = {
    "artifactory": ("url", "usernameSecret"),
    "azure": ("endpoint", "container", "blob"),
    "git": ("repo",),
    "gcs": ("bucket", "key"),
    "hdfs": ("addresses",),
    "http": ("url",),
    "oss": ("bucket", "endpoint", "key"),
    "s3": ("endpoint", "bucket", "key"),
    "plugin": ("name", "configuration", "key"),
}


def kind_of(artifact: Mapping[str, Any]) -> str | None:
    """Name the kind of an artifact's location; None if it names none."""
    return next((kind for kind in KINDS if artifact.get(kind) is not None), None)


def key_of(artifact: Mapping[str, Any]) -> str:
    """Give an artifact's key; empty if it has none."""
    kind = kind_of(artifact)
    if kind in _ADDRESSES:
        return urlsplit(str(artifact[kind].get("url") or "")).path
    return str(artifact[kind].get(_KEY_FIELDS[kind]) or "") if kind in _KEY_FIELDS else ""


def with_key(artifact: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Give an artifact another key.

    :raises NodeError: if its kind of location has no keys.
    """
    kind = kind_of(artifact)
    if kind in _ADDRESSES:
        address = urlsplit(str(artifact[kind].get("url") or ""))
        return {**artifact, kind: {**artifact[kind], "url": urlunsplit(address._replace(path=key))}}
    if kind in _KEY_FIELDS:
        return {**artifact, kind: {**artifact[kind], _KEY_FIELDS[kind]: key}}
    if kind in ("git", "raw"):
        raise NodeError(f"key unsupported: cannot set key {'on git' if kind == 'git' else 'for raw'} artifact")
    raise NodeError("key unsupported: the artifact has no location")


def joined(key: str, more: str) -> str:
    """Join two keys as Go's ``path.Join`` does, which also cleans them."""
    if not key and not more:
        return ""
    path = posixpath.normpath("/".join(part for part in (key, more) if part))
    return "/" + path.lstrip("/") if path.startswith("/") else path


def is_complete(artifact: Mapping[str, Any]) -> bool:
    """Tell whether an artifact names a store of its own, and not only a key in the workflow's repository."""
    kind = kind_of(artifact)
    if kind is None:
        return False
    return kind == "raw" or all(artifact[kind].get(field) for field in _COMPLETE[kind])


def has_location(artifact: Mapping[str, Any]) -> bool:
    """Tell whether an artifact says where it is: in a store of its own, or by a key."""
    return is_complete(artifact) or bool(key_of(artifact))
