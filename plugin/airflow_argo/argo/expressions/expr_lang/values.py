"""Values of an expression as Go sees them: their types' names, their text, and when two are equal.

Most are plain Python: None, bool, int, float, str, bytes, list and dict. The classes here are what Python has no word
for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, ClassVar

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.expr_lang.gotime import Named
from airflow_argo.argo.expressions.expr_lang.source import Fault

ANY = "interface {}"
_HALF = 2**63
_WHOLE = 2**64


class Int64(int):
    """An ``int64``, what sprig counts in; arithmetic in an expression makes an ``int`` of it."""

    go_type: ClassVar[str] = "int64"


class Uint8(int):
    """A ``uint8``, what a text or bytes are made of."""

    go_type: ClassVar[str] = "uint8"


class Ints(list[Any]):
    """A ``[]int``, what a range makes."""

    go_type: ClassVar[str] = "[]int"


class Strings(list[Any]):
    """A ``[]string``, what ``split`` makes."""

    go_type: ClassVar[str] = "[]string"


class NilSlice(gojson.Nil, list[Any]):
    """A nil ``[]interface {}``, what is left of an empty list."""

    go_type: ClassVar[str] = "[]interface {}"


class NilStrings(gojson.Nil, Strings):
    """A nil ``[]string``."""


class Pairs(list[Any]):
    """A ``[][2]interface {}``, what ``toPairs`` makes."""

    go_type: ClassVar[str] = "[][2]interface {}"


class AnyMap(dict[Any, Any]):
    """A ``map[interface {}]interface {}``: its keys need not be text, and JSON refuses it."""

    go_type: ClassVar[str] = "map[interface {}]interface {}"


class Groups(AnyMap):
    """What ``groupBy`` makes: lists of elements by any key."""

    go_type: ClassVar[str] = "map[interface {}][]interface {}"


@dataclass(frozen=True)
class Function:
    """A function of the environment.

    :param parameters: Go types of the parameters; the last one of a variadic function is that of each further argument.
    :param result: Go type of the result.
    """

    name: str
    call: Callable[..., Any]
    parameters: tuple[str, ...]
    result: str = ANY
    variadic: bool = False

    @property
    def go_type(self) -> str:
        """The type as Go writes it, such as ``func(interface {}) string``."""
        shown = list(self.parameters)
        if self.variadic:
            shown[-1] = "..." + shown[-1]
        return f"func({', '.join(shown)}) {self.result}"


def wrapped(value: int) -> int:
    """Keep a whole number within 64 bits, as Go does: it overflows silently."""
    return value if -_HALF <= value < _HALF else (value + _HALF) % _WHOLE - _HALF


def is_number(value: object) -> bool:
    """Tell whether this is a number; a boolean, a duration and a month are not."""
    return isinstance(value, (int, float)) and not isinstance(value, (bool, Named))


def go_type(value: object) -> str:
    """Name the Go type of a value as ``%T`` prints it, such as ``map[string]interface {}``."""
    return gojson.go_type(value)


def to_int(value: object) -> int:
    """Make a whole number of a number, cutting the fraction off.

    :raises Fault: if it is no number.
    """
    if type(value) is int:
        return value
    if isinstance(value, float):
        return wrapped(int(value)) if abs(value) < _WHOLE else -_HALF
    if isinstance(value, int) and is_number(value):
        return int(value)
    raise Fault(f"invalid operation: int({go_type(value)})")


def to_float(value: object) -> float:
    """Make a float of a number.

    :raises Fault: if it is no number.
    """
    if isinstance(value, (int, float)) and is_number(value):
        return float(value)
    raise Fault(f"invalid operation: float({go_type(value)})")


def go_text(value: object) -> str:
    """Print a value as Go's ``%v`` does: a list as ``[1 2]``, a map as ``map[a:1]``, nil as ``<nil>``.

    This is what Argo stores where an expression gives something else than text.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return gojson.shortest_float(value)
    if isinstance(value, (list, tuple, bytes)):
        return "[" + " ".join(map(go_text, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{go_text(key)}:{go_text(value[key])}" for key in sorted_keys(value)) + "]"
    return "<nil>" if value is None else str(value)


def shown_as_text(value: object) -> str:
    """Print a value as Go's ``%s`` does, which has its own way of saying that something is no text."""
    return "%!s(<nil>)" if value is None else _as_text(value)


def _as_text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + " ".join(map(_as_text, value)) + "]"
    if isinstance(value, dict):
        return "map[" + " ".join(f"{go_text(key)}:{_as_text(value[key])}" for key in sorted_keys(value)) + "]"
    if isinstance(value, (bool, float)) or (isinstance(value, int) and not isinstance(value, Named)):
        return f"%!s({go_type(value)}={go_text(value)})"
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else go_text(value)


def sorted_keys(value: dict[Any, Any]) -> list[Any]:
    """Give the keys of a map in the order that Go prints them: numbers before text."""
    return sorted(value, key=lambda key: (isinstance(key, str), key if is_number(key) or isinstance(key, str) else 0))


def is_nil(value: object) -> bool:
    """Tell whether a value is nil; a list may be, too."""
    return value is None or isinstance(value, gojson.Nil)


def equal(left: object, right: object) -> bool:
    """Compare as ``==`` does: numbers by value whatever their type, lists by element, maps by exact types too."""
    if left is None or right is None:
        return is_nil(left) and is_nil(right)
    if isinstance(left, str) or isinstance(right, str):
        return isinstance(left, str) and isinstance(right, str) and left == right
    if is_number(left) and is_number(right):
        return left == right
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return identical(left, right)


def identical(left: object, right: object) -> bool:
    """Compare as Go's ``reflect.DeepEqual`` does: 1 is not 1.0."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(identical(item, right[key]) for key, item in left.items())
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(identical, left, right))
    return type(left) is type(right) and left == right


def identity(value: object) -> Hashable:
    """Give what two values share exactly if they are :func:`identical`, so that many can be told apart fast."""
    if isinstance(value, dict):
        return dict, frozenset((key, identity(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return type(value), tuple(map(identity, value))
    # NaN is not even identical with itself.
    return (type(value), value) if value == value else object()


def likeness(value: object) -> Hashable:
    """Give what two values share exactly if they are :func:`equal`."""
    if is_number(value):
        return ("number", value) if value == value else object()
    return ("list", tuple(map(likeness, value))) if isinstance(value, list) else identity(value)
