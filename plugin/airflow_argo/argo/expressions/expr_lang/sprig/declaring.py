"""How sprig's functions are declared here, and what they share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.expr_lang.builtins_lists import go_kind
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function, go_text

_TYPES = {
    "s": "string", "i": "int", "b": "bool", "f": "float64", "d": "map[string]interface {}", "t": "time.Time", "*": ANY,
}  # fmt: skip


def declare(name: str, parameters: str, call: Callable[..., Any]) -> tuple[str, Function]:
    """Declare a function by the letters of its parameters' types, such as ``s i *...``; dots for a variadic one."""
    letters = parameters.split()
    variadic = bool(letters) and letters[-1].endswith("...")
    types = tuple(_TYPES[letter.removesuffix("...")] for letter in letters)
    return name, Function(name, call, types, variadic=variadic)


def several(names: str, parameters: str, call: Callable[..., Any]) -> list[tuple[str, Function]]:
    """Declare a function that goes by several names."""
    return [declare(name, parameters, call) for name in names.split()]


def strval(value: Any) -> str:
    """Make text of anything, as sprig's ``toString``."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else go_text(value)


def as_list(value: Any, refusal: str, more: str = "") -> list[Any]:
    """Insist on a list.

    :param refusal: what the message says before the kind of another value.
    :param more: and what it says after it.
    """
    if isinstance(value, (list, tuple, bytes)):
        return list(value)
    if value is None:
        raise Fault("runtime error: invalid memory address or nil pointer dereference")
    raise Fault(f"{refusal} {go_kind(value)}{more}")


def is_empty(value: Any) -> bool:
    """Tell whether a value is nil, false, zero or has nothing in it."""
    return value is None or value is False or (isinstance(value, (int, float, str, list, dict)) and not value)
