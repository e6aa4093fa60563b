"""The language's own functions for numbers, bits and conversions."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from airflow_argo.argo.expressions.expr_lang import natures, operators
from airflow_argo.argo.expressions.expr_lang.builtin_function import (
    BuiltinFunction,
    Rule,
    overloaded,
    ruled,
    shown,
    takes,
)
from airflow_argo.argo.expressions.expr_lang.gotime import Named
from airflow_argo.argo.expressions.expr_lang.natures import Nature
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import go_type, is_number, to_float, to_int, wrapped

_WHOLE = re.compile(r"[+-]?[0-9]+")
_FLOAT = re.compile(
    r"[+-]?(?:(?:[0-9](?:_?[0-9])*\.?(?:[0-9](?:_?[0-9])*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf(?:inity)?|nan)", re.I
)
_HEX_FLOAT = re.compile(r"[+-]?0x[0-9a-f]*\.?[0-9a-f]*p[+-]?[0-9]+", re.I)
_NUMBERS = ("int", "float")
_NAMED = ("duration", "month", "weekday")
_TOO_BIG = 2**63


def parse_int(text: str) -> int:
    """Read a whole number as Go's ``strconv.Atoi``: digits and a sign, no spaces, no more than 64 bits.

    :raises ValueError: for anything else.
    """
    if text.isdigit() and text.isascii() and len(text) < 19:
        return int(text)
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    value = int(text) if len(text) < 4000 else _TOO_BIG
    if not -_TOO_BIG <= value < _TOO_BIG:
        raise ValueError(text)
    return value


def parse_float(text: str) -> float:
    """Read a float as Go's ``strconv.ParseFloat``; ``inf`` and ``nan`` are numbers, too large ones are not.

    :raises ValueError: for anything else.
    """
    if _HEX_FLOAT.fullmatch(text):
        return float.fromhex(text)
    if not _FLOAT.fullmatch(text):
        raise ValueError(text)
    value = float(text)
    if math.isinf(value) and "inf" not in text.lower():
        raise ValueError(text)
    return value


def to_whole(value: Any) -> int:
    """Make a whole number of a number or of text: the function ``int``."""
    if type(value) is int:
        return value
    if type(value) is str:
        try:
            return parse_int(value)
        except ValueError:
            raise Fault(f"invalid operation: int({value})") from None
    if value is None:
        raise Fault("reflect: call of reflect.Value.Type on zero Value")
    return int(value) if isinstance(value, Named) else to_int(value)


def to_decimal(value: Any) -> float:
    """Make a float of a number or of text: the function ``float``."""
    if not isinstance(value, str):
        return to_float(value)
    try:
        return parse_float(value)
    except ValueError:
        raise Fault(f"invalid operation: float({value})") from None


def _absolute(value: Any) -> Any:
    if not is_number(value):
        raise Fault(f"invalid argument for abs (type {go_type(value)})")
    return value if value >= 0 else type(value)(-value)


def _rounding(name: str, change: Callable[[float], float]) -> Callable[[Any], float]:
    def call(value: Any) -> float:
        if not is_number(value):
            raise Fault(f"invalid argument for {name} (type {go_type(value)})")
        number = float(value)
        return change(number) if math.isfinite(number) else number

    return call


def _half_away_from_zero(value: float) -> float:
    whole = float(math.trunc(value))
    return whole + math.copysign(1, value) if abs(value - whole) >= 0.5 else math.copysign(whole, value)


def _flat_numbers(name: str, values: tuple[Any, ...] | list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, (list, tuple, bytes)):
            yield from _flat_numbers(name, list(value))
        elif is_number(value):
            yield value
        else:
            raise Fault(f"invalid argument for {name} (type {go_type(value)})")


def _extreme(name: str, worse: Callable[[Any, Any], bool], *values: Any) -> Any:
    if len(values) == 2 and type(values[0]) is type(values[1]) is int:
        return values[1] if worse(*values) else values[0]
    if len(values) == 1 and not isinstance(values[0], (list, tuple, bytes)):
        return values[0]
    best = None
    for value in _flat_numbers(name, values):
        if best is None or worse(best, value):
            best = value
    return best


def _mean(*values: Any) -> float:
    numbers = [float(value) for value in _flat_numbers("mean", values)]
    total = 0.0
    for number in numbers:
        total += number
    return total / len(numbers) if numbers else 0.0


def _median(*values: Any) -> float:
    numbers = sorted(float(value) for value in _flat_numbers("median", values))
    if not numbers:
        return 0.0
    middle = len(numbers) // 2
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _bit_operand(name: str, value: Any) -> int:
    if isinstance(value, int) and is_number(value):
        return int(value)
    raise Fault(f"cannot use {go_type(value)} as argument (type int) to call {name}")


def _bits(name: str, compute: Callable[[int, int], int]) -> tuple[str, BuiltinFunction]:
    def call(left: Any, right: Any) -> int:
        return wrapped(compute(_bit_operand(name, left), _bit_operand(name, right)))

    return overloaded(name, call, "int, int -> int")


def _shift(compute: Callable[[int, int], int]) -> Callable[[int, int], int]:
    def shifted(value: int, count: int) -> int:
        if count < 0:
            raise Fault(f"invalid operation: negative shift count {count} (type int)")
        return compute(value, min(count, 64))

    return shifted


def _aggregate(name: str) -> Rule:
    def rule(given: list[Nature]) -> Nature:
        if not given:
            raise Fault(f"not enough arguments to call {name}")
        for nature in given:
            if nature.kind in ("unknown", "array", "bytes"):
                return natures.ANYTHING
            if nature.kind not in (*_NUMBERS, *_NAMED):
                raise Fault(f"invalid argument for {name} (type {shown(nature)})")
        return given[0]

    return rule


def _number_rule(name: str, result: Rule, *more: str) -> Rule:
    return takes(1, (*_NUMBERS, *more), f"invalid argument for {name} (type {{}})", result)


NUMBER_FUNCTIONS = dict(
    (
        ruled("abs", _absolute, _number_rule("abs", lambda given: given[0])),
        ruled(
            "ceil",
            _rounding("ceil", lambda value: float(math.ceil(value))),
            _number_rule("ceil", lambda given: natures.FLOAT),
        ),
        ruled(
            "floor",
            _rounding("floor", lambda value: float(math.floor(value))),
            _number_rule("floor", lambda given: natures.FLOAT),
        ),
        ruled("round", _rounding("round", _half_away_from_zero), _number_rule("round", lambda given: natures.FLOAT)),
        ruled("int", to_whole, _number_rule("int", lambda given: natures.INT, "string", *_NAMED)),
        ruled("float", to_decimal, _number_rule("float", lambda given: natures.FLOAT, "string", *_NAMED)),
        ruled("max", partial(_extreme, "max", operators.less), _aggregate("max")),
        ruled("min", partial(_extreme, "min", operators.more), _aggregate("min")),
        ruled("mean", _mean, _aggregate("mean")),
        ruled("median", _median, _aggregate("median")),
        _bits("bitand", lambda left, right: left & right),
        _bits("bitor", lambda left, right: left | right),
        _bits("bitxor", lambda left, right: left ^ right),
        _bits("bitnand", lambda left, right: left & ~right),
        _bits("bitshl", _shift(lambda value, count: value << count)),
        _bits("bitshr", _shift(lambda value, count: value >> count)),
        _bits("bitushr", _shift(lambda value, count: (value % 2**64) >> count)),
        overloaded("bitnot", lambda value: ~_bit_operand("bitnot", value), "int -> int"),
    )
)
