"""The condition in a JSONPath filter: ``@.price < 10 && @.name == 'x'``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import regexes
from airflow_argo.argo.expressions.expr_lang.source import Fault

Query = Callable[[Any, Any], Any]

_TOKEN = re.compile(
    r"""\s*(?:(?P<path>[@$](?:\.{1,2}(?:\*|[\w-]+)|\[(?:'[^']*'|"[^"]*"|[^\]'"])*\])*)|(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
    r"""|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(?P<symbol>&&|\|\||==|!=|<=|>=|=~|[<>()!])"""
    r"""|(?P<word>\bin\b|\bnot\b|true|false|null|nil)|(?P<other>\S))"""
)
_WORDS = {"true": True, "false": False, "null": None, "nil": None}


def compile_filter(condition: str, sub_query: Callable[[str], Query]) -> Callable[[Any, Any], bool]:
    """Make a test of a condition; an element for which it fails does not pass.

    :param sub_query: compiles the paths in the condition.
    :raises ExpressionError: for what this implementation does not understand, by name.
    """
    parser = _Parser(condition, sub_query)
    value = parser.either()
    if parser.at < len(parser.tokens):
        raise parser.unexpected()

    def test(root: Any, current: Any) -> bool:
        try:
            return _truthy(value(root, current))
        except ExpressionError:
            return False

    return test


def _truthy(value: Any) -> bool:
    return bool(value)


class _Parser:
    def __init__(self, condition: str, sub_query: Callable[[str], Query]) -> None:
        self.condition = condition
        self.sub_query = sub_query
        self.tokens = [(str(found.lastgroup), found[str(found.lastgroup)]) for found in _TOKEN.finditer(condition)]
        self.at = 0

    def unexpected(self) -> ExpressionError:
        shown = self.tokens[self.at][1] if self.at < len(self.tokens) else "end"
        return ExpressionError(f"invalid expression. unexpected '{shown}' in the filter '{self.condition}'")

    def takes(self, *symbols: str) -> str:
        if self.at < len(self.tokens) and self.tokens[self.at] in [("symbol", symbol) for symbol in symbols]:
            self.at += 1
            return self.tokens[self.at - 1][1]
        return ""

    def either(self) -> Query:
        value = self.both()
        while self.takes("||"):
            left, right = value, self.both()
            value = _joined(left, right, any_of=True)
        return value

    def both(self) -> Query:
        value = self.comparison()
        while self.takes("&&"):
            left, right = value, self.comparison()
            value = _joined(left, right, any_of=False)
        return value

    def comparison(self) -> Query:
        left = self.operand()
        symbol = self.takes(*_COMPARISONS)
        if not symbol:
            return left
        right, compare = self.operand(), _COMPARISONS[symbol]
        return lambda root, current: compare(left(root, current), right(root, current))

    def operand(self) -> Query:
        if self.takes("!"):
            inner = self.operand()
            return lambda root, current: not _boolean(inner(root, current))
        if self.takes("("):
            inner = self.either()
            if not self.takes(")"):
                raise self.unexpected()
            return inner
        if self.at >= len(self.tokens) or self.tokens[self.at][0] in ("symbol", "other"):
            raise self.unexpected()
        kind, text = self.tokens[self.at]
        if kind == "word" and text not in _WORDS:
            raise self.unexpected()
        self.at += 1
        if kind == "path":
            return self.sub_query(text)
        value = _literal(kind, text)
        return lambda root, current: value


def _literal(kind: str, text: str) -> Any:
    if kind == "number":
        return float(text)
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if kind == "text" else _WORDS[text]


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    raise ExpressionError("invalid argument. expected bool")


def _joined(left: Query, right: Query, *, any_of: bool) -> Query:
    """Join two conditions; both have to be booleans, whatever the first one is."""

    def test(root: Any, current: Any) -> bool:
        first, second = _boolean(left(root, current)), _boolean(right(root, current))
        return (first or second) if any_of else (first and second)

    return test


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(left: Any, right: Any) -> bool:
        numbers = all(isinstance(side, (int, float)) and not isinstance(side, bool) for side in (left, right))
        return numbers and compare(left, right)

    return test


def _matches(left: Any, right: Any) -> bool:
    if not (isinstance(left, str) and isinstance(right, str)):
        return False
    try:
        return regexes.compiled(right.strip("/")).matches(left)
    except Fault as fault:
        raise ExpressionError(str(fault)) from None


_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda left, right: left < right),
    ">": _ordered(lambda left, right: left > right),
    "<=": _ordered(lambda left, right: left <= right),
    ">=": _ordered(lambda left, right: left >= right),
    "=~": _matches,
}
