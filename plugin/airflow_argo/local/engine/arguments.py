"""Binding a call's arguments to a template's inputs, and filling the template with them (Argo's ``ProcessArgs``)."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.artifacts import has_location
from airflow_argo.local.engine.config_maps import ConfigMapLookup, NotInConfigMapError, parameter_value
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.substitution import EVERYTHING, filled_text, to_json

# Stands in for an argument whose whole value is the output of a skipped node without a default, until the called
# template is known: its input's own default then applies.
ABSENT_ARGUMENT = "__airflow_argo_absent_optional__"

_BODIES = ("container", "script")
_PARAMETER_FIELDS = ("name", "default", "value", "valueFrom", "globalName", "enum", "description")


def parameters_json(parameters: Any) -> str:
    """Write a list of parameters as Go writes its struct: fields in a fixed order, values as text."""
    if parameters is None:
        return "null"
    rows = [{field: row[field] for field in _PARAMETER_FIELDS if row.get(field) is not None} for row in parameters]
    for row in rows:
        row.update({field: gojson.anystring(row[field]) for field in ("default", "value") if field in row})
    return gojson.struct_dumps(rows)


def by_name(entries: Any) -> dict[str, dict[str, Any]]:
    """Index parameters or artifacts by their name; of two of one name the first counts."""
    index: dict[str, dict[str, Any]] = {}
    for entry in entries or ():
        index.setdefault(entry.get("name", ""), entry)
    return index


def bind(
    template: Mapping[str, Any],
    arguments: Mapping[str, Any] | None,
    variables: Mapping[str, Any],
    config_map: ConfigMapLookup,
) -> dict[str, Any]:
    """Give a template's inputs their values: the argument, else the input's own value, else its default.

    :raises NodeError: if an input gets no value.
    """
    inputs = template.get("inputs") or {}
    arguments = arguments or {}
    bound = dict(template)
    if not (inputs.get("parameters") or inputs.get("artifacts")):
        return bound
    bound["inputs"] = dict(inputs)
    if inputs.get("parameters"):
        supplied = by_name(arguments.get("parameters"))
        bound["inputs"]["parameters"] = [
            _bound_parameter(dict(parameter), supplied.get(parameter["name"]), variables, config_map)
            for parameter in inputs["parameters"]
        ]
    if inputs.get("artifacts"):
        artifacts = by_name(arguments.get("artifacts"))
        bound["inputs"]["artifacts"] = [
            _bound_artifact(artifact, artifacts.get(artifact["name"])) for artifact in inputs["artifacts"]
        ]
    return bound


def _bound_parameter(
    parameter: dict[str, Any],
    argument: Mapping[str, Any] | None,
    variables: Mapping[str, Any],
    config_map: ConfigMapLookup,
) -> dict[str, Any]:
    name = parameter["name"]
    if parameter.get("value") is None and parameter.get("default") is not None:
        parameter["value"] = parameter["default"]
    if argument is not None and argument.get("value") == ABSENT_ARGUMENT:
        if parameter.get("value") is None and not parameter.get("valueFrom"):
            reason = "argument references an absent optional (skipped/omitted node output with no default)"
            raise NodeError(f"inputs.parameters.{name}: {reason}")
    elif argument is not None:
        _overwrite(parameter, argument)
    reference = (parameter.get("valueFrom") or {}).get("configMapKeyRef")
    if reference:
        parameter["value"] = _config_map_value(parameter, reference, variables, config_map)
    elif parameter.get("value") is None:
        raise NodeError(f"inputs.parameters.{name} was not supplied")
    for key in ("value", "default"):
        if parameter.get(key) is not None:
            parameter[key] = gojson.anystring(parameter[key])
    return parameter


def _overwrite(parameter: dict[str, Any], argument: Mapping[str, Any]) -> None:
    for key in ("value", "valueFrom"):
        parameter.pop(key, None)
    if argument.get("value") is not None:
        parameter["value"] = argument["value"]
    elif argument.get("valueFrom") is not None:
        parameter["valueFrom"] = argument["valueFrom"]


def _config_map_value(
    parameter: Mapping[str, Any],
    reference: Mapping[str, Any],
    variables: Mapping[str, Any],
    config_map: ConfigMapLookup,
) -> str:
    name, key = (_filled_reference(reference.get(field, ""), variables) for field in ("name", "key"))
    default = parameter["valueFrom"].get("default")
    try:
        return parameter_value(config_map, name, key)
    except NodeError as error:
        if default is None or not isinstance(error, NotInConfigMapError):
            raise NodeError(
                f"unable to retrieve inputs.parameters.{parameter['name']} from ConfigMap: {error}"
            ) from error
    return gojson.anystring(default)


def _filled_reference(text: str, variables: Mapping[str, Any]) -> str:
    try:
        return str(filled_text(to_json(text), variables, EVERYTHING)[1])
    except ExpressionError as error:
        raise NodeError(f"failed to substitute configMapKeyRef: {error}") from error


def _bound_artifact(artifact: Mapping[str, Any], argument: Mapping[str, Any] | None) -> dict[str, Any]:
    name = artifact["name"]
    if not artifact.get("optional") and not has_location(artifact):
        if argument is None:
            raise NodeError(f"inputs.artifacts.{name} was not supplied")
        if not has_location(argument):
            raise NodeError(f"inputs.artifacts.{name} missing location information")
    if argument is None:
        return dict(artifact)
    own = {key: artifact[key] for key in ("path", "mode", "recurseMode") if artifact.get(key) is not None}
    return {**{key: value for key, value in argument.items() if key not in ("path", "mode", "recurseMode")}, **own}


_LATE = re.compile(r"workflow\.(status|duration|failures|outputs)\b")


def filled_template(
    template: Mapping[str, Any], global_variables: Mapping[str, str], local_variables: Mapping[str, str]
) -> dict[str, Any]:
    """Fill a template whose inputs are bound, first with global and local variables, then with its inputs.

    Tags of variables that are not known yet stay as they are.

    :raises ExpressionError: if a tag breaks the template.
    """
    variables: dict[str, Any] = {**global_variables, **local_variables}
    result: dict[str, Any]
    text, result = filled_text(to_json(template), variables)
    if "{{" in text:
        variables.update(_own_variables(result))
        _, result = filled_text(text, variables)
    for kind in _BODIES:
        if kind in result:
            result[kind] = _shared(result[kind], template[kind])
    return result


def _shared(value: Any, source: Any) -> Any:
    """Make a value hold the very parts of its source that it equals: ten thousand nodes have most of them in common."""
    if isinstance(value, dict) and isinstance(source, dict):
        value = {sys.intern(key): _shared(part, source.get(key)) for key, part in value.items()}
    elif isinstance(value, list) and isinstance(source, list):
        value = [_shared(part, source[index]) if index < len(source) else part for index, part in enumerate(value)]
    return source if type(value) is type(source) and value == source else value


def with_late_tags(
    filled: dict[str, Any],
    kind: str,
    template: Mapping[str, Any],
    global_variables: Mapping[str, str],
    local_variables: Mapping[str, str],
) -> dict[str, Any]:
    """Keep the tags of what changes while the workflow runs in what a template's parts or attempts are made of.

    Argo fills these templates anew whenever it looks at the workflow: each part sees the values of its own time.

    :param filled: what ``filled_template`` has made of the template.
    """
    if not _LATE.search(to_json(template)):
        return filled
    early = {name: value for name, value in global_variables.items() if not _LATE.match(name)}
    return {**filled, kind: filled_template(template, early, local_variables)[kind]}


def _own_variables(template: Mapping[str, Any]) -> dict[str, str]:
    inputs, outputs = template.get("inputs") or {}, template.get("outputs") or {}
    variables: dict[str, str] = {}
    for parameter in inputs.get("parameters") or ():
        if parameter.get("value") is not None:
            variables[f"inputs.parameters.{parameter['name']}"] = gojson.anystring(parameter["value"])
    variables["inputs.parameters"] = parameters_json(inputs.get("parameters"))
    for artifact in inputs.get("artifacts") or ():
        if artifact.get("path"):
            variables[f"inputs.artifacts.{artifact['name']}.path"] = artifact["path"]
    for artifact in outputs.get("artifacts") or ():
        if artifact.get("path"):
            variables[f"outputs.artifacts.{artifact['name']}.path"] = artifact["path"]
    for parameter in outputs.get("parameters") or ():
        path = (parameter.get("valueFrom") or {}).get("path")
        if path:
            variables[f"outputs.parameters.{parameter['name']}.path"] = path
    return variables


def without_absent(arguments: Mapping[str, Any] | None, is_absent: Callable[[str], bool]) -> dict[str, Any]:
    """Mark the arguments whose whole value is an absent optional, before tags are filled."""
    marked = dict(arguments or {})
    if marked.get("parameters"):
        marked["parameters"] = [
            {**parameter, "value": ABSENT_ARGUMENT} if _is_absent(parameter, is_absent) else parameter
            for parameter in marked["parameters"]
        ]
    return marked


def _is_absent(parameter: Mapping[str, Any], is_absent: Callable[[str], bool]) -> bool:
    value = parameter.get("value")
    return isinstance(value, str) and is_absent(value)
