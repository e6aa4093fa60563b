"""What is known while a workflow is validated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_argo.argo.errors import NotFoundError
from airflow_argo.argo.lint.decode import Document, decode
from airflow_argo.argo.lint.placeholders import Placeholders

Lookup = Callable[[str, bool], Mapping[str, Any] | None]

WORKFLOW, TEMPLATE, CLUSTER_TEMPLATE = "Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"
_SCOPES = {WORKFLOW: "local", TEMPLATE: "namespaced", CLUSTER_TEMPLATE: "cluster"}


@dataclass(frozen=True)
class Base:
    """What a template name is looked up in: the workflow, or a WorkflowTemplate that is referred to."""

    kind: str
    name: str
    spec: Document

    @property
    def scope(self) -> str:
        """The name under which Argo remembers what it has validated."""
        return f"{_SCOPES[self.kind]}/{self.name}"

    def template(self, name: str) -> Document | None:
        """Return the template of this name with the pod metadata of all templates, None if there is none."""
        templates: list[Document] = self.spec.get("templates", [])
        found = next((item for item in templates if item.get("name", "") == name), None)
        return None if found is None else self._with_pod_metadata(found)

    def _with_pod_metadata(self, template: Document) -> Document:
        shared = self.spec.get("podMetadata", {})
        metadata = dict(template.get("metadata", {}))
        for part in ("annotations", "labels"):
            if shared.get(part):
                metadata[part] = {**shared[part], **metadata.get(part, {})}
        return {**template, "metadata": metadata}


@dataclass
class Context:
    """One validation: the options, the global variables, and what was validated already.

    :param base: where template names are looked up.
    :param lookup: finds a WorkflowTemplate by name, or a ClusterWorkflowTemplate if the second argument is true. None
        if nobody knows what the server has: references are then taken to be good.
    :param template_only: a WorkflowTemplate is validated on its own, without the workflow that will use it.
    """

    base: Base
    lookup: Lookup | None
    template_only: bool = False
    placeholders: Placeholders = field(default_factory=Placeholders)
    known: dict[str, str] = field(default_factory=dict)
    validated: set[str] = field(default_factory=set)

    def know(self, *names: str) -> None:
        """Add global variables whose values only a run knows."""
        for name in names:
            self.known[name] = self.placeholders.next()

    def find(self, name: str, *, cluster: bool) -> Base | None:
        """Find a WorkflowTemplate."""
        found = self.lookup(name, cluster) if self.lookup else None
        if found is None:
            return None
        kind = CLUSTER_TEMPLATE if cluster else TEMPLATE
        return Base(kind, name, decode(found, "Workflow", (kind, ())).get("spec", {}))

    def get(self, name: str, *, cluster: bool) -> Base:
        """Find a WorkflowTemplate that must be there.

        :raises NotFoundError: with Kubernetes' text.
        """
        base = self.find(name, cluster=cluster)
        if base is None:
            plural = f"{CLUSTER_TEMPLATE if cluster else TEMPLATE}s".lower()
            raise NotFoundError(f'{plural}.argoproj.io "{name}" not found')
        return base


def no_templates(_name: str, _cluster: bool) -> None:
    """Find nothing."""
