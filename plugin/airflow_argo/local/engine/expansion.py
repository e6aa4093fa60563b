"""Making a step or task ready to run: its ``when``, its references, and one copy for each item of its loop."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.expressions import tags
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine import loops
from airflow_argo.local.engine.arguments import without_absent
from airflow_argo.local.engine.artifact_references import resolved_by_step, resolved_by_task
from airflow_argo.local.engine.conditions import is_certainly_false, should_execute
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.substitution import EVERYTHING, NOTHING, REFERENCES, filled, to_json


def resolved(
    holder: Mapping[str, Any], scope: Scope, global_variables: Mapping[str, str], *, is_task: bool
) -> dict[str, Any]:
    """Fill a step or task; what its ``when`` excludes keeps its references, which may well lead nowhere.

    Hooks are left alone: they may refer to the step itself.

    :raises MissingVariableError: if it refers to an output that is not there.
    :raises ExpressionError: if it cannot be filled, or its ``when`` not be evaluated.
    """
    ready = {key: value for key, value in holder.items() if key != "hooks"}
    hooks = {"hooks": holder["hooks"]} if holder.get("hooks") else {}
    variables = scope.parameters(global_variables)
    if ready.get("when"):
        when = filled(ready["when"], variables, REFERENCES)
        if not _may_run(when, is_loop=loops.loops(ready)):
            return {**ready, **hooks, "when": when}
    if ready.get("arguments"):
        ready["arguments"] = without_absent(ready["arguments"], scope.is_absent_reference)
    ready = filled(ready, variables, REFERENCES)
    if ready.get("arguments"):
        resolve = resolved_by_task if is_task else resolved_by_step
        ready["arguments"] = resolve(ready["arguments"], scope)
    return {**ready, **hooks}


def _may_run(when: str, *, is_loop: bool) -> bool:
    try:
        return should_execute(when)
    except ExpressionError:
        if not is_loop:
            raise
        return True


def expanded(
    holder: Mapping[str, Any], scope: Scope, global_variables: Mapping[str, str], *, parse_items: bool
) -> Iterator[dict[str, Any]]:
    """Make a copy of a loop for each of its items, named as its node will be.

    Every tag has to be known now, unless ``when`` excludes them all already.

    :param parse_items: whether tags inside the items themselves are looked at once more, as DAGs do.
    :raises ExpressionError: if the items are no list or a tag is unknown.
    """
    when = holder.get("when")
    try:
        found = loops.items(holder)
    except ExpressionError:
        if not is_certainly_false(when):
            raise
        found = []
    strict = NOTHING if when and is_certainly_false(when) else EVERYTHING
    variables = scope.parameters(global_variables)
    if strict is NOTHING:
        variables = {key: value for key, value in variables.items() if value is not None}
    if parse_items and found:
        # Once is enough: what becomes of the items' own tags is thrown away, only their errors count.
        sources = {field: holder[field] for field in loops.LOOP_FIELDS if field in holder}
        filled(sources, {**variables, **found[0].variables()}, strict)
    text = to_json({key: value for key, value in holder.items() if key not in loops.LOOP_FIELDS})
    for index, item in enumerate(found):
        copy: dict[str, Any] = tags.substitute_item(text, {**variables, **item.variables()}, strict=strict)
        copy["name"] = loops.node_name(holder["name"], index, item)
        if "template" in holder:
            copy["template"] = holder["template"]
        yield copy
