"""Events that are sent to the server: which bindings they meet, and the workflows that these submit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.admission import Admission
from airflow_argo.local.controller import Controller
from airflow_argo.local.event_dispatch import DispatchError, Environment, environment, is_meant, workflow_of
from airflow_argo.local.objects import Objects
from airflow_argo.local.refusal import Refusal, not_found
from airflow_argo.local.templates import CLUSTER_WORKFLOW_TEMPLATE, WORKFLOW_TEMPLATE


class Events:
    """Receives events.

    :param objects: holds the WorkflowEventBindings.
    """

    def __init__(self, objects: Objects, admission: Admission, controller: Controller) -> None:
        self._objects = objects
        self._admission = admission
        self._controller = controller

    @property
    def version(self) -> int:
        """The newest ``resourceVersion``."""
        return self._controller.version

    def bindings(self, namespace: str) -> list[dict[str, Any]]:
        """All WorkflowEventBindings of a namespace, or of all if it is empty, by name.

        :raises Refusal: HTTP 500, naming the file, if one cannot be read.
        """
        try:
            return self._objects.event_bindings(namespace)
        except ManifestError as error:
            raise Refusal("INTERNAL", str(error)) from error

    def receive(self, namespace: str, discriminator: str, headers: Iterable[tuple[str, str]], payload: object) -> None:
        """Submit what the bindings of a namespace submit for an event; one that fails does not keep others from it.

        :param headers: those of the request, names in small letters.
        :param payload: any JSON value.
        :raises Refusal: HTTP 500 with all that went wrong, in Argo's words.
        """
        bindings = self.bindings(namespace)
        try:
            env = environment(namespace, discriminator, headers, payload)
        except DispatchError as error:
            raise Refusal("INTERNAL", str(error)) from error
        failures = [failure for binding in bindings if (failure := self._failure_of(binding, namespace, env))]
        if failures:
            raise Refusal("INTERNAL", f"failed to dispatch event: [{' '.join(failures)}]")

    def _failure_of(self, binding: dict[str, Any], namespace: str, env: Environment) -> str:
        try:
            if is_meant(binding, env):
                self._submit(binding, namespace, env)
        except DispatchError as error:
            return str(error)
        return ""

    def _submit(self, binding: dict[str, Any], namespace: str, env: Environment) -> None:
        manifest = workflow_of(
            binding, env, self._template(binding["spec"]["submit"]["workflowTemplateRef"], namespace)
        )
        try:
            self._controller.create(self._admission.stored_as_it_is(manifest, namespace))
        except Refusal as refusal:
            raise DispatchError(f"failed to create workflow: {refusal.message}") from refusal

    def _template(self, reference: dict[str, Any], namespace: str) -> dict[str, Any]:
        name, cluster_scope = reference.get("name", ""), bool(reference.get("clusterScope"))
        found = self._admission.templates.find(namespace, name, cluster_scope=cluster_scope)
        if found is None:
            kind = CLUSTER_WORKFLOW_TEMPLATE if cluster_scope else WORKFLOW_TEMPLATE
            problem = not_found(kind.resource, name).message if name else "resource name may not be empty"
            raise DispatchError(f"failed to get workflow template: {problem}")
        return found
