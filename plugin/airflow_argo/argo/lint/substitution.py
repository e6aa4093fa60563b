"""A template with its inputs bound and its tags replaced, as Argo does before it looks at it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.arguments import Arguments
from airflow_argo.argo.lint.artifacts import has_location_or_key
from airflow_argo.argo.lint.decode import Document, decode
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.tags import replace

Values = Mapping[str, str]


def process(template: Document, arguments: Arguments, values: Values) -> Document:
    """Bind a template's inputs and replace the tags whose values are known.

    :param values: the global and local variables.
    :raises ManifestError: in Argo's words, for an input that is not supplied and for tags that cannot be replaced.
    """
    inputs = template.get("inputs", {})
    parameters = [_bound(parameter, arguments) for parameter in inputs.get("parameters", ())]
    artifacts = [_bound_artifact(artifact, arguments) for artifact in inputs.get("artifacts", ())]
    bound = {**template, "inputs": {"parameters": parameters, "artifacts": artifacts}}
    return _substituted(bound, values)


def _bound(parameter: Document, arguments: Arguments) -> Document:
    name = parameter.get("name", "")
    bound = dict(parameter)
    if "value" not in bound and "default" in bound:
        bound["value"] = bound["default"]
    argument = arguments.parameter(name)
    if argument is not None:
        for key in ("value", "valueFrom"):
            bound.pop(key, None)
        key = "value" if "value" in argument else "valueFrom"
        if key in argument:
            bound[key] = argument[key]
    if "value" not in bound and "configMapKeyRef" not in bound.get("valueFrom", {}):
        raise ManifestError(f"inputs.parameters.{name} was not supplied")
    return bound


def _bound_artifact(artifact: Document, arguments: Arguments) -> Document:
    name = artifact.get("name", "")
    argument = arguments.artifact(name)
    if argument is None:
        if not artifact.get("optional") and not has_location_or_key(artifact):
            raise ManifestError(f"inputs.artifacts.{name} was not supplied")
        return artifact
    own = {"path", "mode", "recurseMode"}
    given = {key: item for key, item in argument.items() if key not in own}
    return given | {key: item for key, item in artifact.items() if key in own}


def _substituted(template: Document, values: Values) -> Document:
    first = replace(to_json(template, "Template"), values)
    replaced = decode(json.loads(first), "Template")
    local = {**values, **_input_values(replaced), **_paths(replaced)}
    second = replace(first, local)
    return decode(json.loads(second), "Template")


def _input_values(template: Document) -> dict[str, str]:
    parameters: list[Document] = template.get("inputs", {}).get("parameters", [])
    found: dict[str, str] = {
        f"inputs.parameters.{item['name']}": item["value"] for item in parameters if "value" in item
    }
    listed = ",".join(to_json(item, "Parameter") for item in parameters)
    return {**found, "inputs.parameters": f"[{listed}]" if parameters else "null"}


def _paths(template: Document) -> dict[str, str]:
    found: dict[str, str] = {}
    for side in ("inputs", "outputs"):
        for artifact in template.get(side, {}).get("artifacts", ()):
            if artifact.get("path"):
                found[f"{side}.artifacts.{artifact['name']}.path"] = artifact["path"]
    for parameter in template.get("outputs", {}).get("parameters", ()):
        path = parameter.get("valueFrom", {}).get("path")
        if path:
            found[f"outputs.parameters.{parameter['name']}.path"] = path
    return found
