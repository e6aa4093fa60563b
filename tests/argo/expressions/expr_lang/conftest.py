"""What the tables of expressions share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_argo.argo.expressions.expr_lang import environment, evaluate

_SCOPE = {
    "inputs.parameters.n": "3",
    "inputs.parameters.s": "hello",
    "inputs.parameters.list": '["a","b","c"]',
    "inputs.parameters.obj": '{"a":1,"b":{"c":[1,2,3]},"s":"x"}',
    "item": "7",
    "item2": None,
    "tasks.a.outputs.result": "[1,2,3]",
    "tasks.a.status": "Succeeded",
    "tasks.b-c.outputs.parameters.x": "y",
    "workflow.name": "wf",
    "workflow.labels.app.kubernetes.io/name": "z",
    "steps.name": "",
}


@pytest.fixture(scope="session")
def value_of() -> Callable[[str], Any]:
    """Evaluates an expression among the variables above."""
    variables = environment(_SCOPE)
    return lambda expression: evaluate(expression, variables)
