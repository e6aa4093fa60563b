"""The functions that look at each element of a list: ``filter``, ``map``, ``reduce`` and the like."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key
from typing import Any

from airflow_argo.argo.expressions.expr_lang import operators
from airflow_argo.argo.expressions.expr_lang.frame import Code, Frame
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import Groups, Uint8, go_type, is_number

_Visit = Callable[[int, Any], Any]


class _NoElement:
    """Stands for what a map has instead of elements; a predicate may go on as long as it does not look at it."""


NO_ELEMENT = _NoElement()


def looked_at(item: Any) -> Any:
    """Give an element to what looks at it.

    :raises Fault: if there are none, only keys and values.
    """
    if item is NO_ELEMENT:
        raise Fault("reflect: call of reflect.Value.Index on map Value")
    return item


def elements(value: Any) -> Sequence[Any]:
    """Give the elements of a list; of a text its bytes, of a map as many ``NO_ELEMENT``.

    :raises Fault: for anything else, in the words of Go's ``reflect``.
    """
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, (str, bytes)):
        return [Uint8(byte) for byte in (value.encode("utf-8", "replace") if isinstance(value, str) else value)]
    if value is None:
        raise Fault("reflect: call of reflect.Value.Len on zero Value")
    if isinstance(value, dict):
        return [NO_ELEMENT] * len(value)
    kind = "struct" if go_type(value) == "time.Time" else go_type(value).removeprefix("time.").lower()
    raise Fault(f"reflect: call of reflect.Value.Len on {kind} Value")


def _each(frame: Frame, collection: Code, *, backwards: bool = False) -> Iterator[tuple[int, Any]]:
    """Show a predicate one element after the other; what it saw before comes back at the end."""
    items = elements(collection(frame))
    outer = frame.item, frame.index, frame.accumulated
    order = range(len(items) - 1, -1, -1) if backwards else range(len(items))
    try:
        for index in order:
            frame.item = items[index]
            frame.index = index
            yield index, items[index]
    finally:
        frame.item, frame.index, frame.accumulated = outer


def _holds(value: Any) -> bool:
    return value if value is True or value is False else operators.as_bool(value)


def _all(collection: Code, predicate: Code) -> Code:
    return lambda frame: all(_holds(predicate(frame)) for _ in _each(frame, collection))


def _none(collection: Code, predicate: Code) -> Code:
    return lambda frame: not any(_holds(predicate(frame)) for _ in _each(frame, collection))


def _any(collection: Code, predicate: Code) -> Code:
    return lambda frame: any(_holds(predicate(frame)) for _ in _each(frame, collection))


def _one(collection: Code, predicate: Code) -> Code:
    count = _count(collection, predicate)
    return lambda frame: count(frame) == 1


def _count(collection: Code, predicate: Code | None = None) -> Code:
    test = predicate or (lambda frame: looked_at(frame.item))
    return lambda frame: sum(_holds(test(frame)) for _ in _each(frame, collection))


def _filter(collection: Code, predicate: Code) -> Code:
    def run(frame: Frame) -> Any:
        found = [looked_at(item) for _, item in _each(frame, collection) if _holds(predicate(frame))]
        frame.take_memory(len(found))
        return found

    return run


def _map(collection: Code, predicate: Code) -> Code:
    def run(frame: Frame) -> Any:
        items = elements(collection(frame))
        outer = frame.item, frame.index, frame.accumulated
        made: list[Any] = []
        for index, item in enumerate(items):
            frame.item = item
            frame.index = index
            made.append(predicate(frame))
        frame.item, frame.index, frame.accumulated = outer
        frame.take_memory(len(made))
        return made

    return run


def _find(backwards: bool, wanted: _Visit) -> Callable[[Code, Code], Code]:
    def make(collection: Code, predicate: Code) -> Code:
        def run(frame: Frame) -> Any:
            for index, item in _each(frame, collection, backwards=backwards):
                if _holds(predicate(frame)):
                    return wanted(index, item)
            return None

        return run

    return make


def _sum(collection: Code, predicate: Code | None = None) -> Code:
    def run(frame: Frame) -> Any:
        total: Any = 0
        for _, item in _each(frame, collection):
            total = operators.add(predicate(frame) if predicate else looked_at(item), total)
        return total

    return run


def _group_by(collection: Code, predicate: Code) -> Code:
    def run(frame: Frame) -> Any:
        groups = Groups()
        for _, item in _each(frame, collection):
            key = predicate(frame)
            if isinstance(key, (list, dict, tuple)):
                raise Fault(f"hash of unhashable type: {go_type(key)}")
            groups.setdefault(key, []).append(looked_at(item))
        return groups

    return run


def _sort_by(collection: Code, predicate: Code, order: Code | None = None) -> Code:
    def run(frame: Frame) -> Any:
        direction = order(frame) if order else "asc"
        if not isinstance(direction, str):
            raise Fault("sortBy order argument must be a string")
        if direction not in ("asc", "desc"):
            raise Fault("unknown order, use asc or desc")
        keyed = [(predicate(frame), looked_at(item)) for _, item in _each(frame, collection)]
        frame.take_memory(len(keyed))
        by_key = sorted(keyed, key=lambda pair: _ORDER(pair[0]), reverse=direction == "desc")
        return [item for _, item in by_key]

    return run


def _reduce(collection: Code, predicate: Code, initial: Code | None = None) -> Code:
    def run(frame: Frame) -> Any:
        started = initial is not None
        accumulated = initial(frame) if initial else None
        for _, item in _each(frame, collection):
            frame.accumulated = accumulated
            accumulated = predicate(frame) if started else looked_at(item)
            started = True
        if not started:
            raise Fault("reduce of empty array with no initial value")
        return accumulated

    return run


def compare(left: Any, right: Any) -> int:
    """Order two values as ``<`` does.

    :raises Fault: if they cannot be compared.
    """
    if operators.less(left, right):
        return -1
    return 1 if operators.less(right, left) else 0


_ORDER = cmp_to_key(compare)


def sorted_values(values: Sequence[Any], *, descending: bool) -> list[Any]:
    """Sort numbers, texts, times or durations, all of a kind."""
    if all(map(is_number, values)) or all(isinstance(value, str) for value in values):
        return sorted(values, reverse=descending)
    return sorted(values, key=_ORDER, reverse=descending)


PREDICATE_FUNCTIONS: dict[str, Callable[..., Code]] = {
    "all": _all,
    "none": _none,
    "any": _any,
    "one": _one,
    "filter": _filter,
    "map": _map,
    "count": _count,
    "sum": _sum,
    "find": _find(backwards=False, wanted=lambda index, item: looked_at(item)),
    "findIndex": _find(backwards=False, wanted=lambda index, item: index),
    "findLast": _find(backwards=True, wanted=lambda index, item: looked_at(item)),
    "findLastIndex": _find(backwards=True, wanted=lambda index, item: index),
    "groupBy": _group_by,
    "sortBy": _sort_by,
    "reduce": _reduce,
}
