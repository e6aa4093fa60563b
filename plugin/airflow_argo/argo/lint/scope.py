"""Which tags may stand where: the names in scope, and what happens to a tag that is none of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.kinds import has_result, kind_of
from airflow_argo.argo.lint.names import is_parameter
from airflow_argo.argo.lint.placeholders import Placeholders
from airflow_argo.argo.lint.tags import simple_tags

Scope = set[str]

ANY_ITEM = "item.*"
ANY_OUTPUT_PARAMETER = "workflow.outputs.parameters.*"
ANY_OUTPUT_ARTIFACT = "workflow.outputs.artifacts.*"

_CHECKED = ("item.", "steps.", "inputs.", "outputs.", "pod.", "workflow.", "tasks.")
_LATE = (
    "outputs.",
    "workflow.creationTimestamp",
    "workflow.scheduledTime",
    "workflow.duration",
    "tasks.name",
    "steps.name",
    "node.name",
)


def check_tags(scope: Iterable[str], known: Mapping[str, str], text: str, *, lenient_parameters: bool = False) -> None:
    """Check that every simple tag of a text that begins like one of Argo's own is in scope.

    :param known: the global variables.
    :param lenient_parameters: allow any ``workflow.parameters``, as for a WorkflowTemplate on its own.
    :raises ManifestError: ``failed to resolve {{…}}`` for the first one that is not.
    """
    names = scope if isinstance(scope, set) else set(scope)
    for tag in simple_tags(text):
        name = tag.strip()
        if name.startswith(_CHECKED) and name not in names and name not in known:
            if lenient_parameters and name.startswith("workflow.parameters"):
                continue
            if not _allowed(name, names):
                raise ManifestError(f"failed to resolve {{{{{tag}}}}}")


def _allowed(name: str, scope: Scope) -> bool:
    if (name == "item" or name.startswith("item.")) and ANY_ITEM in scope:
        return True
    if name.startswith("workflow.outputs.parameters.") and ANY_OUTPUT_PARAMETER in scope:
        return True
    if name.startswith("workflow.outputs.artifacts.") and ANY_OUTPUT_ARTIFACT in scope:
        return True
    owner = ".".join(name.split(".")[:2])
    return f"{owner}.*" in scope or name.startswith(_LATE)


def is_loop(node: Mapping[str, Any]) -> bool:
    """Tell whether a step or task runs once per item; an empty ``withItems`` is no loop."""
    return bool(node.get("withItems") or node.get("withParam")) or "withSequence" in node


def add_items(scope: Scope, node: Mapping[str, Any]) -> None:
    """Add what a step's or task's loop makes of ``item``.

    :raises ManifestError: if it has more than one kind of loop.
    """
    items, param, sequence = node.get("withItems"), node.get("withParam"), node.get("withSequence")
    if sum((bool(items), bool(param), sequence is not None)) > 1:
        raise ManifestError("only one of withItems, withParam, withSequence can be specified")
    if items:
        for item in items:
            scope.update(_item_names(item))
    elif param:
        scope.update(("item", ANY_ITEM))
    elif sequence is not None:
        if "count" in sequence and "end" in sequence:
            raise ManifestError("only one of count or end can be defined in withSequence")
        scope.add("item")


def _item_names(item: object) -> list[str]:
    if isinstance(item, Mapping):
        return [f"item.{key}" for key in item]
    if isinstance(item, list):
        return [f"item.[{index}]" for index in range(len(item))]
    return [] if item is None else ["item"]


class Outputs:
    """Adds what a step or task gives to those after it."""

    def __init__(
        self, root: str, known: dict[str, str], placeholders: Placeholders, *, anything_unknown: bool = False
    ) -> None:
        """Make one for ``steps`` or ``tasks``; the outputs with a global name are added to ``known``.

        :param anything_unknown: allow any output of a template that is not known.
        """
        self.root = root
        self.known = known
        self.placeholders = placeholders
        self.anything_unknown = anything_unknown

    def add(
        self, scope: Scope, name: str, template: Document | None, *, aggregate: bool = False, ancestor: bool = False
    ) -> None:
        """Add the variables of the step or task ``name``.

        :param template: its template, where that is known before the run.
        :param aggregate: whether it is a loop, whose outputs are lists.
        :param ancestor: whether it has surely ended before.
        """
        prefix = f"{self.root}.{name}"
        scope.update(f"{prefix}.{part}" for part in ("id", "startedAt", "finishedAt", "hostNodeName"))
        if template is None:
            if self.anything_unknown:
                scope.add(f"{prefix}.*")
            return
        if template.get("daemon"):
            scope.add(f"{prefix}.ip")
        if has_result(template):
            scope.update((f"{prefix}.outputs.result", f"{prefix}.exitCode"))
        self._outputs(scope, f"{prefix}.outputs", template.get("outputs", {}))
        if aggregate:
            scope.add(f"{prefix}.outputs.parameters")
            if kind_of(template) in {"script", "containerSet"}:
                scope.update((f"{prefix}.outputs.result", f"{prefix}.exitCode"))
        if ancestor:
            scope.add(f"{prefix}.status")

    def _outputs(self, scope: Scope, prefix: str, outputs: Document) -> None:
        for kind, wildcard in (("parameters", ANY_OUTPUT_PARAMETER), ("artifacts", ANY_OUTPUT_ARTIFACT)):
            for output in outputs.get(kind, ()):
                scope.add(f"{prefix}.{kind}.{output.get('name', '')}")
                name = output.get("globalName", "")
                if name and is_parameter(name):
                    scope.add(wildcard)
                elif name:
                    variable = f"workflow.outputs.{kind}.{name}"
                    scope.add(variable)
                    self.known[variable] = self.placeholders.next()
