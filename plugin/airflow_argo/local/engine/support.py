"""What this engine does not do yet, found before a workflow is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.local.engine.artifact_support import unsupported_artifacts
from airflow_argo.local.engine.bodies import BODIES
from airflow_argo.local.engine.lock_names import database_locks
from airflow_argo.local.engine.merging import template_type

_TYPES = {
    "resource": "resource templates need Kubernetes",
    "plugin": "executor plugins need a cluster",
}
_TEMPLATE_FIELDS = {
    "executor": "executors need Kubernetes",
}


def unsupported(workflow: Mapping[str, Any]) -> list[str]:
    """List what a workflow asks for and this engine does not do, each with its path.

    What only matters to Kubernetes' scheduling (node selectors, tolerations, resources, pod garbage collection and the
    like) is accepted and ignored.
    """
    spec = workflow.get("spec") or {}
    found = [*unsupported_artifacts(spec, "spec")]
    found += _database_locks(spec, "spec")
    found += _database_locks(spec.get("templateDefaults") or {}, "spec.templateDefaults")
    for path, template in templates_of(workflow):
        found += _of_template(template, path)
    return found


def templates_of(workflow: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Go over the templates of a workflow, inline ones too, each with its path."""
    for template in (workflow.get("spec") or {}).get("templates") or ():
        path = f"templates.{template.get('name', '')}"
        yield path, template
        yield from _inline(template, path)


def _of_template(template: Mapping[str, Any], path: str) -> list[str]:
    found = []
    kind = template_type(template)
    if kind and kind not in BODIES:
        found.append(f"{path}.{kind}: {_TYPES.get(kind, f'{kind} templates are not supported')}")
    found += [f"{path}.{field}: {reason}" for field, reason in _TEMPLATE_FIELDS.items() if template.get(field)]
    found += unsupported_artifacts(template, path)
    found += _database_locks(template, path)
    return found


def _database_locks(holder: Mapping[str, Any], path: str) -> list[str]:
    places = database_locks(holder.get("synchronization"))
    return [f"{path}.synchronization.{place}: locks in a database are not supported" for place in places]


def _inline(template: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, group in enumerate(template.get("steps") or ()):
        for step in group:
            if step.get("inline"):
                yield f"{path}.steps[{index}].{step.get('name', '')}.inline", step["inline"]
    for task in (template.get("dag") or {}).get("tasks") or ():
        if task.get("inline"):
            yield f"{path}.tasks.{task.get('name', '')}.inline", task["inline"]
