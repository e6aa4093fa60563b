"""``when``: whether a step or task runs."""

from __future__ import annotations

from airflow_argo.argo.expressions.govaluate import evaluate_when


def should_execute(when: str | None) -> bool:
    """Evaluate a ``when`` whose tags are filled; an empty one holds.

    :raises ExpressionError: in Argo's words, if it cannot be evaluated.
    """
    return evaluate_when(when) if when else True


def is_certainly_false(when: str | None) -> bool:
    """Tell whether a ``when`` is false whatever the item: one that cannot be evaluated yet is not."""
    try:
        return not should_execute(when)
    except ValueError:
        return False
