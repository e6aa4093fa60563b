"""The manifest that a submit stands for, as the Argo Server builds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import decode
from airflow_argo.local import artifact_overrides
from airflow_argo.local.parameter_overrides import override
from airflow_argo.local.refusal import Refusal, invalid, not_found
from airflow_argo.local.templates import CLUSTER_WORKFLOW_TEMPLATE, WORKFLOW_TEMPLATE, Templates

_PREFIX = "workflows.argoproj.io/"
_WORKFLOW_TEMPLATE = {"WorkflowTemplate", "workflowtemplate", "workflowtemplates", "wftmpl"}
_CLUSTER_TEMPLATE = {"ClusterWorkflowTemplate", "clusterworkflowtemplate", "clusterworkflowtemplates", "cwftmpl"}
CRON_KINDS = {"CronWorkflow", "cronworkflow", "cronworkflows", "cronwf"}
_SPEC_OPTIONS = {
    "entryPoint": "entrypoint",
    "serviceAccount": "serviceAccountName",
    "podPriorityClassName": "podPriorityClassName",
}


def read_options(value: object) -> dict[str, Any]:
    """Read ``submitOptions`` as Go does: names in any letter case, nothing that it does not know.

    :raises Refusal: HTTP 400 in Go's words for a value of a wrong type.
    """
    try:
        return decode(value or {}, "SubmitOpts", ("WorkflowSubmitRequest", ("submitOptions",)))
    except ManifestError as error:
        raise invalid(error.message) from error


def from_template(kind: str, name: str) -> dict[str, Any]:
    """Build the workflow that refers to a template.

    :param kind: ``resourceKind``, in one of the spellings that Argo knows.
    :raises Refusal: HTTP 400 for an unknown kind.
    """
    cluster_scope = kind in _CLUSTER_TEMPLATE
    if not cluster_scope and kind not in _WORKFLOW_TEMPLATE:
        raise invalid(f"Resource kind '{kind}' is not supported for submitting")
    label = "cluster-workflow-template" if cluster_scope else "workflow-template"
    reference = {"name": name, "clusterScope": True} if cluster_scope else {"name": name}
    return {
        "metadata": {"generateName": f"{name}-", "labels": {f"{_PREFIX}{label}": name}},
        "spec": {"workflowTemplateRef": reference, "arguments": {}},
    }


def submitted(
    manifest: dict[str, Any], options: Mapping[str, Any], templates: Templates, namespace: str
) -> dict[str, Any]:
    """Put options over a workflow that is made of a template or a CronWorkflow.

    :param manifest: changed in place.
    :param options: as ``read_options`` gives them.
    :raises Refusal: for artifacts that do not fit (400), a missing template (404), other unreadable options (500, as on
        v4.1.2).
    """
    overrides = artifact_overrides.parsed(options.get("artifacts") or ())
    _apply(manifest, options)
    reference = manifest["spec"].get("workflowTemplateRef")
    if not overrides:
        return manifest
    arguments = manifest["spec"].setdefault("arguments", {})
    if reference is None:
        arguments["artifacts"] = artifact_overrides.replaced(arguments.get("artifacts") or (), overrides)
        return manifest
    template = _template(templates, namespace, reference)
    known = (template["spec"].get("arguments") or {}).get("artifacts") or ()
    added = artifact_overrides.applied(known, overrides, namespace)
    arguments["artifacts"] = [*(arguments.get("artifacts") or ()), *added]
    return manifest


def _template(templates: Templates, namespace: str, reference: Mapping[str, Any]) -> dict[str, Any]:
    name, cluster_scope = str(reference.get("name", "")), bool(reference.get("clusterScope"))
    found = templates.find(namespace, name, cluster_scope=cluster_scope)
    if found is None:
        kind = CLUSTER_WORKFLOW_TEMPLATE if cluster_scope else WORKFLOW_TEMPLATE
        problem = not_found(kind.resource, name).message
        raise Refusal("NOT_FOUND", f"failed to get {kind.name} for artifact override: {problem}")
    return found


def _apply(manifest: dict[str, Any], options: Mapping[str, Any]) -> None:
    metadata, spec = manifest["metadata"], manifest["spec"]
    for option, field in _SPEC_OPTIONS.items():
        if options.get(option):
            spec[field] = options[option]
    if "priority" in options:
        spec["priority"] = options["priority"]
    labels = options.get("labels", "")
    # Argo shows the labels in both messages.
    for field, title in (("labels", "labels"), ("annotations", "Annotations")):
        pairs = _pairs(options.get(field, ""), f"expected {title} of the form: NAME1=VALUE2,NAME2=VALUE2", labels)
        if pairs:
            metadata[field] = {**(metadata.get(field) or {}), **pairs}
    override(manifest, options.get("parameters") or ())
    for field in ("generateName", "name"):
        if options.get(field):
            metadata[field] = options[field]
    if "ownerReference" in options:
        metadata["ownerReferences"] = [*(metadata.get("ownerReferences") or ()), options["ownerReference"]]


def _pairs(text: str, expected: str, shown: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(",") if text else ():
        key, _, value = part.partition("=")
        if part.count("=") != 1:
            raise Refusal("INTERNAL", f"{expected}. Received: {shown}: unexpected label spec: {part}")
        if not key:
            raise Refusal("INTERNAL", f"{expected}. Received: {shown}: unexpected empty label key")
        pairs[key] = value
    return pairs
