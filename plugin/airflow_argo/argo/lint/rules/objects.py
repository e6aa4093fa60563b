"""The workflow as an object on the server: its name, its metadata, its size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo import manifest as manifests
from airflow_argo.argo.errors import ManifestError, ManifestTooLargeError
from airflow_argo.argo.labels import check_labels
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.walk import parts

MAX_LIST = 200

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_DONE = "workflows.argoproj.io/completed"
_LOWER_CASE = "Use lower-case letters, digits, '-' and '.', with a letter or digit at both ends."


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what Kubernetes refuses, and what only a server may write."""
    if manifest.get("status"):
        yield Finding("status", "Argo keeps it: a workflow that comes with a phase is taken to have run", "Remove it.")
    metadata = manifest.get("metadata")
    yield from _check_metadata(metadata if isinstance(metadata, Mapping) else {})
    spec = manifest.get("spec")
    if isinstance(spec, Mapping) and spec.get("shutdown"):
        yield Finding("spec.shutdown", "the workflow is stopped as soon as it starts", "Remove it.")
    yield from _check_lists(manifest)
    try:
        manifests.check_size(manifest)
    except ManifestTooLargeError as error:
        yield Finding(error.path, error.message.removeprefix(f"{error.path}: "), error.hint)


def _check_metadata(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    for key in ("uid", "resourceVersion"):
        if metadata.get(key):
            yield Finding(f"metadata.{key}", "only the server gives it, and refuses to be told", "Remove it.")
    yield from _check_name(metadata)
    for part, values in (("labels", True), ("annotations", False)):
        found = metadata.get(part)
        try:
            check_labels(found if isinstance(found, Mapping) else {}, path=f"metadata.{part}", values=values)
        except ManifestError as error:
            yield Finding(error.path, error.message.removeprefix(f"{error.path}: "), error.hint)
        if isinstance(found, Mapping) and part == "labels" and found.get(_DONE) == "true":
            yield Finding(f"metadata.labels.{_DONE}", "Argo never runs a workflow that is completed", "Remove it.")


def _check_name(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    name, prefix = metadata.get("name"), metadata.get("generateName")
    if not name and not prefix:
        yield Finding("metadata.name", "the workflow has neither a name nor a generateName")
    elif name and isinstance(name, str) and not _NAME.fullmatch(name):
        yield Finding("metadata.name", f"'{name}' is no name that Kubernetes takes", _LOWER_CASE)
    elif not name and isinstance(prefix, str) and not _NAME.fullmatch(f"{prefix}x"):
        yield Finding("metadata.generateName", f"'{prefix}' begins no name that Kubernetes takes", _LOWER_CASE)


def _check_lists(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    for part in parts(manifest):
        for key, kind in (("templates", "WorkflowSpec"), ("tasks", "DAGTemplate")):
            items = part.value.get(key) if part.type == kind else None
            if isinstance(items, list) and len(items) > MAX_LIST:
                path = "templates" if key == "templates" else part.path.replace(".dag", ".tasks")
                yield Finding(
                    path,
                    f"these are {len(items)}, and Argo's resource definition allows {MAX_LIST}",
                    "Run one template with withItems or withParam instead.",
                )
