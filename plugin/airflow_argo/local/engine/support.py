"""What this engine does not do yet, found before a workflow is accepted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.local.engine.bodies import BODIES
from airflow_argo.local.engine.merging import template_type

_TYPES = {
    "resource": "resource templates need Kubernetes",
    "plugin": "executor plugins need a cluster",
    "data": "data templates need an artifact store",
}
_TEMPLATE_FIELDS = {
    "synchronization": "mutexes and semaphores are not supported",
    "memoize": "memoization is not supported",
    "executor": "executors need Kubernetes",
}
_SPEC_FIELDS = {
    "synchronization": "mutexes and semaphores are not supported",
    "artifactGC": "artifact garbage collection is not supported",
}


def unsupported(workflow: Mapping[str, Any]) -> list[str]:
    """List what a workflow asks for and this engine does not do, each with its path.

    What only matters to Kubernetes' scheduling (node selectors, tolerations, resources, pod garbage collection and the
    like) is accepted and ignored.
    """
    spec = workflow.get("spec") or {}
    found = [f"spec.{field}: {reason}" for field, reason in _SPEC_FIELDS.items() if spec.get(field)]
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
    found += _artifacts(template, path)
    return found


def _artifacts(template: Mapping[str, Any], path: str) -> list[str]:
    """List all but raw inputs, which need no store."""
    inputs = (template.get("inputs") or {}).get("artifacts") or ()
    outputs = (template.get("outputs") or {}).get("artifacts") or ()
    stored = [f"{path}.inputs" for artifact in inputs if not artifact.get("raw")]
    stored += [f"{path}.outputs" for _ in outputs]
    return [f"{where}.artifacts: artifacts are not supported" for where in dict.fromkeys(stored)]


def _inline(template: Mapping[str, Any], path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for index, group in enumerate(template.get("steps") or ()):
        for step in group:
            if step.get("inline"):
                yield f"{path}.steps[{index}].{step.get('name', '')}.inline", step["inline"]
    for task in (template.get("dag") or {}).get("tasks") or ():
        if task.get("inline"):
            yield f"{path}.tasks.{task.get('name', '')}.inline", task["inline"]
