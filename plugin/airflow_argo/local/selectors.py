"""Label selectors and field selectors, as Kubernetes and the Argo Server read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_argo.argo.labels import VALUE_RULE
from airflow_argo.local.refusal import Refusal, invalid

_TOKEN = re.compile(r"\s*(!=|==|=|!|<|>|,|\(|\)|[^\s!=<>,()]+)")
_OPERATORS = {"=", "==", "!=", "in", "notin", "<", ">"}
_NOT_A_NAME = _OPERATORS - {"in", "notin"} | {",", "(", ")", "!"}
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_NAME_RULE = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_EXPECTED = "found '{}', expected: in, notin, =, ==, !=, gt, lt"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label.

    :param operator: ``in``, ``notin``, ``exists``, ``!``, ``<`` or ``>``; ``=`` is an ``in`` of one value.
    """

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is meant."""
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
            case _:
                return value is not None and _compares(self.operator, value, self.values[0])


def _compares(operator: str, value: str, bound: str) -> bool:
    try:
        difference = int(value) - int(bound)
    except ValueError:
        return False
    return difference > 0 if operator == ">" else difference < 0


@dataclass(frozen=True, slots=True)
class LabelSelector:
    """All of its requirements have to hold; an empty one matches everything."""

    requirements: tuple[Requirement, ...] = ()

    @classmethod
    def parse(cls, text: str) -> LabelSelector:
        """Read a selector such as ``a=b,c in (d,e),!f``.

        :raises Refusal: HTTP 400 in Kubernetes' words.
        """
        return cls(_Parser(_tokens(text)).selector())

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        """Whether an object with these labels is meant."""
        return all(requirement.holds(labels or {}) for requirement in self.requirements)


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.at += 1
        return token

    def selector(self) -> tuple[Requirement, ...]:
        found: list[Requirement] = []
        if self.peek() in _NOT_A_NAME - {"!"}:
            raise invalid(f"found '{self.peek()}', expected: !, identifier, or 'end of string'")
        while self.peek():
            found.append(_checked(self.requirement()))
            following = self.take()
            if following not in ("", ","):
                problem = f"found '{following}', expected: ',' or 'end of string'"
                raise invalid(problem) if found[-1].operator == "!" else _unparsable(problem)
            if following == "," and self.peek() in _NOT_A_NAME - {"!"} | {""}:
                raise invalid(f"found '{self.peek()}', expected: identifier after ','")
        return tuple(found)

    def requirement(self) -> Requirement:
        negated = self.peek() == "!"
        if negated:
            self.take()
        key = self.name()
        if negated:
            return Requirement(key, "!")
        if self.peek() in ("", ","):
            return Requirement(key, "exists")
        operator = self.take()
        if operator not in _OPERATORS:
            raise _unparsable(_EXPECTED.format(operator))
        if operator in ("in", "notin"):
            return Requirement(key, operator, self.values())
        return self.comparison(key, operator)

    def comparison(self, key: str, operator: str) -> Requirement:
        value = "" if self.peek() in ("", ",") else self.name()
        if operator in ("<", ">") and not re.fullmatch(r"[-+]?\d+", value):
            problem = "for 'Gt', 'Lt' operators, the value must be an integer"
            raise _unparsable(f'values[0]: Invalid value: "{value}": {problem}')
        return Requirement(key, {"=": "in", "==": "in", "!=": "notin"}.get(operator, operator), (value,))

    def name(self) -> str:
        name = self.take()
        if not name or name in _NOT_A_NAME:
            raise _unparsable(f"found '{name}', expected: identifier")
        return name

    def values(self) -> tuple[str, ...]:
        opening = self.take()
        if opening != "(":
            raise _unparsable(f"found '{opening}' expected: '('")
        found = []
        while True:
            if self.peek() in _NOT_A_NAME - {",", ")"}:
                raise _unparsable(f"found '{self.peek()}', expected: ',', or identifier")
            found.append("" if self.peek() in (",", ")") else self.name())
            following = self.take()
            if following == ")":
                return tuple(found)
            if following != ",":
                raise _unparsable(f"found '{following}', expected: ',' or ')'")


def _checked(requirement: Requirement) -> Requirement:
    name = requirement.key.rpartition("/")[2]
    if not _NAME.fullmatch(name):
        raise _unparsable(f'<nil>: Invalid value: "{requirement.key}": {_NAME_RULE}')
    for index, value in enumerate(requirement.values):
        if value and not _NAME.fullmatch(value):
            raise _unparsable(f'values[{index}][{requirement.key}]: Invalid value: "{value}": {VALUE_RULE}')
    return requirement


def _unparsable(reason: str) -> Refusal:
    return invalid(f"unable to parse requirement: {reason}")
