"""A call of a function whose types are only known while the expression runs."""

from __future__ import annotations

from typing import Any

from airflow_argo.argo.expressions.expr_lang.gotime import ZERO_TIME
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function, go_type

_ZERO: dict[str, Any] = {
    "string": "", "int": 0, "int64": 0, "float64": 0.0, "bool": False, "time.Time": ZERO_TIME,
}  # fmt: skip
_MAP = "map[string]interface {}"


def call_function(callee: Any, given: list[Any]) -> Any:
    """Call a function of the environment.

    :raises Fault: if it is no function, takes other arguments, or fails.
    """
    if callee is None:
        raise Fault("invalid operation: cannot call nil")
    if not isinstance(callee, Function):
        raise Fault(f"invalid operation: cannot call non-function of type {go_type(callee)}")
    wanted = callee.parameters
    if callee.variadic:
        if len(given) < len(wanted) - 1:
            raise Fault(f"invalid number of arguments: expected at least {len(wanted) - 1}, got {len(given)}")
    elif len(given) != len(wanted):
        raise Fault(f"invalid number of arguments: expected {len(wanted)}, got {len(given)}")
    last = len(wanted) - 1
    fixed = last if callee.variadic else len(wanted)
    return callee.call(
        *[_argument(value, wanted[min(index, last)], index < fixed) for index, value in enumerate(given)]
    )


def _argument(value: Any, wanted: str, fixed: bool) -> Any:
    if wanted == ANY:
        return value
    if value is None:
        return {} if wanted == _MAP else _ZERO.get(wanted)  # a map of its own: the function may change it
    found = go_type(value)
    if found == wanted:
        return value
    if fixed:
        raise Fault(f"reflect: Call using {found} as type {wanted}")
    raise Fault(f"reflect: cannot use {found} as type {wanted} in Call")
