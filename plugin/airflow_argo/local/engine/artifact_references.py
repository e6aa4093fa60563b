"""Artifacts that refer to others: ``from``, ``fromExpression`` and ``subPath``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang, tags
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.artifacts import joined, key_of, kind_of, with_key
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.substitution import filled_text, to_json

# How Go prints an artifact that is not given: its fields, those that hold a location apart.
_BEFORE_LOCATION = ("Name", "Path", "Mode", "From")
_LOCATIONS = ("ArchiveLogs", "S3", "Git", "HTTP", "Artifactory", "HDFS", "Raw", "OSS", "GCS", "Azure", "Plugin")


def resolve_artifact(artifact: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Find the artifact that ``from`` or ``fromExpression`` names.

    :raises ExpressionError: if it is not there or is no artifact.
    """
    expression = artifact.get("fromExpression")
    if expression:
        found = expr_lang.evaluate(expression, expr_lang.environment(scope.values))
    else:
        found = tags.resolve(artifact["from"], scope.values)[1]
    if not isinstance(found, Mapping):
        raise NodeError(f"Variable {{{{{_go_text(artifact)}}}}} is not an artifact")
    if not artifact.get("subPath"):
        return dict(found)
    return _below(found, str(artifact["subPath"]), scope)


def _below(found: Mapping[str, Any], sub_path: str, scope: Scope) -> dict[str, Any]:
    filled = filled_text(to_json(sub_path), scope.parameters({}))[1]
    if kind_of(found) is None and found.get("optional"):
        return dict(found)
    return with_key(found, joined(key_of(found), str(filled)))


def resolved_by_step(arguments: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Replace the artifacts of a step's or a hook's arguments; an optional one that cannot be found is left out.

    :raises NodeError: ``unable to resolve references: …``
    """
    return _resolved(arguments, scope, "unable to resolve references: ", forgives="")


def resolved_by_task(arguments: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Replace the artifacts of a task's arguments; an optional one that is not there is left out.

    :raises NodeError: the reason alone, as DAGs have it.
    """
    return _resolved(arguments, scope, "", forgives="Unable to resolve")


def _resolved(arguments: dict[str, Any], scope: Scope, prefix: str, *, forgives: str) -> dict[str, Any]:
    if not arguments.get("artifacts"):
        return arguments
    found = []
    for artifact in arguments["artifacts"]:
        if not (artifact.get("from") or artifact.get("fromExpression")):
            found.append(artifact)
            continue
        try:
            found.append({**resolve_artifact(artifact, scope), "name": artifact["name"]})
        except ExpressionError as error:
            if not (artifact.get("optional") and forgives in str(error)):
                raise NodeError(f"{prefix}{error}") from None
    return {**arguments, "artifacts": found}


def _go_text(artifact: Mapping[str, Any]) -> str:
    """Print an artifact as Go's ``%v`` does; Argo's message holds it (seen on v4.1.2)."""

    def text(field: str) -> str:
        value = artifact.get(field[:1].lower() + field[1:])
        if isinstance(value, bool):
            return str(value).lower()
        return "" if value is None else str(value)

    fields = [f"{name}:{text(name) or ('nil' if name == 'Mode' else '')}" for name in _BEFORE_LOCATION]
    fields.append("ArtifactLocation:ArtifactLocation{" + "".join(f"{name}:nil," for name in _LOCATIONS) + "}")
    fields += [f"GlobalName:{text('GlobalName')}", "Archive:nil", f"Optional:{text('Optional') or 'false'}"]
    fields += [f"SubPath:{text('SubPath')}", f"RecurseMode:{text('RecurseMode') or 'false'}"]
    fields += [f"FromExpression:{text('FromExpression')}", "ArtifactGC:nil", "Deleted:false"]
    return "&Artifact{" + "".join(f"{field}," for field in fields) + "}"
