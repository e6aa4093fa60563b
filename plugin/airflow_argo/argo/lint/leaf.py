"""Templates that run something themselves: container, script, container set, resource and the like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import container_set
from airflow_argo.argo.lint.context import CLUSTER_TEMPLATE, Base, Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.kinds import has_container
from airflow_argo.argo.lint.placeholders import PREFIX, is_placeholder
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.scope import Scope, check_tags

_INTEGER = re.compile(r"[-+]?[0-9]+")
_ACTIONS = ("get", "create", "apply", "delete", "replace", "patch")
_RESERVED = ("wait", "supervisor")
_RESERVED_PREFIX = "artifact-plugin-"
_EXPRESSION = re.compile(r"\{\{\s*=\s*(.+?)\s*\}\}")


def is_integer(text: str) -> bool:
    """Tell whether Go's ``strconv.Atoi`` reads a text."""
    return _INTEGER.fullmatch(text) is not None and -(2**63) <= int(text) < 2**63


def check_leaf(context: Context, base: Base, scope: Scope, template: Document) -> None:
    """Check a template that is neither steps nor a DAG, its tags replaced."""
    name = template.get("name", "")
    with under(f"templates.{name}: "):
        text = to_json(template, "Template")
        check_tags(scope, context.known, text, lenient_parameters=context.template_only)
    if "container" in template:
        _check_mounts(name, template)
        _check_image(name, template, base, "container")
    if "containerSet" in template:
        _check_container_set(name, template)
    _check_reserved(f"templates.{name}.sidecars", template.get("sidecars", ()))
    if "resource" in template:
        fault = _resource_fault(name, template, template["resource"])
        if fault:
            raise ManifestError(fault)
    if "script" in template:
        _check_image(name, template, base, "script")
    if not _is_deadline(template.get("activeDeadlineSeconds")):
        raise ManifestError(
            f"templates.{name}.activeDeadlineSeconds must be a positive integer > 0 or an argo variable"
        )
    if "parallelism" in template:
        raise ManifestError(f"templates.{name}.parallelism is only valid for steps and dag templates")


def _check_mounts(name: str, template: Document) -> None:
    mounts: dict[str, str] = {}
    for index, mount in enumerate(template["container"].get("volumeMounts", ())):
        path = mount.get("mountPath", "")
        if path in mounts:
            raise ManifestError(
                f"templates.{name}.container.volumeMounts[{index}].mountPath '{path}' already mounted in {mounts[path]}"
            )
        mounts[path] = f"container.volumeMounts.{mount.get('name', '')}"
    for index, artifact in enumerate(template.get("inputs", {}).get("artifacts", ())):
        path = artifact.get("path", "")
        if path in mounts:
            raise ManifestError(
                f"templates.{name}.inputs.artifacts[{index}].path '{path}' already mounted in {mounts[path]}"
            )
        mounts[path] = f"inputs.artifacts.{artifact.get('name', '')}"


def _check_image(name: str, template: Document, base: Base, kind: str) -> None:
    # Argo looks at the defaults of a Workflow and of a WorkflowTemplate, not at those of a ClusterWorkflowTemplate.
    defaults = {} if base.kind == CLUSTER_TEMPLATE else base.spec.get("templateDefaults", {})
    if not template[kind].get("image") and not defaults.get(kind, {}).get("image"):
        raise ManifestError(f"templates.{name}.{kind}.image may not be empty")


def _check_container_set(name: str, template: Document) -> None:
    with under(f"templates.{name}.containerSet."):
        container_set.check(template["containerSet"])
    inputs, outputs = template.get("inputs", {}), template.get("outputs", {})
    exchanged = inputs.get("artifacts") or outputs.get("parameters") or outputs.get("artifacts")
    if exchanged and not has_container(template, "main"):
        raise ManifestError(
            f'templates.{name}.containerSet.containers must have a container named "main" for input or output'
        )
    _check_reserved(f"templates.{name}.containerSet.containers", template["containerSet"]["containers"])


def _check_reserved(place: str, containers: Iterable[Mapping[str, Any]]) -> None:
    for container in containers:
        name = container.get("name", "")
        if name in _RESERVED or name.startswith(_RESERVED_PREFIX):
            raise ManifestError(f'{place}: "{name}" is a reserved Argo container name')


def _resource_fault(name: str, template: Document, resource: Document) -> str:
    place = f"templates.{name}.resource"
    action, manifest, source = resource.get("action", ""), resource.get("manifest", ""), resource.get("manifestFrom")
    if not is_placeholder(action) and action not in _ACTIONS:
        return f"{place}.action must be one of: {', '.join(_ACTIONS)}"
    if action in {"delete", "get"}:
        return ""
    if not manifest and source is None:
        return f"either {place}.manifest or {place}.manifestFrom must be specified"
    if manifest and source is not None:
        return "shouldn't have both `manifest` and `manifestFrom` specified in `Manifest` for resource template"
    artifact = (source or {}).get("artifact")
    if artifact is not None:
        known = [item.get("name", "") for item in template.get("inputs", {}).get("artifacts", ())]
        wanted = artifact.get("name", "")
        return "" if wanted in known else f"artifact {wanted} in `manifestFrom` refer to a non-exist artifact"
    broken = manifest and not is_placeholder(manifest) and not go_yaml.is_yaml(_EXPRESSION.sub(f"{PREFIX}0", manifest))
    return f"{place}.manifest must be a valid yaml" if broken else ""


def _is_deadline(value: object) -> bool:
    if isinstance(value, int):
        return value >= 0
    if not isinstance(value, str) or is_placeholder(value):
        return True
    if is_integer(value):
        return int(value) >= 0
    return value.startswith("{{") and value.endswith("}}")
