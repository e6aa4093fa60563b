"""The inputs of a template."""

from __future__ import annotations

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.artifacts import check_location, clean_path
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.kinds import is_leaf
from airflow_argo.argo.lint.names import check_names
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.scope import Scope


def check_inputs(template: Document) -> Scope:
    """Check a template's inputs and return the variables they make."""
    name, inputs = template.get("name", ""), template.get("inputs", {})
    parameters, artifacts = inputs.get("parameters", ()), inputs.get("artifacts", ())
    for kind, items in (("parameters", parameters), ("artifacts", artifacts)):
        with under(f"templates.{name}.inputs.{kind}"):
            check_names(items, parameters=True)
    scope = {f"inputs.parameters.{parameter['name']}" for parameter in parameters}
    if parameters:
        scope.add("inputs.parameters")
    for artifact in artifacts:
        variable = f"inputs.artifacts.{artifact['name']}"
        scope.add(variable)
        scope.update(_path_variables(template, artifact, f"templates.{name}.{variable}", variable))
        if artifact.get("from"):
            raise ManifestError(f"templates.{name}.{variable}.from not valid in inputs")
        check_location(f"templates.{name}.{variable}", artifact)
    return scope


def _path_variables(template: Document, artifact: Document, place: str, variable: str) -> list[str]:
    if is_leaf(template):
        with under(f"error in {place}: "):
            clean_path(artifact)
        return [f"{variable}.path"]
    if artifact.get("path"):
        raise ManifestError(f"{place}.path only valid in container/script templates")
    return []
