"""Uploaded artifacts: their keys, and ``artifacts`` of a submit (``["name=key"]``), which says what to take."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airflow_argo.argo.expressions.gojson import quote
from airflow_argo.local.engine.artifacts import kind_of, with_key
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.refusal import Refusal, invalid

_HEX = r"[0-9a-fA-F]"
_UUID_WITH_DASHES = rf"{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}"
_UUID = re.compile(rf"(?i:urn:uuid:){_UUID_WITH_DASHES}|.{_UUID_WITH_DASHES}.|{_UUID_WITH_DASHES}|{_HEX}{{32}}")
_UUID_LENGTHS = (32, 36, 38, 45)
_SEGMENTS = "uploads/{namespace}/{uuid}/{filename}"


def parsed(overrides: Sequence[str]) -> dict[str, str]:
    """Read overrides, each split at the first ``=``; the last of a name wins.

    :raises Refusal: HTTP 400 for one without a name or a key.
    """
    found: dict[str, str] = {}
    for override in overrides:
        name, _, key = override.partition("=")
        if not name or not key:
            raise invalid(f"expected artifact of the form: NAME=KEY. Received: {override}")
        found[name] = key
    return found


def applied(artifacts: Iterable[Mapping[str, Any]], overrides: Mapping[str, str], namespace: str) -> list[Any]:
    """Give those of a template's artifacts that are overridden, with their new keys.

    :param namespace: whose uploads may be used.
    :raises Refusal: HTTP 400 for an unknown artifact, or a key that is none of an upload to this namespace.
    """
    found = [
        _with_key(artifact, overrides[artifact["name"]]) for artifact in artifacts if artifact["name"] in overrides
    ]
    _refuse_unmatched(overrides, found, "INVALID_ARGUMENT")
    for artifact in found:
        problem = key_problem(namespace, overrides[artifact["name"]])
        if problem:
            raise invalid(f"invalid artifact key override for {artifact['name']}: {problem}")
    return found


def replaced(artifacts: Iterable[Mapping[str, Any]], overrides: Mapping[str, str]) -> list[Any]:
    """Give a workflow's own artifacts, those that are overridden with their new keys.

    :raises Refusal: HTTP 500 for an unknown artifact, as on v4.1.2.
    """
    found = [
        _with_key(artifact, overrides[artifact["name"]], "INTERNAL") if artifact["name"] in overrides else artifact
        for artifact in artifacts
    ]
    _refuse_unmatched(overrides, found, "INTERNAL")
    return found


def relocated(artifact: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Give an artifact a key, in the embedded server's own store if it names none.

    :raises NodeError: if its kind of location has no keys.
    """
    return with_key(artifact if kind_of(artifact) else {**artifact, "s3": {}}, key)


def key_problem(namespace: str, key: str) -> str:
    """Tell why a key is none that an upload to this namespace has given; empty if it is one."""
    shown = f'artifact key "{quote(key)}"'
    prefix = f"uploads/{namespace}/"
    if not key.startswith(prefix):
        return f'{shown} must start with "{quote(prefix)}"'
    if ".." in key:
        return f"{shown} must not contain '..'"
    if posixpath.normpath(key) != key:
        return f"{shown} is not in canonical form"
    parts = key.split("/")
    if len(parts) != _SEGMENTS.count("/") + 1:
        return f"{shown} must have exactly 4 segments: {_SEGMENTS}"
    uuid = parts[2]
    if len(uuid) not in _UUID_LENGTHS:
        return f"{shown} must have a valid UUID segment: invalid UUID length: {len(uuid)}"
    if not _UUID.fullmatch(uuid):
        return f"{shown} must have a valid UUID segment: invalid UUID format"
    return ""


def _with_key(artifact: Mapping[str, Any], key: str, code: Any = "INVALID_ARGUMENT") -> dict[str, Any]:
    try:
        return relocated(artifact, key)
    except NodeError as error:
        raise Refusal(code, f"failed to set key for artifact {artifact['name']}: {error}") from error


def _refuse_unmatched(overrides: Mapping[str, str], artifacts: Iterable[Mapping[str, Any]], code: Any) -> None:
    unmatched = sorted(set(overrides) - {artifact["name"] for artifact in artifacts})
    if unmatched:
        raise Refusal(code, f"artifact override(s) matched no artifact: {', '.join(unmatched)}")
