"""``data`` templates: the paths that their source finds, and what their ``transformation`` makes of them."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import Any, Protocol

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang.values import Strings
from airflow_argo.local.engine.artifacts import kind_of
from airflow_argo.local.engine.errors import NodeError

LISTED = "s3"
"""The kind of location whose keys can be listed."""

UNLISTED = frozenset({"git", "http", "raw"})
"""The kinds that Argo accepts here, and refuses to list when the template runs."""

_FAILED = "unable to process data template"
_NO_SOURCE = f"{_FAILED}: unable to process data source"
_NO_PATHS = f"{_NO_SOURCE}: unable to source artifact paths"


class Keys(Protocol):
    """The keys of an artifact store."""

    def all_keys(self) -> list[str]:
        """List all of them in the order of their names."""
        ...

    def keys_below(self, key: str) -> list[str]:
        """List those below a directory's."""
        ...

    def has_key(self, key: str) -> bool:
        """Tell whether something is stored under this very key."""
        ...


def processed(data: Mapping[str, Any], keys: Keys) -> str:
    """Compute the result of a data template, as JSON.

    :param data: the template's ``data``; each expression of its ``transformation`` sees what the one before has made.
    :raises NodeError: in Argo's words, for a source without paths or an expression that fails.
    """
    artifact = (data.get("source") or {}).get("artifactPaths")
    if artifact is None:
        raise NodeError(f"{_NO_SOURCE}: no valid source is used for data template")
    paths = value = _paths(artifact, keys)
    for index, step in enumerate(data.get("transformation") or ()):
        if step.get("expression"):
            value = _step(index, step["expression"], value)
    return "null" if value is paths and not paths else gojson.dumps(value)


def _paths(artifact: Mapping[str, Any], keys: Keys) -> Any:
    kind = kind_of(artifact)
    if kind is None:
        reason = "key unsupported: cannot get key for artifact location, because it is invalid"
        raise NodeError(f"{_NO_PATHS}: {reason}")
    if kind != LISTED:
        reason = "ListObjects is currently not supported for this artifact type, but it will be in a future version"
        raise NodeError(f"{_NO_PATHS}: {reason}")
    bucket, key = (str(artifact[kind].get(field) or "") for field in ("bucket", "key"))
    if not bucket:
        raise NodeError(f"{_NO_PATHS}: failed to list directory: Bucket name cannot be empty")
    found = keys.keys_below(posixpath.normpath(key)) if key else keys.all_keys()
    if not found and not key:
        reason = f"failed to check if key  exists from bucket {bucket}: Object name cannot be empty"
        raise NodeError(f"{_NO_PATHS}: {reason}")
    if not found and not keys.has_key(key):
        raise NodeError(f"{_NO_PATHS}: no key found of name {key}")
    return Strings(found)


def _step(index: int, expression: str, value: Any) -> Any:
    try:
        return expr_lang.evaluate(expression, {"data": value})
    except ExpressionError as error:
        place = f"unable to process data transformation: error processing data step {index}"
        raise NodeError(f"{_FAILED}: {place}: {error}") from error
