"""Tags that are left when a pod is made, such as those that another's result brought: Argo fills the pod, too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import UnclosedTagError
from airflow_argo.local.engine.substitution import filled, to_json

# What is in the pod itself; it finds the rest in the text of the template that it is given.
_OF_THE_POD = ("initContainers", "container", "script", "sidecars", "volumes")


def with_left_tags_filled(template: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    """Fill what is left, with the global variables, the pod's name and the template's inputs.

    :raises ExpressionError: where the template, a text in a text there, is none any more with the values in it.
    """
    inputs = template.get("inputs") or {}
    given = {key: value for key, value in inputs.items() if key != "parameters"}
    text = to_json({**template, "inputs": given})
    if "{{" not in text:
        return dict(template)
    parameters = inputs.get("parameters") or ()
    values = {f"inputs.parameters.{each['name']}": gojson.anystring(each.get("value")) for each in parameters}
    variables = {**variables, **values}
    inner = _filled(text, variables)
    found = dict(template)
    if inner != text:
        found = gojson.loads(inner)
        found["inputs"] = {**found["inputs"], "parameters": parameters}
    return {**found, **_pod(template, found, variables)}


def _pod(template: Mapping[str, Any], found: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    pod = {field: _filled(template[field], variables) for field in _OF_THE_POD if field in template}
    if "script" in pod:
        pod["script"] = {**pod["script"], "source": found["script"].get("source", "")}
    if "containerSet" in template:
        containers = _filled(template["containerSet"]["containers"], variables)
        pod["containerSet"] = {**template["containerSet"], "containers": containers}
    return pod


def _filled(value: Any, variables: Mapping[str, str]) -> Any:
    try:
        return filled(value, variables)
    except UnclosedTagError:
        return value  # In the pod, something is sure to follow that ends it.
