"""Conditions: ``when``, and the logic of ``depends``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.expressions import depends, expr_lang, govaluate
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.walk import parts

_RESULT = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*\.[A-Z][a-zA-Z]+")


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find conditions that cannot be evaluated, as far as that can be seen before the run."""
    for part in parts(manifest):
        if part.type in {"WorkflowStep", "DAGTask"}:
            yield from _check_when(f"{part.path}.when", part.value.get("when"))
        if part.type == "DAGTask":
            yield from _check_depends(f"{part.path}.depends", part.value.get("depends"))


def _check_when(path: str, condition: object) -> Iterator[Finding]:
    if not isinstance(condition, str) or not condition or "{{" in condition:
        return
    try:
        govaluate.evaluate_when(condition)
    except ExpressionError as error:
        yield Finding(path, str(error))


def _check_depends(path: str, logic: object) -> Iterator[Finding]:
    if not isinstance(logic, str) or not logic or "{{" in logic:
        return
    # The results are the variables of the logic; only its form is of interest here.
    form = _RESULT.sub("true", depends.logic(logic))
    try:
        expr_lang.parse(form)
    except ExpressionError as error:
        yield Finding(path, f"the logic cannot be read: {error}", "Use '&&', '||', '!' and brackets.")
