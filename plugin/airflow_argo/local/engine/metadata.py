"""What a run leaves on the workflow itself: labels, annotations, conditions, durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.times import epoch

PHASE_LABEL = "workflows.argoproj.io/phase"
COMPLETED_LABEL = "workflows.argoproj.io/completed"

_TEMPLATE_LABEL = "workflows.argoproj.io/workflow-template"
_CLUSTER_TEMPLATE_LABEL = "workflows.argoproj.io/cluster-workflow-template"
_POD_NAMES_ANNOTATION = "workflows.argoproj.io/pod-name-format"


def add_template_label(workflow: dict[str, Any]) -> None:
    """Label a workflow with the WorkflowTemplate it refers to."""
    reference = workflow["spec"].get("workflowTemplateRef")
    if reference:
        label = _CLUSTER_TEMPLATE_LABEL if reference.get("clusterScope") else _TEMPLATE_LABEL
        workflow["metadata"].setdefault("labels", {})[label] = reference["name"]


def mark_pod_names(workflow: dict[str, Any]) -> None:
    """Note how the workflow's pods are named."""
    workflow["metadata"].setdefault("annotations", {})[_POD_NAMES_ANNOTATION] = "v2"


def apply(workflow: dict[str, Any], spec: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, str]:
    """Give a workflow the labels and annotations of its ``workflowMetadata``.

    :returns: the variables that this adds.
    :raises ExpressionError: if a label's expression fails.
    """
    wanted = spec.get("workflowMetadata") or {}
    labels = dict(wanted.get("labels") or {})
    for name, source in (wanted.get("labelsFrom") or {}).items():
        labels[name] = _label(name, source["expression"], {**variables, **_named("labels", labels)})
    annotations = wanted.get("annotations") or {}
    for kind, entries in (("labels", labels), ("annotations", annotations)):
        if entries:
            workflow["metadata"].setdefault(kind, {}).update(entries)
    return {**_named("labels", labels), **_named("annotations", annotations)}


def _named(kind: str, entries: Mapping[str, str]) -> dict[str, str]:
    return {f"workflow.{kind}.{name}": value for name, value in entries.items()}


def _label(name: str, expression: str, variables: Mapping[str, str]) -> str:
    try:
        value = expr_lang.evaluate(expression, expr_lang.environment(variables))
    except ExpressionError as error:
        raise NodeError(f'failed to evaluate label "{name}" expression "{expression}": {error}') from None
    if not isinstance(value, str):
        kind = type(value).__name__
        raise NodeError(
            f'failed to evaluate label "{name}" expression "{expression}" evaluted to {kind} but must be a string'
        )
    return value


def set_condition(status: dict[str, Any], kind: str, value: str) -> None:
    """Set one of the workflow's conditions."""
    conditions = status.setdefault("conditions", [])
    for condition in conditions:
        if condition["type"] == kind:
            condition["status"] = value
            return
    conditions.append({"status": value, "type": kind})


def note_pods(status: dict[str, Any]) -> None:
    """Say that none runs, if nothing has been said of pods: Argo has looked at them by now."""
    if not any(condition["type"] == "PodRunning" for condition in status.get("conditions") or ()):
        set_condition(status, "PodRunning", "False")


def set_duration(variables: dict[str, str], status: Mapping[str, Any], now: float) -> None:
    """Set ``workflow.duration``: the seconds so far, with six decimals."""
    started = status.get("startedAt")
    variables["workflow.duration"] = f"{now - epoch(started) if started else 0.0:f}"
