"""Which operands an operator takes, and what it makes of them, as far as that is known before an expression runs."""

from __future__ import annotations

from collections.abc import Callable

from airflow_argo.argo.expressions.expr_lang import natures
from airflow_argo.argo.expressions.expr_lang.natures import Nature
from airflow_argo.argo.expressions.expr_lang.source import Fault

_Rule = Callable[[Nature, Nature], "Nature | None"]
_ORDERED = ("string", "time", "duration")
_NUMBER = ("int", "float")


def binary(operator: str, left: Nature, right: Nature) -> Nature | None:
    """Tell what an operator gives for such operands; None if it does not take them.

    :raises Fault: where expr-lang has a message of its own for the refusal.
    """
    return _RULES[operator](left, right)


def _equality(left: Nature, right: Nature) -> Nature | None:
    return natures.BOOL if left.comparable_to(right) else None


def _logic(left: Nature, right: Nature) -> Nature | None:
    both = left.kind == right.kind == "bool"
    return natures.BOOL if both or left.may_be_with(right, ("bool",)) else None


def _order(left: Nature, right: Nature) -> Nature | None:
    same = left.kind == right.kind and left.kind in _ORDERED
    if same or (left.number and right.number) or left.may_be_with(right, _NUMBER + _ORDERED):
        return natures.BOOL
    return None


def _promoted(left: Nature, right: Nature) -> Nature:
    return natures.FLOAT if "float" in (left.kind, right.kind) else natures.INT


_SUMS = {
    ("string", "string"): natures.STRING,
    ("time", "duration"): natures.TIME,
    ("duration", "time"): natures.TIME,
    ("duration", "duration"): natures.DURATION,
}
_DIFFERENCES = {
    ("time", "time"): natures.DURATION,
    ("time", "duration"): natures.TIME,
    ("duration", "duration"): natures.DURATION,
}
_PRODUCTS = {
    ("int", "duration"): natures.DURATION,
    ("float", "duration"): natures.DURATION,
    ("duration", "int"): natures.DURATION,
    ("duration", "float"): natures.DURATION,
    ("duration", "duration"): natures.DURATION,
}


def _arithmetic(known: dict[tuple[str, str], Nature], possible: tuple[str, ...]) -> _Rule:
    def rule(left: Nature, right: Nature) -> Nature | None:
        if left.number and right.number:
            return _promoted(left, right)
        found = known.get((left.kind, right.kind))
        if found is None and left.may_be_with(right, possible):
            return natures.UNKNOWN
        return found

    return rule


def _always(result: Nature, kinds: tuple[str, ...]) -> _Rule:
    def rule(left: Nature, right: Nature) -> Nature | None:
        both = left.kind in kinds and right.kind in kinds
        return result if both or left.may_be_with(right, kinds) else None

    return rule


def _matches(left: Nature, right: Nature) -> Nature | None:
    if left.kind in ("string", "bytes") and right.kind == "string":
        return natures.BOOL
    return natures.BOOL if left.may_be_with(right, ("string",)) else None


def _membership(left: Nature, right: Nature) -> Nature | None:
    if right.kind == "map":
        if left.kind not in ("string", "unknown") and right.name.startswith("map[string]"):
            raise Fault(f"cannot use {left.name} as type string in map key")
        return natures.BOOL
    if right.kind in ("array", "bytes"):
        element = right.element or natures.UNKNOWN
        if not left.comparable_to(element):
            raise Fault(f"cannot use {left.name} as type {element.name} in array")
        return natures.BOOL
    return natures.BOOL if right.unknown or (left.unknown and right.kind == "string") else None


def _coalesce(left: Nature, right: Nature) -> Nature | None:
    if left.nil:
        return right
    return left if right.nil or right.assignable_to(left) else natures.UNKNOWN


_RULES: dict[str, _Rule] = {
    "==": _equality,
    "!=": _equality,
    "or": _logic,
    "||": _logic,
    "and": _logic,
    "&&": _logic,
    "<": _order,
    ">": _order,
    "<=": _order,
    ">=": _order,
    "+": _arithmetic(_SUMS, _NUMBER + _ORDERED),
    "-": _arithmetic(_DIFFERENCES, (*_NUMBER, "time", "duration")),
    "*": _arithmetic(_PRODUCTS, (*_NUMBER, "duration")),
    "/": _always(natures.FLOAT, _NUMBER),
    "**": _always(natures.FLOAT, _NUMBER),
    "^": _always(natures.FLOAT, _NUMBER),
    "%": _always(natures.INT, ("int",)),
    "..": _always(natures.array_of(natures.INT), ("int",)),
    "contains": _always(natures.BOOL, ("string",)),
    "startsWith": _always(natures.BOOL, ("string",)),
    "endsWith": _always(natures.BOOL, ("string",)),
    "matches": _matches,
    "in": _membership,
    "??": _coalesce,
}
