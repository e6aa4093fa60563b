"""Which variables an expression may ever see at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.lint.walk import Part

_WORKFLOW = frozenset(
    {
        *("name", "namespace", "uid", "mainEntrypoint", "serviceAccountName", "priority", "status", "failures"),
        *("creationTimestamp", "scheduledTime", "duration", "parameters", "outputs", "annotations", "labels"),
    }
)
_ROOTS = frozenset(
    {
        *("item", "inputs", "outputs", "steps", "tasks", "workflow", "pod", "node", "retries", "lastRetry"),
        *("status", "duration", "exitCode", "resourcesDuration"),
    }
)


@dataclass(frozen=True)
class Variables:
    """The names that are there, by their beginning; None where only the server knows them.

    :param parameters: of the workflow. :param inputs: of the templates around. :param nodes: their steps and tasks.
    """

    parameters: frozenset[str] | None
    inputs: frozenset[str] | None
    nodes: frozenset[str]
    roots: frozenset[str] = _ROOTS

    def fault(self, name: str) -> str:
        """Say what is wrong with a dotted name; empty if nothing is."""
        first, *rest = name.split(".")
        if first == "workflow" and rest and rest[0] not in _WORKFLOW:
            return f"there is no variable 'workflow.{rest[0]}'"
        if len(rest) < 2 or rest[0] != "parameters":
            return self._node_fault(first, rest)
        known = {"workflow": self.parameters, "inputs": self.inputs}.get(first)
        if known is None or rest[1] in known or (first, rest[1]) == ("workflow", "json"):
            return ""
        owner = "the workflow has" if first == "workflow" else "the template has"
        return f"{owner} no parameter '{rest[1]}'"

    def _node_fault(self, first: str, rest: list[str]) -> str:
        if first not in {"steps", "tasks"} or not rest or rest[0] == "name" or rest[0] in self.nodes:
            return ""
        return f"there is no {first.removesuffix('s')} '{rest[0]}' here: Argo would wait for it without end"


def variables_of(manifest: Mapping[str, Any], part: Part) -> Variables:
    """Return the variables at the place of a part."""
    spec = _mapping(manifest.get("spec"))
    parameters = None
    if not spec.get("workflowTemplateRef"):
        parameters = frozenset(_names(_mapping(spec.get("arguments")).get("parameters")))
    if not part.templates:
        # Values and defaults are put into templates that are not known here.
        return Variables(parameters, None, frozenset(_all_nodes(spec)))
    inputs = (_mapping(template.get("inputs")).get("parameters") for template in part.templates)
    names = frozenset(name for found in inputs for name in _names(found))
    nodes = frozenset(name for template in part.templates for name in _nodes(template))
    return Variables(parameters, names, nodes)


def _all_nodes(spec: Mapping[str, Any]) -> Iterator[str]:
    templates = spec.get("templates")
    for template in templates if isinstance(templates, list) else ():
        yield from _nodes(_mapping(template))


def _nodes(template: Mapping[str, Any]) -> Iterator[str]:
    groups = template.get("steps")
    for group in groups if isinstance(groups, list) else ():
        yield from _names(group)
    yield from _names(_mapping(template.get("dag")).get("tasks"))


def _names(items: object) -> Iterator[str]:
    for item in items if isinstance(items, list) else ():
        name = _mapping(item).get("name")
        if isinstance(name, str):
            yield name


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
