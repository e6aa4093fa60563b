"""A Workflow as a plain dict: read, named, given parameters and labels, cleaned and measured.

No function changes what it is given; all return a copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from airflow_argo.argo import safe_json
from airflow_argo.argo.errors import ManifestError, ManifestTooLargeError
from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.labels import SUBDOMAIN, check_labels, label_value
from airflow_argo.argo.manifest_source import read

__all__ = [
    "MAX_BYTES",
    "check_size",
    "label_value",
    "labelled",
    "limited",
    "named",
    "parameter_text",
    "read",
    "sanitized",
    "size",
    "with_parameters",
]

Manifest = dict[str, Any]

MAX_BYTES = 1024 * 1024
MAX_NAME = 63

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_OF_THE_SERVER = (
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
)
# A workflow that carries "completed" from its former life is never looked at by the controller.
_OF_A_FORMER_RUN = tuple(
    f"workflows.argoproj.io/{part}" for part in ("completed", "phase", "workflow-archiving-status")
)


def named(manifest: Mapping[str, Any], name: str) -> Manifest:
    """Return the manifest under a fixed name, which makes its creation happen once.

    :raises ManifestError: if the name is no DNS name of at most 63 characters.
    """
    if len(name) > MAX_NAME or not SUBDOMAIN.fullmatch(name):
        raise ManifestError(
            f"'{name}' ({len(name)} characters) cannot name a workflow",
            path="metadata.name",
            hint=f"Use at most {MAX_NAME} lower-case letters, digits, '-' and '.', no '-' or '.' at the ends.",
        )
    result = deepcopy(dict(manifest))
    metadata = dict(result.get("metadata") or {})
    metadata.pop("generateName", None)
    result["metadata"] = {**metadata, "name": name}
    return result


def with_parameters(manifest: Mapping[str, Any], values: Mapping[str, object]) -> Manifest:
    """Return the manifest with values for its workflow parameters, written as ``parameter_text`` does.

    A workflow made of a WorkflowTemplate may be given parameters that only the template declares.

    :raises ManifestError: for a parameter that the manifest does not declare, and for values that Argo cannot carry.
    """
    result = deepcopy(dict(manifest))
    spec = result["spec"] = dict(result.get("spec") or {})
    arguments = spec["arguments"] = dict(spec.get("arguments") or {})
    declared = {item.get("name"): item for item in arguments.get("parameters") or []}
    unknown = [name for name in values if name not in declared]
    if unknown and not spec.get("workflowTemplateRef"):
        names = ", ".join(sorted(map(str, declared))) or "none"
        raise ManifestError(
            f"the workflow declares no parameter '{unknown[0]}'; it declares: {names}",
            path="spec.arguments.parameters",
            hint="Declare it under spec.arguments.parameters, or leave it out.",
        )
    for name, value in values.items():
        kept = {key: item for key, item in declared.get(name, {"name": name}).items() if key != "valueFrom"}
        declared[name] = {**kept, "value": parameter_text(value, path=f"spec.arguments.parameters.{name}")}
    arguments["parameters"] = list(declared.values())
    return result


def parameter_text(value: object, *, path: str = "") -> str:
    """Write a value as the text of a parameter: text as it is, anything else as JSON that Argo leaves alone.

    :param path: what errors call the value.
    :raises ManifestError: for None, for what JSON cannot hold, and for text that Argo would expand or refuse: Argo
        expands every substituted value again, and does not carry control characters (seen on v4.1.2).
    """
    if value is None:
        raise ManifestError("None is no value for a parameter", path=path, hint="Leave it out, or pass an empty text.")
    if not isinstance(value, str):
        return safe_json.dumps(value, path=path)
    if "{{" in value:
        raise ManifestError(
            "the text holds '{{', and Argo expands every value that it puts in",
            path=path,
            hint="Pass it inside a list or a dict: it then travels as JSON whose braces are escaped.",
        )
    control = _CONTROL.search(value)
    if control:
        raise ManifestError(
            f"the text holds the control character U+{ord(control[0]):04X}, which Argo cannot put in anywhere",
            path=path,
            hint="Pass it inside a list or a dict, or in base64.",
        )
    return str(value)


def sanitized(manifest: Mapping[str, Any]) -> Manifest:
    """Return the manifest without what only a server writes: status, uid, resourceVersion and the like.

    A status that is sent along is kept by Argo, and a workflow that claims to have succeeded never runs.
    """
    result = deepcopy(dict(manifest))
    result.pop("status", None)
    metadata = result.get("metadata")
    if not isinstance(metadata, dict):
        return result
    for key in _OF_THE_SERVER:
        metadata.pop(key, None)
    if isinstance(metadata.get("labels"), dict):
        for key in _OF_A_FORMER_RUN:
            metadata["labels"].pop(key, None)
    return result


def labelled(
    manifest: Mapping[str, Any],
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Manifest:
    """Return the manifest with more labels and annotations; they win over those of the same name.

    :raises ManifestError: for keys and label values that Kubernetes refuses; ``label_value`` makes valid ones.
    """
    check_labels(labels or {}, path="metadata.labels")
    check_labels(annotations or {}, path="metadata.annotations", values=False)
    result = deepcopy(dict(manifest))
    metadata = dict(result.get("metadata") or {})
    for part, more in (("labels", labels), ("annotations", annotations)):
        if more:
            metadata[part] = {**(metadata.get(part) or {}), **more}
    result["metadata"] = metadata
    return result


def limited(manifest: Mapping[str, Any], *, seconds: int | None = None, pending_seconds: int | None = None) -> Manifest:
    """Return the manifest with limits that the cluster keeps, whatever becomes of who submitted it.

    :param seconds: that the workflow may run, unless it allows itself less: ``activeDeadlineSeconds``.
    :param pending_seconds: that each pod may wait for its start, unless the manifest says it: ``pendingTimeout``, which
        Argo has since 4.1.
    """
    copy = deepcopy(dict(manifest))
    spec = copy.setdefault("spec", {})
    if seconds is not None:
        own = spec.get("activeDeadlineSeconds")
        spec["activeDeadlineSeconds"] = min(own, seconds) if isinstance(own, int) and own > 0 else seconds
    if pending_seconds is not None:
        defaults = spec.get("templateDefaults") or {}
        spec["templateDefaults"] = {"pendingTimeout": f"{pending_seconds}s", **defaults}
    return copy


def size(manifest: Mapping[str, Any]) -> int:
    """Return the size of the manifest in bytes of JSON, as Go writes it."""
    return _bytes(manifest)


def check_size(manifest: Mapping[str, Any]) -> None:
    """Check that Argo can store the manifest.

    Argo offloads only the nodes of a large workflow, never its spec: one of more than 1 MiB is accepted and then ends
    in an error, or never gets a phase (seen on v4.1.2).

    :raises ManifestTooLargeError: with the size and the largest field.
    """
    total = size(manifest)
    if total <= MAX_BYTES:
        return
    path, largest = _largest("", manifest)
    raise ManifestTooLargeError(
        f"the workflow is {_kib(total)} of JSON, and Argo stores at most {_kib(MAX_BYTES)};"
        f" the largest field is {path} with {_kib(largest)}",
        path=path,
    )


def _bytes(value: object) -> int:
    return len(gojson.dumps(value).encode("utf-8", "replace"))


def _kib(count: int) -> str:
    return f"{-(-count // 1024):,} KiB"


def _largest(path: str, value: object) -> tuple[str, int]:
    """Follow the largest child as long as it makes up most of its parent."""
    total = _bytes(value)
    children: list[tuple[str, object]] = []
    if isinstance(value, Mapping):
        children = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        children = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    place, child = max(children, key=lambda entry: _bytes(entry[1]), default=("", None))
    return _largest(place, child) if _bytes(child) * 2 > total else (path, total)
