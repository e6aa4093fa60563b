"""What is known about a value before an expression runs: expr-lang checks types first, and so must this."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.expressions.expr_lang.gotime import Duration, Location
from airflow_argo.argo.expressions.expr_lang.values import ANY, AnyMap, Function, go_type


@dataclass(frozen=True)
class Nature:
    """The kind of a value (``unknown`` where anything may come), its Go type, and the nature of a list's elements."""

    kind: str
    name: str
    element: Nature | None = None
    function: Function | None = None

    @property
    def unknown(self) -> bool:
        """Whether only running will tell."""
        return self.kind == "unknown"

    @property
    def nil(self) -> bool:
        """Whether this is nil and nothing else."""
        return self.kind == "nil"

    @property
    def number(self) -> bool:
        """Whether this is a number."""
        return self.kind in ("int", "float")

    def assignable_to(self, other: Nature) -> bool:
        """Tell whether Go lets a value of this type be one of the other."""
        if self.nil:
            return other.kind in ("map", "array", "func")
        if self.unknown and self.name != ANY:
            return False
        return self.name == other.name or other.name == ANY

    def comparable_to(self, other: Nature) -> bool:
        """Tell whether ``==`` makes sense."""
        if self.unknown or other.unknown or self.nil or other.nil:
            return True
        if self.number and other.number:
            return True
        return (self.kind == other.kind and self.kind in ("duration", "time", "array")) or self.assignable_to(other)

    def may_be_with(self, other: Nature, kinds: tuple[str, ...]) -> bool:
        """Tell whether an operation on these kinds is possible, one side at least being unknown."""
        if self.unknown:
            return other.unknown or other.kind in kinds
        return other.unknown and self.kind in kinds


UNKNOWN = Nature("unknown", "unknown")
ANYTHING = Nature("unknown", ANY)
NIL = Nature("nil", "unknown")
BOOL = Nature("bool", "bool")
INT = Nature("int", "int")
FLOAT = Nature("float", "float64")
STRING = Nature("string", "string")
BYTES = Nature("bytes", "[]uint8", INT)
TIME = Nature("time", "time.Time")
DURATION = Nature("duration", "time.Duration")
LOCATION = Nature("location", "time.Location")  # expr-lang looks through the pointer
ARRAY = Nature("array", "[]interface {}", ANYTHING)
MAP = Nature("map", "map[string]interface {}", ANYTHING)
ANY_MAP = Nature("map", "map[interface {}]interface {}", ANYTHING)
STRINGS = Nature("array", "[]string", STRING)
INTS = Nature("array", "[]int", INT)
FLOATS = Nature("array", "[]float64", FLOAT)

BY_GO_TYPE = {
    nature.name: nature
    for nature in (
        ANYTHING, BOOL, INT, FLOAT, STRING, BYTES, TIME, DURATION, LOCATION, ARRAY, MAP, ANY_MAP, STRINGS, INTS, FLOATS,
    )
}  # fmt: skip
BY_GO_TYPE["time.Month"] = Nature("month", "time.Month")
BY_GO_TYPE["time.Weekday"] = Nature("weekday", "time.Weekday")
BY_GO_TYPE["*time.Location"] = LOCATION
BY_GO_TYPE["int64"] = Nature("int", "int64")


def array_of(element: Nature) -> Nature:
    """Give the nature of a list of such elements."""
    return Nature("array", "[]interface {}", element)


def nature_of(value: Any) -> Nature:
    """Tell the nature of a variable by its value."""
    if value is None:
        return NIL
    if isinstance(value, Function):
        return Nature("func", value.go_type, None, value)
    if isinstance(value, Location):
        return LOCATION
    if isinstance(value, Duration):
        return DURATION
    known = BY_GO_TYPE.get(go_type(value))
    if known is not None:
        return known
    if isinstance(value, (dict, list)):
        return Nature("map" if isinstance(value, AnyMap) else "array", go_type(value), ANYTHING)
    return UNKNOWN
