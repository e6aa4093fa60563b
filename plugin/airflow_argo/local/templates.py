"""WorkflowTemplates and ClusterWorkflowTemplates: stored, checked, and found by those who refer to them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.names import check_metadata, check_namespace, generated
from airflow_argo.local.refusal import Refusal, already_exists, invalid, not_found
from airflow_argo.local.store import NameTakenError, Store


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object that the store keeps.

    :param resource: Kubernetes' plural.
    :param missing: what the Argo Server says of a body without one (seen on v4.1.2).
    """

    name: str
    resource: str
    missing: str


WORKFLOW_TEMPLATE = Kind("WorkflowTemplate", "workflowtemplates", "workflow template was not found in the request body")
CLUSTER_WORKFLOW_TEMPLATE = Kind(
    "ClusterWorkflowTemplate",
    "clusterworkflowtemplates",
    "cluster workflow template was not found in the request body",
)


class Templates:
    """The templates on the server."""

    def __init__(self, store: Store, clock: Callable[[], float]) -> None:
        self._store = store
        self._clock = clock

    @property
    def version(self) -> int:
        """The newest ``resourceVersion``."""
        return self._store.version

    def find(self, namespace: str, name: str, *, cluster_scope: bool = False) -> dict[str, Any] | None:
        """A template by name, or None."""
        if cluster_scope:
            return self._store.get(CLUSTER_WORKFLOW_TEMPLATE.name, "", name)
        return self._store.get(WORKFLOW_TEMPLATE.name, namespace, name)

    def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """A template by name.

        :raises Refusal: HTTP 404.
        """
        template = self._store.get(kind.name, namespace, name)
        if template is None:
            raise not_found(kind.resource, name)
        return template

    def all(self, kind: Kind, namespace: str) -> list[dict[str, Any]]:
        """All of a namespace (or of all namespaces, if empty) by name."""
        return self._store.all(kind.name, namespace)

    def create(self, kind: Kind, namespace: str, template: Mapping[str, Any]) -> dict[str, Any]:
        """Store a new, checked one.

        :raises Refusal: HTTP 400 for bad metadata, 409 if the name is taken.
        """
        metadata = dict(template.get("metadata") or {})
        if namespace:
            check_namespace(namespace, metadata)
        check_metadata(kind.name, metadata)
        metadata.setdefault("name", "")
        metadata["name"] = metadata["name"] or generated(metadata["generateName"])
        metadata.pop("namespace", None)
        if namespace:
            metadata["namespace"] = namespace
        metadata.update(uid=str(uuid.uuid4()), creationTimestamp=rfc3339(self._clock()), generation=1)
        created = {"metadata": metadata, "spec": template["spec"]}
        try:
            self._store.add(kind.name, created)
        except NameTakenError as error:
            raise already_exists(kind.resource, metadata["name"]) from error
        return created

    def update(self, kind: Kind, namespace: str, template: Mapping[str, Any]) -> dict[str, Any]:
        """Replace the one that the template's own metadata names.

        :raises Refusal: HTTP 400 without a resourceVersion, 404, or 409 if it is not the newest.
        """
        metadata = dict(template.get("metadata") or {})
        name = metadata.get("name", "")
        version = metadata.get("resourceVersion")
        if not version:
            problem = "metadata.resourceVersion: Invalid value: 0x0: must be specified for an update"
            raise invalid(f'{kind.name}.argoproj.io "{name}" is invalid: {problem}')
        old = self.get(kind, namespace, name)["metadata"]
        if version != old["resourceVersion"]:
            problem = "the object has been modified; please apply your changes to the latest version and try again"
            where = f'Operation cannot be fulfilled on {kind.resource}.argoproj.io "{name}"'
            raise Refusal("ALREADY_EXISTS", f"{where}: {problem}")
        kept = {key: old[key] for key in ("name", "namespace", "uid", "creationTimestamp") if key in old}
        updated = {"metadata": {**metadata, **kept, "generation": old["generation"] + 1}, "spec": template["spec"]}
        self._store.replace(kind.name, updated)
        return updated

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        """Forget one.

        :raises Refusal: HTTP 404.
        """
        if not self._store.delete(kind.name, namespace, name):
            raise not_found(kind.resource, name)
