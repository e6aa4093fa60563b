"""The outputs of a template."""

from __future__ import annotations

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.artifacts import clean_path
from airflow_argo.argo.lint.context import Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.kinds import is_leaf, kind_of, title
from airflow_argo.argo.lint.names import check_names, is_parameter, parameter_name_faults
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.scope import Scope, check_tags

_SOURCES = ("path", "jqFilter", "jsonPath", "parameter", "expression")
_SOURCE_NAMES = "path, jqFilter, jsonPath, parameter, raw"


def check_outputs(context: Context, scope: Scope, template: Document) -> None:
    """Check a template's outputs, its tags replaced."""
    name, outputs = template.get("name", ""), template.get("outputs", {})
    parameters, artifacts = outputs.get("parameters", ()), outputs.get("artifacts", ())
    for kind, items in (("parameters", parameters), ("artifacts", artifacts)):
        with under(f"templates.{name}.outputs.{kind} "):
            check_names(items, parameters=True)
    with under(f"templates.{name}.outputs "):
        check_tags(scope, context.known, to_json(outputs, "Outputs"), lenient_parameters=context.template_only)
    for artifact in artifacts:
        _check_artifact(template, artifact, f"templates.{name}.outputs.artifacts.{artifact['name']}")
    for parameter in parameters:
        place = f"templates.{name}.outputs.parameters.{parameter['name']}"
        fault = _source_fault(place, parameter) or _kind_fault(place, parameter, template)
        if fault:
            raise ManifestError(fault)
        _check_global_name(place, parameter)


def _check_artifact(template: Document, artifact: Document, place: str) -> None:
    if is_leaf(template):
        with under(f"error in {place}: "):
            clean_path(artifact)
    elif artifact.get("path"):
        raise ManifestError(f"{place}.path only valid in container/script templates")
    _check_global_name(place, artifact)


def _check_global_name(place: str, output: Document) -> None:
    name = output.get("globalName", "")
    if name and not is_parameter(name):
        fault = parameter_name_faults(name)
        if fault:
            raise ManifestError(f"{place}.globalName: {fault}")


def _source_fault(place: str, parameter: Document) -> str:
    source = parameter.get("valueFrom")
    if "value" in parameter:
        return f"{place} has both valueFrom and value specified, choose one" if source is not None else ""
    if source is None:
        return f"{place} does not have valueFrom or value specified"
    count = sum(bool(source.get(kind)) for kind in _SOURCES) + ("supplied" in source)
    if count == 0:
        return f"valueFrom type unspecified. choose one of: {_SOURCE_NAMES}, expression"
    return f"multiple valueFrom types specified. choose one of: {_SOURCE_NAMES}" if count > 1 else ""


def _kind_fault(place: str, parameter: Document, template: Document) -> str:
    source, kind = parameter.get("valueFrom"), kind_of(template)
    if source is None:
        return ""
    if kind in {"container", "containerSet", "script"} and not source.get("path"):
        return f"{place}.path must be specified for {title(template)} templates"
    if kind == "resource" and not source.get("jqFilter") and not source.get("jsonPath"):
        return f"{place} .jqFilter or jsonPath must be specified for {title(template)} templates"
    if kind in {"dag", "steps"} and not source.get("parameter") and not source.get("expression"):
        return f"{place}.parameter or expression must be specified for {title(template)} templates"
    return ""
