"""How a function of the language describes itself to the check and to the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.expressions.expr_lang import natures
from airflow_argo.argo.expressions.expr_lang.natures import Nature
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import Function

Rule = Callable[[list[Nature]], Nature]


@dataclass(frozen=True)
class BuiltinFunction:
    """A function of the language.

    :param call: computes it; raises ``Fault`` with expr-lang's text.
    :param nature: tells the result's nature from the arguments' or raises ``Fault``; unused if there are overloads.
    :param overloads: the parameter lists that it takes, tried in this order.
    """

    call: Callable[..., Any]
    nature: Rule = lambda given: natures.UNKNOWN
    overloads: tuple[Function, ...] = ()


def overloaded(name: str, call: Callable[..., Any], *signatures: str) -> tuple[str, BuiltinFunction]:
    """Describe a function by signatures such as ``string, int -> string``; an empty list of parameters is allowed."""
    overloads = []
    for signature in signatures:
        parameters, result = signature.split("->")
        types = tuple(part.strip() for part in parameters.split(",") if part.strip())
        overloads.append(Function(name, call, types, result.strip()))
    return name, BuiltinFunction(call, overloads=tuple(overloads))


def ruled(name: str, call: Callable[..., Any], rule: Rule) -> tuple[str, BuiltinFunction]:
    """Describe a function that checks its arguments by a rule of its own."""
    return name, BuiltinFunction(call, rule)


def takes(count: int, kinds: tuple[str, ...], refusal: str, result: Rule) -> Rule:
    """Make the rule of a function whose first argument has to be of certain kinds.

    :param refusal: the message for another kind; ``{}`` becomes the Go type.
    """

    def rule(given: list[Nature]) -> Nature:
        if len(given) != count:
            raise Fault(f"invalid number of arguments (expected {count}, got {len(given)})")
        if given[0].kind not in (*kinds, "unknown"):
            raise Fault(refusal.format(shown(given[0])))
        return result(given)

    return rule


def shown(nature: Nature) -> str:
    """Name a type in a message of a rule, where nil is ``%!s(<nil>)``."""
    return "%!s(<nil>)" if nature.nil else nature.name
