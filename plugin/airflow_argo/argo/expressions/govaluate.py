"""The language of ``when``: govaluate, as Argo v4.1.2 uses it.

Values are numbers (floats), text, booleans and times. Argo turns each bare word into text, so ``foo == foo`` compares
text; but ``true`` is a boolean, ``1`` a number, and ``foo-bar`` a subtraction that fails.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import operators, regexes
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import to_int
from airflow_argo.argo.expressions.govaluate_lexer import MAY_FOLLOW, Token, shown, tokens

_CAN_END = frozenset(("CLAUSE_CLOSE", "NUMERIC", "BOOLEAN", "STRING", "TIME", "PATTERN", "VARIABLE", "ACCESSOR"))
_LOGICAL = "the logical operator '{}', it is not a bool"
_MODIFIER = "the modifier '{}', it is not a number"
_COMPARATOR = "the comparator '{}', it is not a number"
_TERNARY = "the ternary operator '{}', it is not a bool"
_QUOTES_HINT = ' (hint: try wrapping the affected expression in quotes ("))'


class _Level(NamedTuple):
    """The operators of one precedence, and how a wrong operand of theirs is called."""

    kind: str
    symbols: tuple[str, ...]
    refusal: str = ""


_LEVELS = (
    _Level("SEPARATOR", (",",)),
    _Level("TERNARY", ("?", ":", "??"), _TERNARY),
    _Level("LOGICALOP", ("||",), _LOGICAL),
    _Level("LOGICALOP", ("&&",), _LOGICAL),
    _Level("COMPARATOR", ("==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"), _COMPARATOR),
    _Level("MODIFIER", ("^", "&", "|"), _MODIFIER),
    _Level("MODIFIER", (">>", "<<"), _MODIFIER),
    _Level("MODIFIER", ("+", "-"), _MODIFIER),
    _Level("MODIFIER", ("*", "/", "%"), _MODIFIER),
    _Level("MODIFIER", ("**",), _MODIFIER),
)


@lru_cache(maxsize=4096)
def evaluate_when(text: str) -> bool:
    """Tell whether a step or task runs.

    :param text: the ``when``, its tags already replaced; empty means yes.
    :raises ExpressionError: with Argo's message, if it cannot be read or computed or gives no boolean.
    """
    if not text:
        return True
    try:
        first = _checked(tokens(text))
        _Planner(first).plan()
    except ExpressionError as error:
        hint = _QUOTES_HINT if "Invalid token" in str(error) else ""
        raise ExpressionError(f"Invalid 'when' expression '{text}': {error}{hint}") from None
    words = [Token("STRING", word.value) if word.kind == "VARIABLE" else word for word in first]
    try:
        planned = _Planner(_checked(words)).plan()
    except ExpressionError as error:
        raise ExpressionError(f"Failed to parse 'when' expression '{text}': {error}") from None
    try:
        value = planned()
    except (ExpressionError, RecursionError) as error:
        raise ExpressionError(f"Failed to evaluate 'when' expresion '{text}': {error}") from None
    if not isinstance(value, bool):
        raise ExpressionError(f"Expected boolean evaluation for '{text}'. Got {shown(value)}")
    return value


def _checked(words: list[Token]) -> list[Token]:
    """Refuse words that cannot stand beside each other, and compile the regular expressions."""
    if sum(word.kind == "CLAUSE" for word in words) != sum(word.kind == "CLAUSE_CLOSE" for word in words):
        raise ExpressionError("Unbalanced parenthesis")
    previous: Token | None = None
    for word in words:
        before = previous.kind if previous else "UNKNOWN"
        if word.kind not in MAY_FOLLOW[before]:
            if previous and before == "VARIABLE" and word.kind == "CLAUSE":
                raise ExpressionError(f"Undefined function {previous.value}")
            after = f"{before} [{previous.shown if previous else '<nil>'}]"
            raise ExpressionError(f"Cannot transition token types from {after} to {word.kind} [{word.shown}]")
        previous = word
    if previous is None or previous.kind not in _CAN_END:
        raise ExpressionError("Unexpected end of expression")
    return [
        _pattern(word) if word.kind == "STRING" and index and words[index - 1].value in ("=~", "!~") else word
        for index, word in enumerate(words)
    ]


def _pattern(word: Token) -> Token:
    return Token("PATTERN", _regex(word.value))


def _regex(pattern: str) -> regexes.Regex:
    try:
        return regexes.compiled(pattern)
    except Fault as fault:
        raise ExpressionError(str(fault)) from None


_Plan = Callable[[], Any]


class _Planner:
    """Turns words into a function that computes them; loosely, as govaluate: words that are left over do not matter."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0

    def peek(self) -> Token:
        return self.words[self.at] if self.at < len(self.words) else Token("UNKNOWN", None)

    def next(self) -> Token:
        self.at += 1
        return self.words[self.at - 1] if self.at <= len(self.words) else Token("UNKNOWN", None)

    def plan(self) -> _Plan:
        try:
            return self.level(0)
        except RecursionError:
            raise ExpressionError("the expression is nested too deeply") from None

    def level(self, depth: int) -> _Plan:
        if depth == len(_LEVELS):
            return self.value()
        level = _LEVELS[depth]
        plan = self.level(depth + 1)
        while self.peek().kind == level.kind and self.peek().value in level.symbols:
            plan = _operation(self.next().value, plan, self.level(depth + 1), level.refusal)
        return plan

    def value(self) -> _Plan:
        word = self.peek()
        if word.kind == "CLAUSE_CLOSE":
            return lambda: None
        self.next()
        if word.kind == "CLAUSE":
            plan = self.level(0)
            self.next()
            return plan
        if word.kind == "PREFIX":
            return _prefixed(word.value, self.value())
        if word.kind == "ACCESSOR":
            return _missing(word.value[0])
        if word.kind in ("NUMERIC", "STRING", "PATTERN", "BOOLEAN", "TIME", "VARIABLE"):
            value = word.value.timestamp() if isinstance(word.value, datetime) else word.value
            return lambda: value
        raise ExpressionError(f"Unable to plan token kind: '{word.kind}', value: '{word.shown}'")


def _missing(name: str) -> _Plan:
    def plan() -> Any:
        raise ExpressionError(f"No parameter '{name}' found.")

    return plan


def _prefixed(symbol: str, operand: _Plan) -> _Plan:
    def plan() -> Any:
        value = operand()
        if isinstance(value, bool) and symbol == "!":
            return not value
        if isinstance(value, float) and symbol != "!":
            return -value if symbol == "-" else float(~to_int(value))
        raise ExpressionError(f"Value '{shown(value)}' cannot be used with the prefix '{symbol}'")

    return plan


def _operation(symbol: str, left: _Plan, right: _Plan, refusal: str) -> _Plan:
    def plan() -> Any:
        first = left()
        ended, value = _short_circuit(symbol, first)
        if ended:
            return value
        second = right()
        for operand, allowed in zip((first, second), _OPERANDS[symbol], strict=True):
            if allowed and type(operand) not in allowed:
                raise ExpressionError(f"Value '{shown(operand)}' cannot be used with {refusal.format(symbol)}")
        if symbol in _PAIRS and not _PAIRS[symbol](first, second):
            raise ExpressionError(f"Value '{shown(first)}' cannot be used with {refusal.format(symbol)}")
        return _OPERATIONS[symbol](first, second)

    return plan


def _short_circuit(symbol: str, first: Any) -> tuple[bool, Any]:
    """Tell whether the left side settles the result, and what it is then."""
    if symbol == "&&" and first is False:
        return True, False
    if symbol == "||" and first is True:
        return True, True
    if symbol == "?" and first is False:
        return True, None
    return symbol in ("??", ":") and first is not None, first


def _equal(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _is_in(left: Any, right: list[Any]) -> bool:
    return any(_equal(left, item) for item in right)


def _separated(left: Any, right: Any) -> list[Any]:
    return [*left, right] if isinstance(left, list) else [left, right]


def _matches(left: str, right: Any) -> bool:
    regex: regexes.Regex = _regex(right) if isinstance(right, str) else right
    try:
        return regex.matches(left)
    except Fault as fault:
        raise ExpressionError(str(fault)) from None


def _add(left: Any, right: Any) -> Any:
    return shown(left) + shown(right) if isinstance(left, str) or isinstance(right, str) else left + right


def _modulo(left: float, right: float) -> float:
    return math.fmod(left, right) if right and math.isfinite(left) else math.nan


def _bits(compute: Callable[[int, int], int]) -> Callable[[float, float], float]:
    return lambda left, right: float(compute(to_int(left), to_int(right)))


def _shifted(compute: Callable[[int, int], int]) -> Callable[[float, float], float]:
    def shift(left: float, right: float) -> float:
        count = to_int(right) % 2**64
        return float(compute(to_int(left) % 2**64, min(count, 64)) % 2**64)

    return shift


_NUMBERS = ((float,), (float,))
_ANY: tuple[type, ...] = ()
_OPERANDS: dict[str, tuple[tuple[type, ...], tuple[type, ...]]] = {
    **dict.fromkeys(("-", "*", "/", "%", "**", "&", "|", "^", ">>", "<<"), _NUMBERS),
    **dict.fromkeys(("&&", "||"), ((bool,), (bool,))),
    **dict.fromkeys(("=~", "!~"), ((str,), (str, regexes.Regex))),
    **dict.fromkeys(("==", "!=", ",", "+", ">", ">=", "<", "<=", ":", "??"), (_ANY, _ANY)),
    "in": (_ANY, (list,)),
    "?": ((bool,), _ANY),
}


def _same_kind(left: Any, right: Any) -> bool:
    return type(left) is type(right) and type(left) in (float, str)


def _addable(left: Any, right: Any) -> bool:
    return isinstance(left, str) or isinstance(right, str) or type(left) is type(right) is float


_PAIRS: dict[str, Callable[[Any, Any], bool]] = {**dict.fromkeys((">", ">=", "<", "<="), _same_kind), "+": _addable}
_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    "=~": _matches,
    "!~": lambda left, right: not _matches(left, right),
    "in": _is_in,
    "&&": lambda left, right: left and right,
    "||": lambda left, right: left or right,
    "?": lambda left, right: right,
    ":": lambda left, right: right,
    "??": lambda left, right: right,
    ",": _separated,
    "+": _add,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": operators.divide,
    "%": _modulo,
    "**": operators.power,
    "&": _bits(lambda left, right: left & right),
    "|": _bits(lambda left, right: left | right),
    "^": _bits(lambda left, right: left ^ right),
    ">>": _shifted(lambda value, count: value >> count),
    "<<": _shifted(lambda value, count: value << count),
}
