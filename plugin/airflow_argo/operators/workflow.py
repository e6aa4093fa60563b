"""Runs a workflow that is written as a manifest, or that is on the server as a template."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from airflow_argo.argo.errors import ManifestError
from airflow_argo.operators.base import ArgoOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

WorkflowSource: TypeAlias = "Mapping[str, Any] | str | Path | Callable[..., Any] | object"


class ArgoWorkflowOperator(ArgoOperator):
    """Submits a workflow, waits for it, and hands on what its loops' workers gave.

    The manifest is not templated, for Argo's ``{{…}}`` would not survive Jinja: give it values through ``parameters``,
    or make it in a callable.

    :param workflow: a manifest as a dict, as YAML text, as the path of a YAML file (a relative one is looked up beside
        the DAG's file), a Hera workflow, or a callable that gives one of these; it may take what Airflow's context has
        by name, such as ``params``.
    :param workflow_template: in its place, the name of a WorkflowTemplate that is on the server.
    :param cluster_scope: whether the template is a ClusterWorkflowTemplate.
    :raises ManifestError: in ``execute``, before anything is submitted, for what Argo would refuse or never finish.
    """

    def __init__(
        self,
        *,
        workflow: WorkflowSource | None = None,
        workflow_template: str = "",
        cluster_scope: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if (workflow is None) == (not workflow_template):
            raise ManifestError("give either 'workflow' or 'workflow_template'", path=str(self.task_id))
        self.workflow = workflow
        self.workflow_template = workflow_template
        self.cluster_scope = cluster_scope

    def make_manifest(self, context: Context) -> dict[str, Any]:
        """The manifest with its parameters filled in."""
        from airflow_argo.argo import manifest
        from airflow_argo.argo.lint.decode import decode_workflow

        if self.workflow_template:
            return self._reference(context)
        source = self.workflow
        if callable(source) and not hasattr(source, "to_dict"):
            source = _called(source, context)
        made = manifest.read(self._beside_the_dag(source))
        decode_workflow(made)
        declared = {
            parameter.get("name") for parameter in (made["spec"].get("arguments") or {}).get("parameters") or ()
        }
        return manifest.with_parameters(made, {**self._forwarded(context, declared), **(self.parameters or {})})

    def _reference(self, context: Context) -> dict[str, Any]:
        from airflow_argo.argo.manifest import parameter_text

        # Argo ignores arguments that the template does not declare, so all of the DAG's params may go along.
        values = {**self._forwarded(context, set(context["params"])), **(self.parameters or {})}
        reference: dict[str, Any] = {"name": self.workflow_template}
        if self.cluster_scope:
            reference["clusterScope"] = True
        parameters = [
            {"name": name, "value": parameter_text(value, path=f"parameters.{name}")} for name, value in values.items()
        ]
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {},
            "spec": {"workflowTemplateRef": reference, "arguments": {"parameters": parameters}},
        }

    def _forwarded(self, context: Context, declared: set[Any]) -> dict[str, Any]:
        if not self.forward_params:
            return {}
        return {name: value for name, value in context["params"].items() if name in declared and value is not None}

    def _beside_the_dag(self, source: Any) -> Any:
        """A relative path is one beside the DAG's file, wherever the worker happens to run."""
        from airflow_argo.argo.manifest_source import is_path

        if not is_path(source) or Path(source).is_absolute():
            return source
        return Path(self.dag.folder, source) if getattr(self.dag, "fileloc", "") else Path(source)


def _called(function: Callable[..., Any], context: Context) -> Any:
    """Call a function with what it asks for of the context, as Airflow calls the function of a PythonOperator."""
    from airflow.sdk.bases.decorator import determine_kwargs

    return function(**determine_kwargs(function, (), context))
