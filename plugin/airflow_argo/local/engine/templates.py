"""Finding the template that a step, task or hook names, in the workflow or in a WorkflowTemplate."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.merging import template_type

TemplateLookup: TypeAlias = Callable[[str, bool], "Mapping[str, Any] | None"]
"""Looks up a WorkflowTemplate (or, if True, a ClusterWorkflowTemplate) by its name."""


class Templates:
    """The templates that a workflow can reach.

    A *scope* says where a template's own references are looked up: ``local/WORKFLOW``, ``namespaced/TEMPLATE`` or
    ``cluster/TEMPLATE``. What comes from outside the workflow is stored in its ``status.storedTemplates`` when it is
    first used, so that a later change of the WorkflowTemplate does not reach a running workflow.
    """

    def __init__(self, workflow: dict[str, Any], spec: Mapping[str, Any], lookup: TemplateLookup) -> None:
        # Argo executes a spec that was joined with a WorkflowTemplate's under no name.
        name = "" if workflow["spec"].get("workflowTemplateRef") else workflow["metadata"]["name"]
        self.local_scope = f"local/{name}"
        self._status = workflow["status"]
        self._local = {template.get("name"): template for template in spec.get("templates") or ()}
        self._lookup = lookup

    def resolve(self, scope: str, holder: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Find the template that a holder names, and the scope that its own references are looked up in.

        :raises NodeError: in Argo's words, if there is none.
        """
        reference = holder.get("templateRef")
        key = _storage_key(scope, holder)
        stored = (self._status.get("storedTemplates") or {}).get(key) if key else None
        template = stored if stored is not None else self._find(scope, holder)
        if key and stored is None:
            self._store(key, template)
            self._store_inline(f"{_scope_of(reference)}" if reference else scope, template)
        if not template_type(template):
            raise NodeError(f"template '{template.get('name', '')}' type is unknown")
        return (_scope_of(reference) if reference else scope), template

    def _find(self, scope: str, holder: Mapping[str, Any]) -> dict[str, Any]:
        if holder.get("inline") is not None:
            return dict(holder["inline"])
        reference = holder.get("templateRef")
        if reference:
            source = self._referenced(reference["name"], bool(reference.get("clusterScope")))
            name, missing = reference.get("template", ""), f" in workflow template {reference['name']}"
        else:
            source, name, missing = self._of_scope(scope), holder.get("template") or "", ""
        if not name and not reference:
            raise NodeError("failed to get a template")
        if name not in source:
            raise NodeError(f"template {name} not found{missing}")
        return dict(source[name])

    def _of_scope(self, scope: str) -> dict[Any, Any]:
        if scope == self.local_scope:
            return self._local
        kind, _, name = scope.partition("/")
        return self._referenced(name, kind == "cluster")

    def _referenced(self, name: str, cluster_scope: bool) -> dict[Any, Any]:
        found = self._lookup(name, cluster_scope)
        if found is None:
            raise NodeError(f"workflow template {name} not found")
        return {template.get("name"): template for template in (found.get("spec") or {}).get("templates") or ()}

    def _store(self, key: str, template: Mapping[str, Any]) -> None:
        self._status.setdefault("storedTemplates", {}).setdefault(key, copy.deepcopy(dict(template)))

    def _store_inline(self, scope: str, template: Mapping[str, Any]) -> None:
        """Store the inline bodies of a referenced template: they are found again by the step's name alone."""
        if scope == self.local_scope:
            return
        holders = [step for group in template.get("steps") or () for step in group]
        holders += (template.get("dag") or {}).get("tasks") or ()
        for holder in holders:
            if holder.get("inline") is not None:
                self._store(f"{scope}/inline/{holder['name']}", holder["inline"])


def _scope_of(reference: Mapping[str, Any]) -> str:
    return f"{'cluster' if reference.get('clusterScope') else 'namespaced'}/{reference['name']}"


def _storage_key(scope: str, holder: Mapping[str, Any]) -> str:
    reference = holder.get("templateRef")
    if reference:
        return f"{_scope_of(reference)}/{reference.get('template', '')}"
    if scope.startswith("local/"):
        return ""
    if holder.get("inline") is not None:
        return f"{scope}/inline/{holder.get('name', '')}"
    return f"{scope}/{holder.get('template', '')}"
