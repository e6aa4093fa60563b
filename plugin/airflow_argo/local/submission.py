"""The manifest that a submit from a template stands for, as the Argo Server builds it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.local.parameter_overrides import override
from airflow_argo.local.refusal import Refusal, invalid, not_found, unsupported
from airflow_argo.local.templates import CLUSTER_WORKFLOW_TEMPLATE, WORKFLOW_TEMPLATE, Templates

_PREFIX = "workflows.argoproj.io/"
_WORKFLOW_TEMPLATE = {"WorkflowTemplate", "workflowtemplate", "workflowtemplates", "wftmpl"}
_CLUSTER_TEMPLATE = {"ClusterWorkflowTemplate", "clusterworkflowtemplate", "clusterworkflowtemplates", "cwftmpl"}
CRON_KINDS = {"CronWorkflow", "cronworkflow", "cronworkflows", "cronwf"}


def submitted(templates: Templates, namespace: str, kind: str, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Build the workflow that refers to the template.

    :param kind: ``resourceKind``, in one of the spellings that Argo knows.
    :param options: ``submitOptions``; keys in any letter case.
    :raises Refusal: for an unknown kind (400), an unknown template (404), unreadable options (500, as on v4.1.2).
    """
    cluster_scope = kind in _CLUSTER_TEMPLATE
    if not cluster_scope and kind not in _WORKFLOW_TEMPLATE:
        raise invalid(f"Resource kind '{kind}' is not supported for submitting")
    if templates.find(namespace, name, cluster_scope=cluster_scope) is None:
        raise not_found((CLUSTER_WORKFLOW_TEMPLATE if cluster_scope else WORKFLOW_TEMPLATE).resource, name)
    given = {key.lower(): value for key, value in options.items() if value}
    label = "cluster-workflow-template" if cluster_scope else "workflow-template"
    return {
        "metadata": _metadata(name, label, given),
        "spec": _spec(name, given, cluster_scope=cluster_scope),
    }


def submitted_from_cron(manifest: dict[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Put options over the workflow of a CronWorkflow.

    :param manifest: as the CronWorkflow makes it; changed in place.
    :param options: ``submitOptions``; keys in any letter case.
    :raises Refusal: for unreadable options (500, as on v4.1.2).
    """
    given = {key.lower(): value for key, value in options.items() if value}
    metadata = manifest["metadata"]
    extra = _metadata(metadata["generateName"].removesuffix("-"), "", given)
    extra["labels"].pop(_PREFIX)
    for key in ("name", "generateName"):
        if extra.get(key):
            metadata[key] = extra[key]
    for key in ("labels", "annotations"):
        metadata[key].update(extra.get(key) or {})
    metadata["ownerReferences"] += extra.get("ownerReferences") or []
    parameters = [str(each) for each in given.pop("parameters", None) or []]
    options_spec = _spec("", given, cluster_scope=False)
    manifest["spec"].update(
        {key: value for key, value in options_spec.items() if key not in ("workflowTemplateRef", "arguments")}
    )
    override(manifest, parameters)
    return manifest


def _metadata(name: str, label: str, given: Mapping[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"generateName": _text(given, "generateName") or f"{name}-"}
    if _text(given, "name"):
        metadata["name"] = given["name"]
    metadata["labels"] = {**_pairs(_text(given, "labels"), "Labels"), f"{_PREFIX}{label}": name}
    annotations = _pairs(_text(given, "annotations"), "Annotations")
    if annotations:
        metadata["annotations"] = annotations
    if isinstance(given.get("ownerreference"), dict):
        metadata["ownerReferences"] = [given["ownerreference"]]
    return metadata


def _spec(name: str, given: Mapping[str, Any], *, cluster_scope: bool) -> dict[str, Any]:
    reference: dict[str, Any] = {"name": name}
    if cluster_scope:
        reference["clusterScope"] = True
    spec: dict[str, Any] = {"workflowTemplateRef": reference, "arguments": {}}
    parameters = parameter_overrides(given.get("parameters") or [])
    if parameters:
        spec["arguments"]["parameters"] = [{"name": key, "value": value} for key, value in parameters.items()]
    for option, field in (
        ("entryPoint", "entrypoint"),
        ("serviceAccount", "serviceAccountName"),
        ("podPriorityClassName", "podPriorityClassName"),
    ):
        if _text(given, option):
            spec[field] = given[option.lower()]
    if given.get("priority"):
        spec["priority"] = given["priority"]
    if given.get("artifacts"):
        raise unsupported("artifacts in submitOptions yet")
    return spec


def parameter_overrides(parameters: list[Any]) -> dict[str, str]:
    """Read ``["name=value"]``: split at the first ``=``, nothing trimmed or unquoted; the last of a name wins.

    :raises Refusal: HTTP 500 for one without ``=``, in Argo's words.
    """
    found: dict[str, str] = {}
    for parameter in parameters:
        name, equals, value = str(parameter).partition("=")
        if not equals:
            raise Refusal("INTERNAL", f"expected parameter of the form: NAME=VALUE. Received: {parameter}")
        found[name] = value
    return found


def _text(given: Mapping[str, Any], name: str) -> str:
    value = given.get(name.lower(), "")
    if not isinstance(value, str):
        found = {dict: "object", list: "array", bool: "bool"}.get(type(value), "number")
        field = f"SubmitOpts.submitOptions.{name}"
        raise invalid(f"json: cannot unmarshal {found} into Go struct field {field} of type string")
    return value


def _pairs(text: str, what: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in text.split(",") if text else ():
        if part.count("=") != 1:
            form = f"expected {what} of the form: NAME1=VALUE2,NAME2=VALUE2. Received: "
            raise Refusal("INTERNAL", f"{form}: unexpected label spec: {part}")
        key, _, value = part.partition("=")
        pairs[key] = value
    return pairs
