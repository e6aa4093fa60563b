"""What an event starts: WorkflowEventBindings, decided as Argo's ``server/event/dispatch`` does.

Selectors and arguments see the event alone; the metadata of the workflow may use Argo's functions too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.loops import Item
from airflow_argo.local.names import random_end

LABEL = "workflows.argoproj.io/workflow-event-binding"

T = TypeVar("T")
Environment = dict[str, Any]
Manifest = dict[str, Any]


class DispatchError(Exception):
    """Why a binding could not start what it is there for, in Argo's words."""


def environment(namespace: str, discriminator: str, headers: Iterable[tuple[str, str]], payload: object) -> Environment:
    """Gather what expressions see of an event.

    :param headers: those of the request, names in small letters; only ``x-…`` are seen, the others hold secrets.
    :param payload: the body, of any JSON type; every number is a float to an expression.
    :raises DispatchError: for a number that no float holds.
    """
    metadata: dict[str, list[str]] = {}
    for name, value in headers:
        if name.startswith("x-"):
            metadata.setdefault(name, []).append(value)
    return {
        "namespace": namespace,
        "discriminator": discriminator,
        "metadata": metadata,
        "payload": _with_floats(payload),
    }


def _with_floats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _with_floats(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if number in (float("inf"), float("-inf")):
        problem = "json: cannot unmarshal number into Go value of type float64"
        raise DispatchError(f"failed to create workflow template expression environment: {problem}")
    return number


def is_meant(binding: Mapping[str, Any], env: Environment) -> bool:
    """Tell whether a binding selects the event, and has something to submit.

    :raises DispatchError: if its selector cannot be computed.
    """
    try:
        selected = expr_lang.evaluate_bool(binding["spec"]["event"]["selector"], env)
    except ExpressionError as error:
        raise DispatchError(f"failed to evaluate workflow template expression: {error}") from None
    return selected and "submit" in binding["spec"]


def workflow_of(binding: Mapping[str, Any], env: Environment, template: Mapping[str, Any]) -> Manifest:
    """Build the workflow that a binding submits; it has a name.

    :param template: the WorkflowTemplate or ClusterWorkflowTemplate that the binding refers to.
    :raises DispatchError: if one of its expressions cannot be computed.
    """
    submit = binding["spec"]["submit"]
    reference = submit["workflowTemplateRef"]
    kind = "cluster-workflow-template" if reference.get("clusterScope") else "workflow-template"
    given = template["spec"].get("workflowMetadata") or {}
    metadata: dict[str, Any] = {
        "generateName": f"{reference.get('name', '')}-",
        "labels": {f"workflows.argoproj.io/{kind}": reference.get("name", ""), **(given.get("labels") or {})},
        "annotations": {**(given.get("annotations") or {})},
    }
    _set_metadata(metadata, submit.get("metadata") or {}, env)
    if not metadata.get("name"):
        metadata["name"] = metadata["generateName"] + random_end()
    metadata["labels"][LABEL] = binding["metadata"]["name"]
    parameters = (submit.get("arguments") or {}).get("parameters") or ()
    values = [{"name": each["name"], "value": _value(each, env)} for each in parameters]
    arguments = {"parameters": values} if values else {}
    return {"metadata": metadata, "spec": {"workflowTemplateRef": dict(reference), "arguments": arguments}}


def _set_metadata(metadata: dict[str, Any], wanted: Mapping[str, Any], env: Environment) -> None:
    known = expr_lang.environment(env)
    for field in ("name", "generateName"):
        if wanted.get(field):
            metadata[field] = _text(wanted[field], field, known)
    for field, title in (("labels", "label"), ("annotations", "annotation")):
        for key, expression in (wanted.get(field) or {}).items():
            metadata[field][key] = _text(expression, f'{title} "{key}"', known)


def _text(expression: str, what: str, env: Mapping[str, Any]) -> str:
    problem = f"failed to evaluate workflow {what} expression"
    value: Any = _computed(lambda: expr_lang.evaluate(expression, env), problem)
    if not isinstance(value, str):
        raise DispatchError(f"workflow {what} expression must evaluate to a string, not a {gojson.go_type(value)}")
    return value


def _value(parameter: Mapping[str, Any], env: Environment) -> str:
    name, source = parameter["name"], parameter.get("valueFrom")
    if source is None:
        raise DispatchError(f'malformed workflow template parameter "{name}": valueFrom is nil')
    expression = source.get("event", "")
    _computed(
        lambda: expr_lang.check(expression, env), f"failed to compile workflow template parameter {name} expression"
    )
    problem = f'failed to evaluate workflow template parameter "{name}" expression'
    value = _computed(lambda: expr_lang.evaluate(expression, env), problem)
    problem = f'failed to convert result to JSON "{name}" expression'
    return _computed(lambda: Item(gojson.dumps(value)).text(), problem)


def _computed(compute: Callable[[], T], problem: str) -> T:
    try:
        return compute()
    except ExpressionError as error:
        raise DispatchError(f"{problem}: {error}") from None
