"""sprig's functions for lists."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Any

from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig.declaring import as_list, is_empty, several
from airflow_argo.argo.expressions.expr_lang.sprig.numbers import loose_int
from airflow_argo.argo.expressions.expr_lang.values import NilSlice, identical, identity


def _first(value: Any) -> Any:
    items = as_list(value, "Cannot find first on type")
    return items[0] if items else None


def _last(value: Any) -> Any:
    items = as_list(value, "Cannot find last on type")
    return items[-1] if items else None


def _rest(value: Any) -> Any:
    items = as_list(value, "Cannot find rest on type")
    return items[1:] if items else NilSlice()


def _initial(value: Any) -> Any:
    items = as_list(value, "Cannot find initial on type")
    return items[:-1] if items else NilSlice()


def _uniq(value: Any) -> list[Any]:
    first_ones: dict[Hashable, Any] = {}
    for item in as_list(value, "Cannot find uniq on type"):
        first_ones.setdefault(identity(item), item)
    return list(first_ones.values())


def _without(value: Any, *omitted: Any) -> list[Any]:
    items = as_list(value, "Cannot find without on type")
    return [item for item in items if not any(identical(item, other) for other in omitted)]


def _has(needle: Any, value: Any) -> bool:
    if value is None:
        return False
    return any(identical(needle, item) for item in as_list(value, "Cannot find has on type"))


def _slice(value: Any, *bounds: Any) -> Any:
    items = as_list(value, "list should be type of slice or array but")
    if not items:
        return None
    start = loose_int(bounds[0]) if bounds else 0
    end = loose_int(bounds[1]) if len(bounds) > 1 else len(items)
    if not 0 <= start <= end <= len(items):
        raise Fault("reflect.Value.Slice: slice index out of bounds")
    return items[start:end]


def _chunk(size: int, value: Any) -> list[list[Any]]:
    items = as_list(value, "Cannot chunk type")
    count = math.floor((len(items) - 1) / size) + 1 if size else -1
    if count < 0:
        raise Fault("runtime error: makeslice: len out of range")
    return [items[start : start + size] for start in range(0, count * size, size)]


def _concat(*lists: Any) -> list[Any]:
    items = [item for value in lists for item in as_list(value, "Cannot concat type", " as list")]
    return items or NilSlice()


LISTS = dict(
    [
        *several("list tuple", "*...", lambda *items: list(items)),
        *several(
            "append push mustAppend mustPush", "* *", lambda value, item: [*as_list(value, "Cannot push on type"), item]
        ),
        *several("prepend mustPrepend", "* *", lambda value, item: [item, *as_list(value, "Cannot prepend on type")]),
        *several("first mustFirst", "*", _first),
        *several("last mustLast", "*", _last),
        *several("rest mustRest", "*", _rest),
        *several("initial mustInitial", "*", _initial),
        *several("reverse mustReverse", "*", lambda value: as_list(value, "Cannot find reverse on type")[::-1]),
        *several(
            "compact mustCompact",
            "*",
            lambda value: [item for item in as_list(value, "Cannot compact on type") if not is_empty(item)],
        ),
        *several("uniq mustUniq", "*", _uniq),
        *several("without mustWithout", "* *...", _without),
        *several("has mustHas", "* *", _has),
        *several("slice mustSlice", "* *...", _slice),
        *several("chunk mustChunk", "i *", _chunk),
        *several("concat", "*...", _concat),
    ]
)
