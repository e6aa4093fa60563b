"""What the operators of an expression do with values, as expr-lang v1.17.8 does at run time.

Each raises a ``Fault`` with expr-lang's own text for values it is not made for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.expr_lang import regexes
from airflow_argo.argo.expressions.expr_lang.frame import MEMORY_BUDGET, bounded
from airflow_argo.argo.expressions.expr_lang.gotime import Duration, Time
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.time_methods import method
from airflow_argo.argo.expressions.expr_lang.values import (
    AnyMap,
    Ints,
    Uint8,
    equal,
    go_text,
    go_type,
    is_number,
    to_float,
    to_int,
    wrapped,
)


def _mismatch(operator: str, left: object, right: object) -> Fault:
    return Fault(f"invalid operation: {go_type(left)} {operator} {go_type(right)}")


def _both_numbers(left: object, right: object) -> bool:
    return is_number(left) and is_number(right)


def _number(value: Any) -> Any:
    return wrapped(int(value)) if isinstance(value, int) else value


def add(left: Any, right: Any) -> Any:
    """Add numbers, text, or durations to times."""
    if type(left) is type(right) is str:
        bounded(len(left) + len(right))
        return left + right
    if type(left) is type(right) is int:
        return wrapped(left + right)
    if _both_numbers(left, right):
        return _number(left + right)
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(wrapped(int(left) + int(right)))
    if isinstance(left, Time) and isinstance(right, Duration):
        return left.add(right)
    if isinstance(left, Duration) and isinstance(right, Time):
        return right.add(left)
    raise _mismatch("+", left, right)


def subtract(left: Any, right: Any) -> Any:
    """Subtract numbers, durations, or times."""
    if type(left) is type(right) is int:
        return wrapped(left - right)
    if _both_numbers(left, right):
        return _number(left - right)
    if isinstance(left, Time) and isinstance(right, Time):
        return left.since(right)
    if isinstance(left, Time) and isinstance(right, Duration):
        return left.add(-int(right))
    if isinstance(left, Duration) and isinstance(right, Duration):
        return Duration(wrapped(int(left) - int(right)))
    raise _mismatch("-", left, right)


def multiply(left: Any, right: Any) -> Any:
    """Multiply numbers, or a number with a duration."""
    if type(left) is type(right) is int:
        return wrapped(left * right)
    if _both_numbers(left, right):
        return _number(left * right)
    if isinstance(left, Duration) or isinstance(right, Duration):
        others = [side for side in (left, right) if not isinstance(side, Duration)]
        if not others or type(others[0]) is int:
            return Duration(wrapped(int(left) * int(right)))
        if isinstance(others[0], float):
            return float(left) * float(right)
    raise _mismatch("*", left, right)


def divide(left: Any, right: Any) -> float:
    """Divide; the result is always a float, and a division by zero is infinite."""
    if not _both_numbers(left, right):
        raise _mismatch("/", left, right)
    left, right = float(left), float(right)
    if right:
        return float(left / right)
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def modulo(left: Any, right: Any) -> int:
    """Give the rest of a division of whole numbers, with the sign of the left one."""
    if not (_both_numbers(left, right) and isinstance(left, int) and isinstance(right, int)):
        raise _mismatch("%", left, right)
    if right == 0:
        raise Fault("runtime error: integer divide by zero")
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


def power(left: Any, right: Any) -> float:
    """Raise to a power; always a float."""
    base, exponent = to_float(left), to_float(right)
    try:
        return math.pow(base, exponent)
    except OverflowError:
        return -math.inf if base < 0 and exponent % 2 == 1 else math.inf
    except ValueError:
        if base == 0:
            return math.copysign(math.inf, base) if exponent % 2 == 1 else math.inf
        return math.nan


def negate(value: Any) -> Any:
    """Change the sign of a number."""
    if not is_number(value):
        raise Fault(f"invalid operation: - {go_type(value)}")
    return _number(-value)


def _ordered(operator: str, compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compared(left: Any, right: Any) -> bool:
        if (type(left) is type(right) and type(left) in (int, str)) or _both_numbers(left, right):
            return compare(left, right)
        if isinstance(left, Duration) and isinstance(right, Duration):
            return compare(int(left), int(right))
        if isinstance(left, Time) and isinstance(right, Time):
            return compare(left.moment, right.moment)
        raise _mismatch(operator, left, right)

    return compared


less = _ordered("<", lambda left, right: bool(left < right))
more = _ordered(">", lambda left, right: bool(left > right))
less_or_equal = _ordered("<=", lambda left, right: bool(left <= right))
more_or_equal = _ordered(">=", lambda left, right: bool(left >= right))


def contains(left: Any, right: Any) -> bool:
    """Tell whether a text has another in it."""
    return _text_test(left, right, lambda: right in left)


def starts_with(left: Any, right: Any) -> bool:
    """Tell whether a text begins with another."""
    return _text_test(left, right, lambda: left.startswith(right))


def ends_with(left: Any, right: Any) -> bool:
    """Tell whether a text ends with another."""
    return _text_test(left, right, lambda: left.endswith(right))


def _text_test(left: Any, right: Any, test: Callable[[], bool]) -> bool:
    if left is None or right is None:
        return False
    as_text(left)
    as_text(right)
    return test()


def as_text(value: object) -> str:
    """Insist on text, in the words of a failed Go type assertion."""
    if isinstance(value, str):
        return value
    raise wrong_type(value, "string")


def wrong_type(value: object, wanted: str) -> Fault:
    """Say that a value has another type than an operation insists on."""
    found = "nil" if value is None else go_type(value)
    return Fault(f"interface conversion: interface {{}} is {found}, not {wanted}")


def as_bool(value: object) -> bool:
    """Insist on a boolean."""
    if value is True or value is False:
        return value
    raise wrong_type(value, "bool")


def matches(left: Any, right: Any) -> bool:
    """Search a text for a regular expression (RE2)."""
    if left is None or right is None:
        return False
    text = left.decode("utf-8", "replace") if isinstance(left, bytes) else left
    if not isinstance(text, str):
        raise wrong_type(left, "[]uint8")
    return regexes.compiled(as_text(right)).matches(text)


def is_in(needle: Any, holder: Any) -> bool:
    """Tell whether a list has an element or a map has a key."""
    if holder is None:
        return False
    if isinstance(holder, (list, tuple)):
        return any(equal(item, needle) for item in holder)
    if isinstance(holder, dict):
        return _key(holder, needle) in holder
    raise Fault(f'operator "in" not defined on {go_type(holder)}')


def _key(holder: dict[Any, Any], key: Any) -> Any:
    if isinstance(holder, AnyMap):
        if isinstance(key, (list, dict, tuple)):
            raise Fault(f"hash of unhashable type: {go_type(key)}")
        return key
    if key is None:
        return ""
    if not isinstance(key, str):
        raise Fault(f"reflect.Value.MapIndex: value of type {go_type(key)} is not assignable to type string")
    return key


def fetch(base: Any, key: Any) -> Any:
    """Get an element of a list or a text by index, or of a map by key; an unknown key is nil."""
    if isinstance(base, dict):
        return base.get(_key(base, key))
    if isinstance(base, (list, tuple, str, bytes)):
        return _element(base, key)
    found = method(base, key)
    if found is not None:
        return found
    raise Fault(f"cannot fetch {go_text(key)} from {go_type(base)}")


def _element(base: Any, key: Any) -> Any:
    if isinstance(base, str):
        base = base.encode("utf-8", "replace")
    index = to_int(key)
    if index < 0:
        index += len(base)
    if not 0 <= index < len(base):
        raise Fault(f"index out of range: {index} (array length is {len(base)})")
    return Uint8(base[index]) if isinstance(base, bytes) else base[index]


def cut(base: Any, start: Any, end: Any) -> Any:
    """Cut a piece out of a list or a text; of a text by bytes, as Go counts."""
    if not isinstance(base, (list, str, bytes)):
        raise Fault(f"cannot slice {go_text(start)}")
    data = base.encode("utf-8", "replace") if isinstance(base, str) else base
    first, last = to_int(start), to_int(end)
    first = max(first + len(data) if first < 0 else first, 0)
    last = min(max(last + len(data) if last < 0 else last, 0), len(data))
    piece = data[min(first, last) : last]
    if isinstance(base, str):
        return piece.decode("utf-8", "replace") if isinstance(piece, bytes) else ""
    return type(base)(piece)


def length(value: Any) -> int:
    """Count the bytes of a text or the elements of a list or map, as the end of an open slice."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace"))
    if isinstance(value, (list, tuple, dict, bytes)):
        return len(value)
    raise Fault(f"invalid argument for len (type {go_type(value)})")


def number_range(left: Any, right: Any) -> Ints:
    """Make the list of whole numbers from one to another, both included; empty if they go down."""
    first, last = to_int(left), to_int(right)
    if last - first + 1 >= MEMORY_BUDGET:
        raise Fault("memory budget exceeded")
    return Ints(range(first, last + 1))


BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "**": power,
    "^": power,
    "==": equal,
    "!=": lambda left, right: not equal(left, right),
    "<": less,
    ">": more,
    "<=": less_or_equal,
    ">=": more_or_equal,
    "in": is_in,
    "matches": matches,
    "contains": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
    "..": number_range,
}
