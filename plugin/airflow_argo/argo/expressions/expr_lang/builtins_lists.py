"""The language's own functions for lists and maps."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any

from airflow_argo.argo.expressions.expr_lang import natures
from airflow_argo.argo.expressions.expr_lang.builtin_function import (
    BuiltinFunction,
    Rule,
    overloaded,
    ruled,
    shown,
    takes,
)
from airflow_argo.argo.expressions.expr_lang.natures import Nature
from airflow_argo.argo.expressions.expr_lang.operators import fetch
from airflow_argo.argo.expressions.expr_lang.predicates import sorted_values
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.values import (
    AnyMap,
    NilSlice,
    Pairs,
    Uint8,
    go_text,
    go_type,
    is_number,
    likeness,
    shown_as_text,
    sorted_keys,
)

_LISTS = ("array", "bytes")
_KINDS = {
    "bool": "bool", "float64": "float64", "string": "string", "time.Duration": "int64", "time.Month": "int",
    "time.Weekday": "int", "time.Time": "struct", "<nil>": "invalid", "*time.Location": "ptr",
}  # fmt: skip


def go_kind(value: Any) -> str:
    """Name a value's kind as Go's ``reflect`` does."""
    if isinstance(value, dict):
        return "map"
    if isinstance(value, (list, bytes)):
        return "slice"
    name = go_type(value)
    return "func" if name.startswith("func") else _KINDS.get(name, name)


def _length(value: Any) -> int:
    if isinstance(value, (str, list, tuple, dict, bytes)):
        return len(value)
    raise Fault(f"invalid argument for len (type {go_type(value)})")


def type_name(value: Any) -> str:
    """Name the type of a value as the function ``type`` does."""
    if value is None:
        return "nil"
    if isinstance(value, (list, tuple, bytes)):
        return "array"
    if isinstance(value, Uint8):
        return "uint"
    if is_number(value):
        return "float" if isinstance(value, float) else "int"
    name = go_type(value)
    return "func" if name.startswith("func") else {"*time.Location": "unknown"}.get(name, go_kind_or(name, value))


def go_kind_or(name: str, value: Any) -> str:
    """Name a named type in full, another by its kind."""
    return name if "." in name and not isinstance(value, dict) else go_kind(value)


def _get(value: Any, key: Any) -> Any:
    if isinstance(value, (list, tuple, str, bytes)) and not is_number(key):
        raise Fault(f"invalid operation: int({go_type(key)})")
    if isinstance(value, dict):
        return fetch(value, key)
    return _element(value, key)


def _element(value: Any, key: Any) -> Any:
    try:
        return fetch(value, key)
    except Fault:
        return None


def _list(value: Any, what: str) -> Any:
    if isinstance(value, (list, tuple, bytes)):
        return value
    raise Fault(f"cannot {what} {go_kind(value)}")


def _map_of(value: Any, what: str) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    raise Fault(what.format(go_kind(value)))


def _take(value: Any, count: Any) -> Any:
    items = _list(value, "take from")
    if not (isinstance(count, int) and is_number(count)):
        raise Fault(f"cannot take {go_kind(count)} elements")
    if count < 0:
        raise Fault("reflect.Value.Slice: slice index out of bounds")
    return type(items)(items[:count])


def _keys(value: Any) -> list[Any]:
    return sorted_keys(_map_of(value, "cannot get keys from {}"))


def _values(value: Any) -> list[Any]:
    return [value[key] for key in sorted_keys(_map_of(value, "cannot get values from {}"))]


def _to_pairs(value: Any) -> Pairs:
    return Pairs((key, value[key]) for key in sorted_keys(_map_of(value, "cannot transform {} to pairs")))


def _from_pairs(pairs: Any) -> AnyMap:
    if not isinstance(pairs, (list, tuple)):
        shown = "<invalid reflect.Value>" if pairs is None else shown_as_text(pairs)
        raise Fault(f"cannot transform {shown} from pairs")
    made = AnyMap()
    for pair in pairs:
        if not isinstance(pair, (list, tuple)):
            raise Fault(f"invalid pair {go_text(pair)}")
        if len(pair) != 2:
            raise Fault(f"invalid pair length {go_text(pair)}")
        made[pair[0]] = pair[1]
    return made


def _unique(value: Any) -> list[Any]:
    first_ones: dict[Hashable, Any] = {}
    for item in _list(value, "uniq"):
        first_ones.setdefault(likeness(item), item)
    return list(first_ones.values())


def _concat(*lists: Any) -> list[Any]:
    if not lists:
        raise Fault("invalid number of arguments (expected at least 1, got 0)")
    return [item for value in lists for item in _list(value, "concat")] or NilSlice()


def _flat(items: Any) -> Iterator[Any]:
    for item in items:
        if isinstance(item, (list, tuple, bytes)):
            yield from _flat(item)
        else:
            yield item


def _sort(value: Any, order: Any = "asc") -> list[Any]:
    if not isinstance(order, str):
        raise Fault(f"sort order argument must be a string (got {go_type(order)})")
    if order not in ("asc", "desc"):
        raise Fault(f"invalid order {order}, expected asc or desc")
    return sorted_values(value, descending=order == "desc") if isinstance(value, list) else NilSlice()


def _element_of(given: list[Nature]) -> Nature:
    """Tell the nature of an element by the list's Go type alone, as expr-lang does here."""
    known = natures.BY_GO_TYPE.get(given[0].name)
    return (known and known.element) or natures.ANYTHING


def _same(nature: Nature) -> Rule:
    return lambda given: nature


def _take_rule(given: list[Nature]) -> Nature:
    nature = takes(2, _LISTS, "cannot take from {}", lambda natures_given: natures_given[0])(given)
    if given[1].kind not in ("int", "unknown"):
        raise Fault(f"cannot take {shown(given[1])} elements")
    return nature


def _get_rule(given: list[Nature]) -> Nature:
    if len(given) != 2:
        raise Fault(f"invalid number of arguments (expected 2, got {len(given)})")
    base, key = given
    if base.kind in _LISTS and key.kind not in ("int", "unknown"):
        raise Fault(f"non-integer slice index {key.name}", 1)
    if base.kind == "map" and key.kind not in ("string", "unknown") and base.name.startswith("map[string]"):
        raise Fault(f"cannot use {key.name} to get an element from {base.name}", 1)
    if base.kind not in ("map", "unknown", *_LISTS):
        raise Fault(f"type {base.name} does not support indexing", 0)
    return base.element or natures.UNKNOWN


def _concat_rule(given: list[Nature]) -> Nature:
    if not given:
        raise Fault("invalid number of arguments (expected at least 1, got 0)")
    for nature in given:
        if nature.kind not in ("unknown", *_LISTS):
            raise Fault(f"cannot concat {shown(nature)}")
    return natures.ARRAY


_ANY_LIST = "[]interface {}"

LIST_FUNCTIONS: dict[str, BuiltinFunction] = dict(
    (
        ruled(
            "len",
            _length,
            takes(1, ("string", "map", *_LISTS), "invalid argument for len (type {})", _same(natures.INT)),
        ),
        overloaded("type", type_name, "interface {} -> string"),
        ruled(
            "first", lambda value: _element(value, 0), takes(1, _LISTS, "cannot get first element from {}", _element_of)
        ),
        ruled(
            "last", lambda value: _element(value, -1), takes(1, _LISTS, "cannot get last element from {}", _element_of)
        ),
        ruled("get", _get, _get_rule),
        ruled("take", _take, _take_rule),
        ruled("keys", _keys, takes(1, ("map",), "cannot get keys from {}", _same(natures.ARRAY))),
        ruled("values", _values, takes(1, ("map",), "cannot get values from {}", _same(natures.ARRAY))),
        ruled("toPairs", _to_pairs, takes(1, ("map",), "cannot transform {} to pairs", _same(natures.ARRAY))),
        ruled("fromPairs", _from_pairs, takes(1, _LISTS, "cannot transform {} from pairs", _same(natures.ANY_MAP))),
        ruled(
            "reverse",
            lambda value: list(_list(value, "reverse"))[::-1],
            takes(1, _LISTS, "cannot reverse {}", _same(natures.ARRAY)),
        ),
        ruled("uniq", _unique, takes(1, _LISTS, "cannot uniq {}", _same(natures.ARRAY))),
        ruled("concat", _concat, _concat_rule),
        ruled(
            "flatten",
            lambda value: list(_flat(_list(value, "flatten"))),
            takes(1, _LISTS, "cannot flatten {}", _same(natures.ARRAY)),
        ),
        overloaded(
            "sort",
            _sort,
            *(f"{kind}, string -> []interface {{}}" for kind in (_ANY_LIST, "[]int", "[]float64", "[]string")),
            *(f"{kind} -> []interface {{}}" for kind in (_ANY_LIST, "[]float64", "[]string", "[]int")),
        ),
    )
)
