"""The expressions in a JSONPath: ``@.price < 10 && @.name == 'x'`` in a filter, ``@.length - 1`` in a script.

The library has no grammar for them: it cuts a text at the first operator of the lowest rank, and what has none is left
as the text that it is, quotes and all. That decides what ``a - b - c`` is, and that ``@.kind`` has an ``in`` in it.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import operators, regexes
from airflow_argo.argo.expressions.expr_lang.builtins_numbers import parse_float, parse_int
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import go_text

Query = Callable[[Any, Any], Any]

_PATHS = ("@", "$")
_PREFIXES = (*_PATHS, "!")
_RANKS = (
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "=~", "!", "+", "-", "**", "*", "/", "%", "not in", "in", *_PATHS,
)  # fmt: skip
_CONSTANTS = {"nil": None, "null": None}
_TRUE = ("1", "t", "T", "TRUE", "true", "True")
_FALSE = ("0", "f", "F", "FALSE", "false", "False")


class UnreadableError(ExpressionError):
    """An expression that cannot be read; the message lacks the path that it stands in."""


def compile_script(text: str, sub_query: Callable[[str], Query]) -> Query:
    """Make a function of an expression.

    :param sub_query: compiles the paths in it.
    :raises UnreadableError: if it cannot be read.
    """
    made = _Reader(sub_query).operation(text, _RANKS)
    if made is not None:
        return made
    value = _plain(text)
    return lambda root, current: value


def compile_filter(text: str, sub_query: Callable[[str], Query]) -> Callable[[Any, Any], bool]:
    """Make a test of a condition; an element for which it fails does not pass.

    :raises UnreadableError: if it cannot be read.
    """
    value = compile_script(text, sub_query)

    def test(root: Any, current: Any) -> bool:
        try:
            found = value(root, current)
        except ExpressionError:
            return False
        return bool(_unquoted(found) if isinstance(found, str) else found)

    return test


def _plain(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        return parse_float(text)
    except ValueError:
        return text in _TRUE if text in _TRUE + _FALSE else text


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


class _Reader:
    def __init__(self, sub_query: Callable[[str], Query]) -> None:
        self.sub_query = sub_query

    def operation(self, text: str, ranks: tuple[str, ...]) -> Query | None:
        """Cut a text at an operator; None if it has none."""
        symbol, text = ranks[0], text.strip()
        if text.startswith("(") and text.endswith(")"):
            text, ranks = text[1:-1].strip(), ("", *_RANKS)
        if not text:
            return None
        at = _place_of(symbol, text)
        left, right = text[:at].strip(), text[at + len(symbol) :].strip()
        is_here = at >= 0 and (right or symbol in _PATHS) and (left or symbol in _PREFIXES)
        if not is_here or (left and symbol in _PREFIXES):
            return self.operation(text, ranks[1:]) if len(ranks) > 1 else None
        return self.made(symbol, text, left, right, ranks)

    def made(self, symbol: str, text: str, left: str, right: str, ranks: tuple[str, ...]) -> Query:
        second = self.argument(right, ranks)
        if symbol in _PATHS:
            return _quoting(self.sub_query(text))
        first = self.argument(left, ranks)
        if symbol not in _OPERATIONS:
            raise UnreadableError("unsupported operator")
        compute = _OPERATIONS[symbol]
        return lambda root, current: compute(first(root, current), second(root, current))

    def argument(self, text: str, ranks: tuple[str, ...]) -> Query:
        made = self.operation(text, ranks)
        if made is not None:
            return made
        value = _literal(text.strip())
        return lambda root, current: value


def _literal(text: str) -> Any:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if (text[:1], text[-1:]) in (("[", "]"), ("{", "}")):
        try:
            return gojson.loads(text, number=gojson.float_number)
        except ExpressionError:
            return text
    return text


def _place_of(symbol: str, text: str) -> int:
    """Find an operator outside quotes and brackets; -1 if there is none."""
    quote, opened, depth = "", "", 0
    for index, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif depth:
            depth += (char == opened) - (char == _CLOSING[opened])
        elif char in "'\"":
            quote = char
        elif char in _CLOSING:
            opened, depth = char, 1
        if not (quote or depth) and index + 1 >= len(symbol) and text.endswith(symbol, 0, index + 1):
            return index + 1 - len(symbol)
    return -1


_CLOSING = {"(": ")", "[": "]"}


def _quoting(path: Query) -> Query:
    """Put what a path leads to in quotes, if it is text: so texts are told from the rest."""

    def found(root: Any, current: Any) -> Any:
        value = path(root, current)
        if isinstance(value, str) and not re.fullmatch("'.*'", value, re.S):
            return f"'{value}'"
        return value

    return found


def _number(value: Any) -> float:
    try:
        return parse_float(go_text(value))
    except ValueError:
        raise ExpressionError("invalid argument. expected number") from None


def _whole(value: Any) -> int:
    try:
        return parse_int(go_text(value))
    except ValueError:
        raise ExpressionError("invalid argument. expected integer") from None


def _boolean(value: Any) -> bool:
    text = go_text(value)
    if value is None or text in _FALSE:
        return False
    if text in _TRUE:
        return True
    raise ExpressionError("invalid argument. expected boolean")


def _text(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value[1:-1]}'" if len(value) > 1 and value[0] == value[-1] == '"' else value
    return go_text(value)


def _equal(left: Any, right: Any) -> bool:
    try:
        return _number(left) == _number(right)
    except ExpressionError:
        return _text(left) == _text(right)


def _is_in(left: Any, right: Any) -> bool:
    if isinstance(right, dict):
        right = list(right.values())
    if not isinstance(right, list):
        raise ExpressionError("invalid argument. expected array, map, or slice")
    try:
        item: Any = _number(left)
    except ExpressionError:
        item = _text(left)
    return any(type(element) is type(item) and element == item for element in right)


def _matches(left: Any, right: Any) -> bool:
    text, pattern = (value[1:-1] if re.fullmatch("'.*'", value, re.S) else value for value in map(_text, (left, right)))
    try:
        return regexes.compiled(pattern).matches(text)
    except Fault:
        raise ExpressionError("invalid argument. expected a valid regexp") from None


def _rest(left: Any, right: Any) -> int:
    first, second = _whole(left), _whole(right)
    if second == 0:
        raise ExpressionError("runtime error: integer divide by zero")
    return int(math.copysign(1, first)) * (abs(first) % abs(second))


def _of_numbers(compute: Callable[[float, float], Any]) -> Callable[[Any, Any], Any]:
    def computed(left: Any, right: Any) -> Any:
        first = _number(left)
        return compute(first, _number(right))

    return computed


def _of_booleans(compute: Callable[[bool, bool], bool]) -> Callable[[Any, Any], bool]:
    """Join two conditions; both have to be booleans, whatever the first one is."""

    def computed(left: Any, right: Any) -> bool:
        first = _boolean(left)
        return compute(first, _boolean(right))

    return computed


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "||": _of_booleans(operator.or_),
    "&&": _of_booleans(operator.and_),
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<=": _of_numbers(operator.le),
    ">=": _of_numbers(operator.ge),
    "<": _of_numbers(operator.lt),
    ">": _of_numbers(operator.gt),
    "=~": _matches,
    "!": lambda left, right: not _boolean(right),
    "+": _of_numbers(operator.add),
    "-": _of_numbers(operator.sub),
    "**": _of_numbers(operators.power),
    "*": _of_numbers(operator.mul),
    "/": _of_numbers(operators.divide),
    "%": _rest,
    "not in": lambda left, right: not _is_in(left, right),
    "in": _is_in,
}
