"""The environment of a worker. Pure: nothing of the server's own environment comes in by itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.pod import Pod

_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
_LABEL_FIELD = re.compile(r"metadata\.(labels|annotations)\['(.+)'\]")
_NO_DEADLINE = "0001-01-01T00:00:00Z"
_NO_OBJECTS = "has no Kubernetes objects to read it from; pass the value as a parameter"


def expand(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$(NAME)`` as Kubernetes does: ``$$`` gives ``$``, and an unknown name stays as it is."""
    return _REFERENCE.sub(lambda m: "$" if m[0] == "$$" else variables.get(m[1], m[0]), text)


def template_environment(pod: Pod, container: Mapping[str, Any], name: str = "main") -> dict[str, str]:
    """What the template's ``env`` gives, and after it Argo's own variables.

    :param name: the container's.
    :raises ManifestError: naming a variable that comes from a Secret, a ConfigMap or a resource limit.
    """
    for index, source in enumerate(container.get("envFrom") or []):
        _refuse_source(source, f"envFrom[{index}]")
    variables: dict[str, str] = {}
    for entry in container.get("env") or []:
        value = _value(entry, pod, variables)
        if value is not None:
            variables[entry["name"]] = value
    return {**variables, **_argo_variables(pod, name)}


def base_environment(*, search_path: str, home: str, pod_name: str, tmp: str | None) -> dict[str, str]:
    """What a container has from its image and its node.

    :param tmp: the pod's private directory for temporary files, where ``/tmp`` itself is not private.
    """
    variables = {"PATH": search_path, "HOME": home, "HOSTNAME": pod_name, "LANG": "C.UTF-8", "TZ": "UTC"}
    return variables if tmp is None else {**variables, "TMPDIR": tmp}


def _argo_variables(pod: Pod, name: str) -> dict[str, str]:
    command = pod.command
    return {
        "ARGO_CONTAINER_NAME": name,
        "ARGO_NODE_ID": command.node_id,
        "ARGO_INCLUDE_SCRIPT_OUTPUT": "true" if command.include_result else "false",
        "ARGO_DEADLINE": _NO_DEADLINE if command.deadline is None else _rfc3339(command.deadline),
        "ARGO_WORKFLOW_NAME": pod.workflow_name,
    }


def _rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def _value(entry: Mapping[str, Any], pod: Pod, before: Mapping[str, str]) -> str | None:
    source = entry.get("valueFrom")
    if not source:
        return expand(str(entry.get("value") or ""), before)
    place = f"env {entry['name']}"
    if "fieldRef" in source:
        return _field(str(source["fieldRef"].get("fieldPath")), pod, place)
    for kind in ("configMapKeyRef", "secretKeyRef"):
        # An optional reference to what does not exist leaves the variable unset, and here nothing of the kind exists.
        if (source.get(kind) or {}).get("optional"):
            return None
    raise ManifestError(
        f"valueFrom.{next(iter(source))} is not supported: the embedded server {_NO_OBJECTS}", path=place
    )


def _refuse_source(source: Mapping[str, Any], place: str) -> None:
    for kind in ("configMapRef", "secretRef"):
        if kind in source and not (source[kind] or {}).get("optional"):
            raise ManifestError(f"{kind} is not supported: the embedded server {_NO_OBJECTS}", path=place)


def _field(path: str, pod: Pod, place: str) -> str:
    template = pod.command.template
    fields = {
        "metadata.name": pod.command.pod_name,
        "metadata.namespace": pod.namespace,
        "spec.nodeName": "localhost",
        "spec.serviceAccountName": template.get("serviceAccountName") or "default",
        "status.hostIP": "127.0.0.1",
        "status.podIP": "127.0.0.1",
    }
    if path in fields:
        return fields[path]
    if match := _LABEL_FIELD.fullmatch(path):
        return str(_metadata(pod, match[1]).get(match[2], ""))
    raise ManifestError(f"valueFrom.fieldRef {path} is not supported by the embedded server", path=place)


def _metadata(pod: Pod, kind: str) -> dict[str, str]:
    own = (pod.command.template.get("metadata") or {}).get(kind) or {}
    if kind == "labels":
        return {**own, "workflows.argoproj.io/workflow": pod.workflow_name, "workflows.argoproj.io/completed": "false"}
    return {**own, "workflows.argoproj.io/node-id": pod.command.node_id}
