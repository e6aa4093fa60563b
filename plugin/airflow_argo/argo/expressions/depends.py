"""The ``depends`` of a DAG task: from ``dependencies`` to logic, the tasks it names, and whether it holds.

The rules are those of ``workflow/common/ancestry.go`` and of the DAG's own evaluation in Argo v4.1.2.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError

RESULTS = ("Succeeded", "Failed", "Errored", "Skipped", "Omitted", "Daemoned", "AnySucceeded", "AllFailed")
LOOP_RESULTS = ("AnySucceeded", "AllFailed")

_TASK = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)|([a-zA-Z0-9][-a-zA-Z0-9]*)")
_RESULT = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*?\.[A-Z][a-zA-Z]+)")

ContinueOn = Mapping[str, Mapping[str, Any] | None]


def logic(depends: str = "", dependencies: Iterable[str] = (), continue_on: ContinueOn | None = None) -> str:
    """Write out what a task waits for, each bare task name replaced by its results.

    :param continue_on: the ``continueOn`` of each task of the DAG that has one, by task name.
    :returns: such as ``(a.Succeeded || a.Skipped || a.Daemoned) && b.Failed``; empty if the task waits for nothing.
    """
    known = continue_on or {}
    if not depends:
        return " && ".join(_expanded(name, known.get(name)) for name in dependencies)
    return _TASK.sub(lambda found: found[0] if found[1] else _expanded(found[0], known.get(found[0])), depends)


def _expanded(name: str, continue_on: Mapping[str, Any] | None) -> str:
    results = ["Succeeded", "Skipped", "Daemoned"]
    if continue_on and continue_on.get("error"):
        results.append("Errored")
    if continue_on and continue_on.get("failed"):
        results.append("Failed")
    return "(" + " || ".join(f"{name}.{result}" for result in results) + ")"


def task_names(depends: str = "", dependencies: Iterable[str] = ()) -> list[str]:
    """List the tasks that a task waits for, each once, in the order of their first mention."""
    if not depends:
        return list(dict.fromkeys(dependencies))
    return list(dict.fromkeys(found[0].split(".")[0] for found in _TASK.finditer(depends)))


def loop_task_names(depends: str) -> list[str]:
    """List the tasks of which ``AnySucceeded`` or ``AllFailed`` is asked: they have to be loops."""
    mentions = (found[0].split(".") for found in _RESULT.finditer(depends))
    return list(dict.fromkeys(name for name, result in mentions if result in LOOP_RESULTS))


def check_results(depends: str) -> None:
    """Refuse a result that does not exist, such as ``a.Successful``.

    :raises ExpressionError: ``task result 'Successful' for task 'a' is invalid``.
    """
    for found in _RESULT.finditer(depends):
        name, result = found[0].split(".")
        if result not in RESULTS:
            raise ExpressionError(f"task result '{result}' for task '{name}' is invalid")


def evaluate(text: str, results: Mapping[str, Mapping[str, bool]]) -> bool:
    """Tell whether what a task waits for holds.

    :param text: what ``logic`` gives.
    :param results: by task name, which of ``RESULTS`` are true; those not named are false.
    :raises ExpressionError: with Argo's message, if it cannot be computed or gives no boolean.
    """
    rewritten = text.replace("-", "_")
    env: dict[str, object] = {}
    for name, known in results.items():
        env.setdefault(name.replace("-", "_"), {result: bool(known.get(result, False)) for result in RESULTS})
    try:
        return expr_lang.evaluate_bool(rewritten, env)
    except ExpressionError as error:
        raise ExpressionError(f"unable to evaluate expression '{rewritten}': {error}") from None
