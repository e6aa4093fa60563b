"""One template: found, bound to its arguments, and checked as Argo does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import dag, leaf, metrics, outputs, steps
from airflow_argo.argo.lint.arguments import Arguments
from airflow_argo.argo.lint.artifacts import check_location
from airflow_argo.argo.lint.context import Base, Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.inputs import check_inputs
from airflow_argo.argo.lint.kinds import PODS, is_leaf, kind_of, kinds_of, title
from airflow_argo.argo.lint.placeholders import PREFIX
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.resources import check_pod_resources
from airflow_argo.argo.lint.scope import Scope
from airflow_argo.argo.lint.substitution import process
from airflow_argo.argo.lint.tags import simple_tags

_RETRY_POLICIES = ("Always", "OnFailure", "OnError", "OnTransientError", "")
_RETRY_VARIABLES = ("retries", *(f"lastRetry.{part}" for part in ("exitCode", "status", "duration", "message")))
_KIND_NAMES = "container, containerSet, steps, script, resource, dag, suspend, template, template ref"


def check_reference(context: Context, base: Base, holder: Mapping[str, Any], arguments: Arguments) -> Document | None:
    """Check the template that a step, a task or the workflow itself refers to.

    :param holder: has ``template``, ``templateRef`` or ``inline``.
    :returns: the template as it is written, None where only a run knows which one it is.
    :raises ManifestError: in Argo's words.
    """
    reference, name = holder.get("templateRef"), holder.get("template", "")
    if reference is not None:
        _check_reference_fields(reference, name)
        if context.lookup is None or any(True for _ in simple_tags(to_json(reference, "TemplateRef"))):
            return None
    elif name and base.template(name) is None:
        raise ManifestError(f"template name '{name}' undefined")
    found = _resolve(context, base, holder)
    if found is None:
        return None
    base, template = found
    policy = template.get("retryStrategy", {}).get("retryPolicy", "")
    if policy not in _RETRY_POLICIES:
        raise ManifestError(f"{policy} is not a valid RetryPolicy")
    _check_template(context, base, template, arguments)
    return template


def _check_reference_fields(reference: Document, name: str) -> None:
    if name:
        raise ManifestError("template name cannot be specified with templateRef")
    if not reference.get("name"):
        raise ManifestError("resource name is required")
    if not reference.get("template"):
        raise ManifestError("template name is required")


def _resolve(context: Context, base: Base, holder: Mapping[str, Any]) -> tuple[Base, Document] | None:
    reference = holder.get("templateRef")
    if reference is not None:
        target = context.find(reference["name"], cluster=reference.get("clusterScope", False))
        base = target or base
    template = _lookup(base if reference is None else target, holder)
    if template is None and reference is not None:
        if PREFIX in reference["template"]:
            return None
        raise ManifestError(f"template reference {reference['name']}.{reference['template']} not found")
    if template is None:
        raise ManifestError("failed to get a template")
    if not kinds_of(template):
        raise ManifestError(f"template '{template.get('name', '')}' type is unknown")
    return base, template


def _lookup(base: Base | None, holder: Mapping[str, Any]) -> Document | None:
    if "inline" in holder:
        inline: Document = holder["inline"]
        return inline
    name = holder["templateRef"]["template"] if "templateRef" in holder else holder.get("template", "")
    return base.template(name) if base is not None and name else None


def _check_template(context: Context, base: Base, template: Document, arguments: Arguments) -> None:
    name = template.get("name", "")
    _check_kind(template, name)
    if "podResources" in template:
        _check_pod_resources(template, name)
    scope = check_inputs(template)
    if any(not container.get("name") for container in template.get("initContainers", ())):
        raise ManifestError("initContainers must all have container name")
    local = _local_variables(template)
    scope.update(local)
    scope.update(_output_paths(template))
    values = {**context.known, **{variable: context.placeholders.next() for variable in local}}
    with under(f"templates.{name} "):
        bound = process(template, arguments, values)
    _check_times(template, bound, name)
    key = f"{base.scope}{name}"
    if key in context.validated:
        return
    context.validated.add(key)
    _check_bound(context, base, scope, template, bound)


def _check_kind(template: Document, name: str) -> None:
    kinds = kinds_of(template)
    if len(kinds) != 1:
        what = "multiple template types specified" if kinds else "template type unspecified"
        raise ManifestError(f"templates.{name} {what}. choose one of: {_KIND_NAMES}")


def _check_pod_resources(template: Document, name: str) -> None:
    if kind_of(template) in {"http", "plugin"}:
        raise ManifestError(f"templates.{name}.podResources is not supported for {title(template)} templates")
    check_pod_resources(f"templates.{name}.podResources", template["podResources"])


def _local_variables(template: Document) -> tuple[str, ...]:
    pod = ("pod.name",) if kind_of(template) in PODS else ()
    return (*pod, *_RETRY_VARIABLES) if "retryStrategy" in template else pod


def _output_paths(template: Document) -> list[str]:
    if not is_leaf(template):
        return []
    found = template.get("outputs", {})
    artifacts = (item for item in found.get("artifacts", ()) if item.get("path"))
    parameters = (item for item in found.get("parameters", ()) if item.get("valueFrom", {}).get("path"))
    return [
        *(f"outputs.artifacts.{item.get('name', '')}.path" for item in artifacts),
        *(f"outputs.parameters.{item.get('name', '')}.path" for item in parameters),
    ]


def _check_times(template: Document, bound: Document, name: str) -> None:
    if template.get("resourceClaims") and kind_of(bound) not in PODS:
        raise ManifestError(
            f"templates.{name}.resourceClaims is not supported for {title(bound)} templates, which do not create a pod"
        )
    for limit in ("timeout", "pendingTimeout"):
        if bound.get(limit) and not is_leaf(bound):
            raise ManifestError(f"{title(bound)} template doesn't support {limit} field")
        if limit == "timeout" and leaf.is_integer(bound.get(limit, "")):
            raise ManifestError(f"{bound.get('name', '')} has invalid duration format in timeout")


def _check_bound(context: Context, base: Base, scope: Scope, template: Document, bound: Document) -> None:
    scope.update(context.known)
    checks = {"steps": steps.check_steps, "dag": dag.check_dag}
    check = checks.get(kind_of(bound))
    if check is not None:
        check(context, base, scope, bound, check_reference)
    else:
        leaf.check_leaf(context, base, scope, bound)
    outputs.check_outputs(context, scope, bound)
    name = bound.get("name", "")
    if "archiveLocation" in bound:
        check_location(f"templates.{name}.archiveLocation", bound["archiveLocation"])
    metrics.check_metrics(template.get("name", ""), bound.get("metrics", {}))
