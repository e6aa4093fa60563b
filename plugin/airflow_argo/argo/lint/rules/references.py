"""Steps and tasks that use what another one has not given yet: Argo waits for it without end."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang, tags
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.lint.dag import dependencies
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.walk import Part, parts

# Hooks are put aside before tags are replaced, and a template that stands inside has names of its own.
_APART = frozenset({"hooks", "inline", "name"})
_Node = Mapping[str, Any]


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find references to steps and tasks that are not surely over."""
    for part in parts(manifest):
        if part.type == "Template":
            yield from _check_steps(part)
            yield from _check_tasks(part)


def _check_steps(part: Part) -> Iterator[Finding]:
    groups = [list(_nodes(group)) for group in _list(part.value.get("steps"))]
    every = {step["name"] for group in groups for step in group}
    over: set[str] = set()
    for index, group in enumerate(groups):
        for step in group:
            for name in _used(step, "steps"):
                if name in every - over:
                    yield Finding(
                        f"{part.path}.steps[{index}].{step['name']}",
                        f"step '{name}' is not over when this one starts: Argo waits for it without end",
                        "Put this step into a later group.",
                    )
        over |= {step["name"] for step in group}


def _check_tasks(part: Part) -> Iterator[Finding]:
    dag = part.value.get("dag")
    tasks = {task["name"]: task for task in _nodes(dag.get("tasks") if isinstance(dag, Mapping) else None)}
    graph = {name: [wanted for wanted in _depends(task) if wanted in tasks] for name, task in tasks.items()}
    for name, task in tasks.items():
        for wanted in _used(task, "tasks"):
            if wanted in tasks and wanted not in _before(graph, name):
                yield Finding(
                    f"{part.path}.tasks.{name}",
                    f"task '{wanted}' is not surely over when this one starts: Argo waits for it without end",
                    f"Add '{wanted}' to its 'depends' or 'dependencies'.",
                )


def _depends(task: _Node) -> list[str]:
    listed = task.get("dependencies")
    names = [name for name in _list(listed) if isinstance(name, str)]
    logic = task.get("depends")
    return dependencies({"depends": logic if isinstance(logic, str) else "", "dependencies": names})


def _before(graph: Mapping[str, list[str]], name: str) -> set[str]:
    found: set[str] = set()
    todo = list(graph[name])
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo += graph[current]
    return found


def _used(node: _Node, root: str) -> list[str]:
    own = {key: value for key, value in node.items() if key not in _APART}
    try:
        found = tags.parse(json.dumps(own, default=str))
    except ExpressionError:
        return []
    names = [name for part in found if isinstance(part, tags.Tag) for name in _names(part)]
    split = [name.split(".") for name in names]
    return list(dict.fromkeys(part[1] for part in split if len(part) > 2 and part[0] == root))


def _names(tag: tags.Tag) -> list[str]:
    if tag.kind == "simple":
        return [tag.text.strip()]
    try:
        return expr_lang.identifiers(expr_lang.parse(tag.expression))
    except ExpressionError:
        return []


def _nodes(items: object) -> Iterator[_Node]:
    for item in _list(items):
        if isinstance(item, Mapping) and isinstance(item.get("name"), str):
            yield item


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
