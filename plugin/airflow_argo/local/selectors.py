"""Label selectors and field selectors, as Kubernetes and the Argo Server read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from airflow_argo.argo.labels import SUBDOMAIN, value_fault
from airflow_argo.local.refusal import Refusal, invalid

_TOKEN = re.compile(r"\s*(!=|==|=|!|<|>|,|\(|\)|[^\s!=<>,()]+)")
_OPERATORS = {"=", "==", "!=", "in", "notin", "<", ">"}
_NOT_A_NAME = _OPERATORS - {"in", "notin"} | {",", "(", ")", "!"}
_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_LONGEST = 63
_KEY_RULE = (
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
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


@dataclass(frozen=True, slots=True)
class FieldSelector:
    """Which objects are meant by name and namespace, the only fields that Kubernetes offers for Argo's kinds.

    :param terms: each a field of the metadata, a value, and whether it has to be equal.
    """

    terms: tuple[tuple[str, str, bool], ...] = ()

    @classmethod
    def parse(cls, text: str, resource: str) -> FieldSelector:
        """Read a selector such as ``metadata.name=a,metadata.namespace!=b``.

        :param resource: Kubernetes' plural of the kind, for the text of a refusal.
        :raises Refusal: HTTP 400 in Kubernetes' words for another field.
        """
        return cls(tuple(_field_term(term, text, resource) for term in text.split(",") if term))

    def matches(self, metadata: Mapping[str, str]) -> bool:
        """Whether an object with this metadata is meant."""
        return all((metadata.get(field, "") == value) is equal for field, value, equal in self.terms)


def _field_term(term: str, text: str, resource: str) -> tuple[str, str, bool]:
    field, operator, value = _split(term)
    if field not in ("metadata.name", "metadata.namespace") or not operator:
        what = f"argoproj.io/v1alpha1, Resource={resource}"
        looked_for = f'that match label selector "", field selector "{text}"'
        raise invalid(f'Unable to find "{what}" {looked_for}: field label not supported: {field}')
    return field.removeprefix("metadata."), value, operator != "!="


def _split(term: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        field, found, value = term.partition(operator)
        if found:
            return field, found, value
    return term, "", ""


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
                raise invalid(f"found '{following}', expected: ',' or 'end of string'")
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
        found: list[str] = []
        while True:
            if self.peek() in _NOT_A_NAME - {",", ")"}:
                wanted = "',', or identifier" if found else "',', ')' or identifier"
                raise _unparsable(f"found '{self.peek()}', expected: {wanted}")
            found.append("" if self.peek() in (",", ")") else self.name())
            following = self.take()
            if following == ")":
                return tuple(found)
            if following != ",":
                raise _unparsable(f"found '{following}', expected: ',' or ')'")


def _checked(requirement: Requirement) -> Requirement:
    problem = _key_problem(requirement.key)
    if problem:
        raise _unparsable(f'<nil>: Invalid value: "{requirement.key}": {problem}')
    for index, value in enumerate(requirement.values):
        problem = value_fault(value)
        if problem:
            raise _unparsable(f'values[{index}][{requirement.key}]: Invalid value: "{value}": {problem}')
    return requirement


def _key_problem(key: str) -> str:
    prefix, slash, name = key.partition("/")
    if "/" in name:
        prefixed = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return f"a valid label key {_KEY_RULE} {prefixed}"
    if slash and not prefix:
        return "prefix part must be non-empty"
    if slash and not SUBDOMAIN.fullmatch(prefix):
        return f"prefix part {_SUBDOMAIN_RULE}"
    name = name if slash else key
    if not name:
        return f"name part must be non-empty; name part {_KEY_RULE}"
    if len(name) > _LONGEST:
        return f"name part must be no more than {_LONGEST} bytes"
    return "" if _NAME.fullmatch(name) else f"name part {_KEY_RULE}"


def _unparsable(reason: str) -> Refusal:
    return invalid(f"unable to parse requirement: {reason}")
