"""Outputs: of loops as lists, of steps and DAG templates from their parts, and those exported to the workflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang, gojson, tags
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.artifact_references import resolve_artifact
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.loops import Item
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.scope import Scope


def check_is_named(holder: Mapping[str, Any]) -> None:
    """See whether others can refer to a loop: Argo finds the template of one that has run by its name only.

    :raises NodeError: if the template is inline.
    """
    if holder.get("inline"):
        raise NodeError("failed to get a template")


def aggregate(scope: Scope, prefix: str, workers: Iterable[Node]) -> None:
    """Add the outputs of a loop's nodes as JSON lists, in the order of the items; only what succeeded counts.

    :raises ExpressionError: if a result is not JSON, with Go's message.
    """
    counted = [node for node in workers if not nodes.is_hooked(node) and not nodes.is_retried(node)]
    if not counted:
        return
    counted.sort(key=lambda node: nodes.loop_index(node["name"]))
    results: list[str] = []
    rows: list[dict[str, str]] = []
    columns: dict[str, list[str]] = {}
    for outputs in (node["outputs"] for node in counted if node["phase"] == "Succeeded" and node.get("outputs")):
        row = {entry["name"]: gojson.anystring(entry.get("value")) for entry in outputs.get("parameters") or ()}
        if row:
            rows.append(row)
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
        if outputs.get("result") is not None:
            gojson.loads(outputs["result"])
            results.append(Item(outputs["result"].strip()).json())
    scope.set(f"{prefix}.outputs.result", "[" + ",".join(results) + "]")
    scope.set(f"{prefix}.outputs.parameters", gojson.dumps(rows))
    for name, values in columns.items():
        scope.set(f"{prefix}.outputs.parameters.{name}", _value_list(values))


def _value_list(values: list[str]) -> str:
    """Write a list of texts; if all are JSON objects or lists, a list of those."""
    parsed = []
    for value in values:
        try:
            parsed.append(gojson.loads(value, number=gojson.float_number))
        except ExpressionError:
            return gojson.dumps(values)
        if not isinstance(parsed[-1], (dict, list)):
            return gojson.dumps(values)
    return gojson.dumps(parsed)


def template_outputs(template: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
    """Work out the declared outputs of a steps or DAG template.

    :raises ExpressionError: if one cannot be resolved and has no default.
    """
    declared = template.get("outputs") or {}
    if not (declared.get("parameters") or declared.get("artifacts") or declared.get("result")):
        return None
    outputs: dict[str, Any] = {}
    if declared.get("parameters"):
        outputs["parameters"] = [_output_parameter(parameter, scope) for parameter in declared["parameters"]]
    if declared.get("artifacts"):
        found = (_output_artifact(artifact, scope) for artifact in declared["artifacts"])
        outputs["artifacts"] = [artifact for artifact in found if artifact is not None]
    return outputs


def _output_parameter(parameter: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    source = parameter.get("valueFrom")
    if source is None:
        raise NodeError("output parameters must have a valueFrom specified")
    default = source.get("default")
    try:
        value, absent = _resolved(source, scope)
    except ExpressionError:
        if default is None:
            raise
        value, absent = default, False
    if absent and default is not None:
        value = default
    if value is None:
        name, reference = gojson.quote(parameter["name"]), gojson.quote(source.get("parameter", ""))
        reason = "is an absent optional (skipped/omitted node output with no default)"
        raise NodeError(f'output parameter "{name}": "{reference}" {reason}')
    result = {key: entry for key, entry in parameter.items() if key != "valueFrom"}
    result["value"] = value if isinstance(value, str) else expr_lang.go_text(value)
    return result


def _resolved(source: Mapping[str, Any], scope: Scope) -> tuple[Any, bool]:
    expression, reference = source.get("expression"), source.get("parameter")
    if expression:
        value = expr_lang.evaluate(expression, expr_lang.environment(scope.values))
        if value is None:
            raise NodeError(f'failed to evaluate expression "{gojson.quote(expression)}"')
        return value, False
    if not reference:
        return "", False
    tag, value = tags.resolve(reference, scope.values)
    return value, tag in scope.absent


def _output_artifact(artifact: Mapping[str, Any], scope: Scope) -> dict[str, Any] | None:
    if not (artifact.get("from") or artifact.get("fromExpression")):
        return None
    try:
        found = resolve_artifact(artifact, scope)
    except ExpressionError as error:
        if artifact.get("optional") and "Unable to resolve" in str(error):
            return None
        raise NodeError(f"unable to resolve outputs from scope: {error}") from None
    return {**found, "name": artifact["name"]}


def export(status: dict[str, Any], outputs: Mapping[str, Any] | None, global_variables: dict[str, str]) -> None:
    """Export a node's outputs that have a ``globalName`` to the workflow's outputs and variables; the last one wins."""
    for parameter in (outputs or {}).get("parameters") or ():
        name = parameter.get("globalName")
        if not name:
            continue
        value = parameter.get("value")
        if value is not None or parameter.get("default") is not None or parameter.get("valueFrom"):
            shown = value if value is not None else parameter.get("default")
            global_variables[f"workflow.outputs.parameters.{name}"] = gojson.anystring(shown)
        exported = {"name": name, "value": value} if value is not None else {"name": name}
        _put(status, "parameters", exported)
    for artifact in (outputs or {}).get("artifacts") or ():
        if artifact.get("globalName"):
            exported = {key: entry for key, entry in artifact.items() if key not in ("globalName", "path")}
            _put(status, "artifacts", {**exported, "name": artifact["globalName"]})


def _put(status: dict[str, Any], kind: str, entry: dict[str, Any]) -> None:
    entries = status.setdefault("outputs", {}).setdefault(kind, [])
    for position, known in enumerate(entries):
        if known.get("name") == entry["name"]:
            if kind == "artifacts" or entry.get("value") is not None:
                entries[position] = json.loads(json.dumps(entry))
            return
    entries.append(json.loads(json.dumps(entry)))
