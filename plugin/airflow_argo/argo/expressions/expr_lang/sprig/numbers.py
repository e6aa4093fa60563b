"""sprig's arithmetic: everything is made an ``int64`` first, and what is no number is 0."""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Any

from airflow_argo.argo.expressions.expr_lang import operators
from airflow_argo.argo.expressions.expr_lang.builtins_numbers import parse_float, parse_int
from airflow_argo.argo.expressions.expr_lang.frame import MEMORY_BUDGET
from airflow_argo.argo.expressions.expr_lang.gotime import Named
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import declare, several
from airflow_argo.argo.expressions.expr_lang.values import Int64, Ints, go_text, to_int, wrapped

_WITH_FRACTION = re.compile(r"([-+]?[0-9]*)\.[0-9]*")
_DECIMALS = Context(prec=400)
_LAST_DECIMAL = Decimal(1).scaleb(-16)


def loose_int(value: Any) -> int:
    """Make a whole number of anything: text may be octal (``010``) or hexadecimal, what is no number is 0."""
    if isinstance(value, str):
        return _text_to_int(value)
    if isinstance(value, Named):
        return int(value)
    return to_int(value) if isinstance(value, (float, int)) and not isinstance(value, bool) else int(value is True)


def _text_to_int(text: str) -> int:
    number = _WITH_FRACTION.fullmatch(text)
    digits = number[1] + "0" * (not number[1].strip("+-")) if number else text
    sign = -1 if digits.startswith("-") else 1
    bare = digits.lstrip("+-") if digits[:1] in ("+", "-") and digits[:1] else digits
    try:
        if len(bare) > 1 and bare[0] == "0" and bare[1].isdigit():
            value = int(bare, 8)
        else:
            value = int(bare, 0) if bare.isascii() and bare[:1].isdigit() and len(bare) < 100 else 0
    except ValueError:
        return 0
    return sign * value if -(2**63) <= sign * value < 2**63 else 0


def loose_float(value: Any) -> float:
    """Make a float of anything; what is no number is 0."""
    if isinstance(value, str):
        try:
            return parse_float(value)
        except ValueError:
            return 0.0
    return float(value) if isinstance(value, (int, float)) else 0.0


def _atoi(text: str) -> int:
    try:
        return parse_int(text)
    except ValueError:
        return 0


def _folded(compute: Callable[[int, int], int]) -> Callable[..., Int64]:
    return lambda *values: Int64(reduce(lambda left, right: wrapped(compute(left, right)), map(loose_int, values)))


def _quotient(left: int, right: int) -> int:
    if right == 0:
        raise Fault("runtime error: integer divide by zero")
    return (left - operators.modulo(left, right)) // right


def _decimals(compute: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    def call(*values: Any) -> float:
        numbers = [Decimal(repr(loose_float(value))) for value in values]
        return float(reduce(compute, numbers)) or 0.0  # these decimals know no -0

    return call


def _divided(left: Decimal, right: Decimal) -> Decimal:
    if not right:
        raise Fault("decimal division by 0")
    return _DECIMALS.divide(left, right).quantize(_LAST_DECIMAL, ROUND_HALF_UP, _DECIMALS)


def _round(value: Any, places: int, *on: float) -> float:
    scale = math.pow(10, places)
    digit = scale * loose_float(value)
    up = math.fmod(digit, 1) >= (on[0] if on else 0.5)
    return (math.ceil(digit) if up else math.floor(digit)) / scale


def _until_step(start: int, stop: int, step: int) -> Ints:
    if step == 0 or (stop < start) != (step < 0):
        return Ints()
    numbers = range(start, stop, step)
    if len(numbers) >= MEMORY_BUDGET:
        raise Fault("memory budget exceeded")
    return Ints(numbers)


def _seq(*bounds: int) -> str:
    if not 1 <= len(bounds) <= 3:
        return ""
    start, end = (1 if len(bounds) == 1 else bounds[0]), bounds[-1]
    direction = -1 if end < start else 1
    step = bounds[1] if len(bounds) == 3 else direction
    if len(bounds) == 3 and direction < 0 < step:
        return ""
    return " ".join(map(str, _until_step(start, end + direction, step)))


def _random_int(low: int, high: int) -> int:
    if high <= low:
        raise Fault("invalid argument to Intn")
    return low + secrets.randbelow(high - low)


def _from_octal(value: Any) -> Int64:
    digits = go_text(value)
    sign, bare = (-1, digits[1:]) if digits[:1] == "-" else (1, digits.removeprefix("+"))
    number = sign * int(bare, 8) if re.fullmatch("[0-7]{1,22}", bare) else 0
    return Int64(number if -(2**63) <= number < 2**63 else 0)


def _whole_float(change: Callable[[float], int]) -> Callable[[Any], float]:
    return lambda value: float(change(loose_float(value)))


NUMBERS = dict(
    [
        declare("atoi", "s", _atoi),
        declare("int", "*", loose_int),
        declare("int64", "*", lambda value: Int64(loose_int(value))),
        declare("float64", "*", loose_float),
        declare("add1", "*", lambda value: Int64(wrapped(loose_int(value) + 1))),
        declare("add", "*...", lambda *values: Int64(wrapped(sum(map(loose_int, values))))),
        declare("sub", "* *", _folded(lambda left, right: left - right)),
        declare("mul", "* *...", _folded(lambda left, right: left * right)),
        declare("div", "* *", _folded(_quotient)),
        declare("mod", "* *", _folded(operators.modulo)),
        *several("max biggest", "* *...", _folded(max)),
        declare("min", "* *...", _folded(min)),
        declare("add1f", "*", lambda value: _decimals(_DECIMALS.add)(value, 1)),
        declare("addf", "*...", lambda *values: _decimals(_DECIMALS.add)(0, *values)),
        declare("subf", "* *...", _decimals(_DECIMALS.subtract)),
        declare("mulf", "* *...", _decimals(_DECIMALS.multiply)),
        declare("divf", "* *...", _decimals(_divided)),
        declare("maxf", "* *...", lambda *values: max(map(loose_float, values))),
        declare("minf", "* *...", lambda *values: min(map(loose_float, values))),
        declare("ceil", "*", _whole_float(math.ceil)),
        declare("floor", "*", _whole_float(math.floor)),
        declare("round", "* i f...", _round),
        declare("until", "i", lambda count: _until_step(0, count, -1 if count < 0 else 1)),
        declare("untilStep", "i i i", _until_step),
        declare("seq", "i...", _seq),
        declare("toDecimal", "*", _from_octal),
        declare("randInt", "i i", _random_int),
    ]
)
