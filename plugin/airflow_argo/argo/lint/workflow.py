"""A whole workflow, validated as the Argo Server does when one is created."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.lint.arguments import Anything, Arguments, Given, check_arguments, merge
from airflow_argo.argo.lint.context import Base, Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.hooks import check_hooks
from airflow_argo.argo.lint.names import MAX_OBJECT_NAME, check_names, is_parameter, size
from airflow_argo.argo.lint.places import at, under
from airflow_argo.argo.lint.resources import check_plugins, check_pod_resources
from airflow_argo.argo.lint.scope import ANY_OUTPUT_ARTIFACT
from airflow_argo.argo.lint.templates import check_reference

_POD_GC = ("", "OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess")
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_RUN = ("workflow.name", "workflow.namespace", "workflow.mainEntrypoint", "workflow.serviceAccountName", "workflow.uid")


def check_workflow(context: Context, workflow: Document, *, allow_empty: bool) -> None:
    """Check a decoded Workflow.

    :param allow_empty: whether workflow arguments may have no value.
    :raises ManifestError: in Argo's words, for the first thing that is wrong, in Argo's order.
    :raises NotFoundError: if the WorkflowTemplate that the workflow is made of is not there.
    """
    spec, metadata = workflow.get("spec", {}), workflow.get("metadata", {})
    context.know(*_RUN)
    name = metadata.get("name", "")
    if size(name) > MAX_OBJECT_NAME:
        raise ManifestError(
            f'workflow name "{gojson.quote(name)}" must not be more than {MAX_OBJECT_NAME} characters long'
            f" (currently {size(name)})"
        )
    target = _target(context, spec)
    arguments = _arguments(spec, target)
    with under("spec.templates"):
        check_names(spec.get("templates", ()), parameters=False)
    check_plugins(spec.get("executorPlugins", ()))
    check_arguments("spec.arguments.", arguments, allow_empty=allow_empty)
    _know_globals(context, workflow, target, arguments)
    if target is not None or "workflowTemplateRef" not in spec:
        _check_entrypoint(context, spec, target, arguments)
        _check_on_exit(context, spec, target)
    _check_rest(context, spec, target)


def _target(context: Context, spec: Document) -> Base | None:
    reference = spec.get("workflowTemplateRef")
    if reference is None:
        return None
    if spec.get("templates"):
        raise ManifestError("Templates is invalid field in spec if workflow referred WorkflowTemplate reference")
    if context.lookup is None:
        return None
    return context.get(reference.get("name", ""), cluster=reference.get("clusterScope", False))


def _arguments(spec: Document, target: Base | None) -> Document:
    own: Document = spec.get("arguments", {})
    if target is None:
        return own
    theirs = target.spec.get("arguments", {})
    return {kind: merge(own.get(kind, ()), theirs.get(kind, ())) for kind in ("parameters", "artifacts")}


def _know_globals(context: Context, workflow: Document, target: Base | None, arguments: Document) -> None:
    parameters = arguments.get("parameters", ())
    if parameters:
        context.know("workflow.parameters", "workflow.parameters.json")
    for parameter in parameters:
        value = parameter.get("value")
        context.known[f"workflow.parameters.{parameter['name']}"] = (
            context.placeholders.next() if value is None else value
        )
    for kind in ("annotations", "labels"):
        context.know(*(f"workflow.{kind}.{key}" for key in _metadata_keys(workflow, target, kind)))
        context.know(f"workflow.{kind}", f"workflow.{kind}.json")
    if "priority" in workflow.get("spec", {}):
        context.known["workflow.priority"] = str(workflow["spec"]["priority"])
    context.know("workflow.status")


def _metadata_keys(workflow: Document, target: Base | None, kind: str) -> Iterator[str]:
    yield from workflow.get("metadata", {}).get(kind, ())
    for spec in (workflow.get("spec", {}), target.spec if target else {}):
        metadata = spec.get("workflowMetadata", {})
        yield from metadata.get(kind, ())
        if kind == "labels":
            yield from metadata.get("labelsFrom", ())


def _holder(spec: Document, template: str) -> Mapping[str, Any]:
    reference = spec.get("workflowTemplateRef")
    return {"template": template} if reference is None else {"templateRef": {**reference, "template": template}}


def _check_entrypoint(context: Context, spec: Document, target: Base | None, arguments: Document) -> None:
    entrypoint = spec.get("entrypoint") or (target.spec.get("entrypoint", "") if target else "")
    if not entrypoint and context.template_only:
        return
    if not entrypoint:
        raise ManifestError("spec.entrypoint is required")
    given: Arguments = Anything(context.placeholders) if context.template_only else Given(arguments)
    with at("spec.entrypoint"):
        check_reference(context, context.base, _holder(spec, entrypoint), given)


def _check_on_exit(context: Context, spec: Document, target: Base | None) -> None:
    handler = spec.get("onExit") or (target.spec.get("onExit", "") if target else "")
    if not handler:
        return
    context.know("workflow.failures")
    templates = [*spec.get("templates", ()), *(target.spec.get("templates", ()) if target else ())]
    artifacts = (item for template in templates for item in template.get("outputs", {}).get("artifacts", ()))
    if any(is_parameter(artifact.get("globalName", "")) for artifact in artifacts):
        context.known[ANY_OUTPUT_ARTIFACT] = "true"
    with at("spec.onExit"):
        check_reference(context, context.base, _holder(spec, handler), Given(spec.get("arguments", {})))


def _check_rest(context: Context, spec: Document, target: Base | None) -> None:
    check_hooks(spec.get("hooks", {}), "hooks")
    collection = spec.get("podGC", {})
    strategy = collection.get("strategy", "")
    if strategy not in _POD_GC:
        raise ManifestError(f"podGC.strategy unknown strategy '{strategy}'")
    for expression in collection.get("labelSelector", {}).get("matchExpressions", ()):
        operator = expression.get("operator", "")
        if operator not in _OPERATORS:
            raise ManifestError(f'podGC.labelSelector invalid: "{operator}" is not a valid label selector operator')
    check_pod_resources("spec.podResources", spec.get("podResources", {}))
    for template in (target.spec if target else spec).get("templates", ()):
        name = template.get("name", "")
        with under(f"templates.{name} "):
            check_reference(context, context.base, _holder(spec, name), Anything(context.placeholders))
