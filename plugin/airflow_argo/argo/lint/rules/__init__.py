"""What Argo accepts, or drops without a word, and what then goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.rules import conditions, expressions, fields, loops, objects, references, values

Rule = Callable[[Mapping[str, Any]], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    objects.check,
    fields.check,
    values.check,
    loops.check,
    references.check,
    conditions.check,
    expressions.check,
)
