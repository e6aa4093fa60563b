"""Which artifacts the embedded server cannot keep or fetch, found before a workflow is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.local.engine.artifacts import is_complete, kind_of
from airflow_argo.local.engine.data import LISTED, UNLISTED

_REASONS = {
    "git": "git artifacts are not supported",
    "plugin": "artifact plugins need a cluster",
}
_UNLISTED = "data templates list the embedded Argo Server's own artifact store; give s3 a bucket and a key"
_CREDENTIALS = ("auth", "caCertSecret", "clientCert")


def unsupported_artifacts(holder: Mapping[str, Any], path: str) -> Iterator[str]:
    """List what a template, or the spec itself, asks for, each with its path."""
    for where, artifact in _artifacts(holder, path):
        reason = _reason(artifact)
        if reason:
            yield f"{where}.{artifact.get('name', '')}.{kind_of(artifact)}: {reason}"
    source = ((holder.get("data") or {}).get("source") or {}).get("artifactPaths") or {}
    kind = kind_of(source)
    if kind is not None and kind not in UNLISTED and (kind != LISTED or is_complete(source)):
        yield f"{path}.data.source.artifactPaths.{kind}: {_UNLISTED}"
    location = holder.get("archiveLocation") or {}
    if is_complete(location):
        yield f"{path}.archiveLocation.{kind_of(location)}: {_other_store(str(kind_of(location)))}"


def _artifacts(holder: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for place in ("inputs", "outputs", "arguments"):
        for artifact in (holder.get(place) or {}).get("artifacts") or ():
            yield f"{path}.{place}.artifacts", artifact
    tasks = [*(step for group in holder.get("steps") or () for step in group)]
    tasks += (holder.get("dag") or {}).get("tasks") or ()
    for task in tasks:
        yield from _artifacts({"arguments": task.get("arguments")}, f"{path}.{task.get('name', '')}")
        for name, hook in (task.get("hooks") or {}).items():
            yield from _artifacts({"arguments": hook.get("arguments")}, f"{path}.{task.get('name', '')}.hooks.{name}")


def _reason(artifact: Mapping[str, Any]) -> str:
    kind = kind_of(artifact)
    if kind is None or kind == "raw" or (kind != "git" and not is_complete(artifact)):
        return ""
    if kind == "http":
        named = [field for field in _CREDENTIALS if artifact["http"].get(field)]
        return f"http artifacts are fetched without credentials, {named[0]} is not supported" if named else ""
    return _REASONS.get(kind) or _other_store(kind)


def _other_store(kind: str) -> str:
    return f"the embedded Argo Server has an artifact store of its own; give {kind} nothing but a key"
