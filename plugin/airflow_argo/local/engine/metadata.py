"""What a run leaves on the workflow itself: labels, annotations, conditions, durations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.gojson import go_type, quote
from airflow_argo.argo.labels import value_fault
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
    added: dict[str, str] = {}
    for name, value in (wanted.get("labels") or {}).items():
        _check_label(value, f'label "{quote(name)}"')
        _add("labels", name, value, workflow, added)
    for name, value in (wanted.get("annotations") or {}).items():
        _add("annotations", name, value, workflow, added)
    env = expr_lang.environment({**variables, **added})
    for name, source in (wanted.get("labelsFrom") or {}).items():
        _add("labels", name, _label(name, source["expression"], env), workflow, added)
    return added


def _add(kind: str, name: str, value: str, workflow: dict[str, Any], added: dict[str, str]) -> None:
    workflow["metadata"].setdefault(kind, {})[name] = value
    added[f"workflow.{kind}.{name}"] = value


def _label(name: str, expression: str, env: Mapping[str, Any]) -> str:
    shown = f'expression "{quote(expression)}"'
    label = f'label "{quote(name)}"'
    try:
        expr_lang.check(expression, env)
    except ExpressionError as error:
        raise NodeError(f"failed to compile function for {shown}: {error}") from None
    try:
        value = expr_lang.evaluate(expression, env)
    except ExpressionError as error:
        raise NodeError(f"failed to evaluate {label} {shown}: {error}") from None
    if not isinstance(value, str):
        raise NodeError(f"failed to evaluate {label} {shown} evaluted to {go_type(value)} but must be a string")
    _check_label(value, f"{label} and {shown}")
    return value


def _check_label(value: str, what: str) -> None:
    fault = value_fault(value)
    if fault:
        raise NodeError(f'invalid label value "{quote(value)}" for {what}: {fault}')


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
