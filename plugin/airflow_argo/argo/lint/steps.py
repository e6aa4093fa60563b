"""Templates made of steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.arguments import Anything, Arguments, Given, check_arguments
from airflow_argo.argo.lint.context import Base, Context
from airflow_argo.argo.lint.decode import Document
from airflow_argo.argo.lint.encode import to_json
from airflow_argo.argo.lint.hooks import check_hooks, has_exit_hook
from airflow_argo.argo.lint.names import step_name_faults
from airflow_argo.argo.lint.places import under
from airflow_argo.argo.lint.scope import Outputs, Scope, add_items, check_tags

CheckReference = Callable[[Context, Base, Mapping[str, Any], Arguments], Document | None]


def check_not_leaf(template: Document) -> None:
    """Check that a template of steps or tasks has nothing that only leaves may have."""
    if "activeDeadlineSeconds" in template:
        raise ManifestError(
            f"templates.{template.get('name', '')}.activeDeadlineSeconds is only valid for leaf templates"
        )


def check_steps(context: Context, base: Base, scope: Scope, template: Document, check: CheckReference) -> None:
    """Check a template of steps, its tags replaced; ``scope`` grows by what the steps give.

    :param check: checks the template that a step refers to.
    """
    check_not_leaf(template)
    name = template.get("name", "")
    names: set[str] = set()
    outputs = Outputs("steps", context.known, context.placeholders, anything_unknown=context.lookup is None)
    for index, step in _steps(template):
        group = f"templates.{name}.steps[{index}]"
        _check_name(group, step, names)
        place = f"{group}.{step['name']}"
        scope.add(f"steps.{step['name']}.status")
        with under(f"{place} "):
            add_items(scope, step)
        check_arguments(f"{place}.arguments.", step.get("arguments", {}), allow_empty=False)
        with under(f"{place} "):
            found = check(context, base, step, Anything(context.placeholders))
        if has_exit_hook(step):
            outputs.add(scope, step["name"], found)
        check_hooks(step.get("hooks", {}), place)
        with under(f"templates.{name}.steps "):
            _check_step_tags(context, scope, step)
        outputs.add(scope, step["name"], found, aggregate=bool(step.get("withItems") or step.get("withParam")))
        with under(f"{place} "):
            check(context, base, step, Given(step.get("arguments", {})))


def _steps(template: Document) -> Iterator[tuple[int, Document]]:
    return ((index, step) for index, group in enumerate(template["steps"]) for step in group)


def _check_name(group: str, step: Document, names: set[str]) -> None:
    name = step.get("name", "")
    if not name:
        raise ManifestError(f"{group}.name is required")
    if name in names:
        raise ManifestError(f"{group}.name '{name}' is not unique")
    faults = step_name_faults(name)
    if faults:
        raise ManifestError(f"{group}.name '{name}' is invalid: {faults}")
    names.add(name)


def _check_step_tags(context: Context, scope: Scope, step: Document) -> None:
    own = {f"inputs.parameters.{item.get('name', '')}" for item in inline_parameters(step)}
    text = to_json(step, "WorkflowStep")
    check_tags(scope | own, context.known, text, lenient_parameters=context.template_only)


def inline_parameters(node: Document) -> list[Document]:
    """Return the input parameters of the template that stands inside a step or a task."""
    parameters: list[Document] = node.get("inline", {}).get("inputs", {}).get("parameters", [])
    return parameters
