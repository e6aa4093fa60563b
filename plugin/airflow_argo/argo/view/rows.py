"""The workers as rows of a table: made once, then sorted, searched and cut into pages."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from airflow_argo.argo import results
from airflow_argo.argo.status import Node, Workflow, nodes
from airflow_argo.argo.view.query import Query
from airflow_argo.argo.view.times import epoch

TEXT_LENGTH = 500
"""Characters that are shown of an item, a message or a result."""

ENDED = frozenset({"Succeeded", "Failed", "Error", "Skipped", "Omitted"})
_FIRST = {"Failed": 0, "Error": 0, "Running": 1, "Pending": 2}
_OTHERS = 3
_LONGEST_SLICE = 60
_SLICE = re.compile(r"rows? (\d+)(?: to \d+)?")


class Row(NamedTuple):
    """A worker as it goes to the browser; times in seconds since the epoch.

    :param number: its index among the workers.
    """

    number: int
    item: str
    phase: str
    attempts: int
    started: float | None
    finished: float | None
    exit_code: int | None
    message: str
    result: str
    node_id: str


def rows_of(workflow: Workflow, *, of_fan_out: bool) -> list[Row]:
    """All workers, by index."""
    every = nodes(workflow)
    return [
        _row(index, node, results.attempts_of(node, every), of_fan_out)
        for index, node in results.worker_nodes(workflow, of_fan_out=of_fan_out)
    ]


def chosen(rows: Iterable[Row], query: Query, now: float) -> list[Row]:
    """The rows that are asked for, in the order that is asked for; not yet cut into pages."""
    found = [row for row in rows if row.phase in query.phases] if query.phases else list(rows)
    if query.search:
        wanted = query.search.casefold()
        found = [row for row in found if _matches(row, wanted)]
    if not query.sort:
        return sorted(found, key=_failed_first)
    key = _KEYS[query.sort](now)
    # What has no value stands last in either direction.
    there = sorted((row for row in found if key(row) is not None), key=key, reverse=query.descending)
    return there + [row for row in found if key(row) is None]


def _row(index: int, node: Node, attempts: int, of_fan_out: bool) -> Row:
    code = (node.get("outputs") or {}).get("exitCode")
    return Row(
        index,
        _item_text(node),
        str(node.get("phase") or "Pending"),
        attempts,
        epoch(node.get("startedAt")),
        epoch(node.get("finishedAt")),
        int(code) if code is not None else None,
        str(node.get("message") or "")[:TEXT_LENGTH],
        (results.result_text(node, only_result=of_fan_out) or "")[:TEXT_LENGTH],
        str(node["id"]),
    )


def _item_text(node: Node) -> str:
    """What the worker was given, as it is read best: a text without quotes, anything else as JSON."""
    given = results.given_texts(node)
    if "item" in given:
        text = given["item"] or ""
    elif len(given) == 1:
        text = next(iter(given.values())) or ""
    else:
        text = json.dumps(given, ensure_ascii=False) if given else str(node.get("displayName") or "")
    return _readable(text)[:TEXT_LENGTH]


def _readable(text: str) -> str:
    """Without the quotes of a JSON text, and without the escapes that values travel in; a slice in words."""
    may_be_slice = text.startswith("{") and len(text) <= _LONGEST_SLICE
    if not (may_be_slice or text.startswith('"') or "\\u" in text):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if may_be_slice and "\\u" not in text:
        return results.slice_shown(value) or text
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # Half a surrogate pair cannot be sent.
    return shown.encode("utf-8", "replace").decode("utf-8")


def _matches(row: Row, wanted: str) -> bool:
    return (
        wanted == str(row.number)
        or wanted in row.item.casefold()
        or wanted in row.message.casefold()
        or wanted in row.result.casefold()
    )


def _failed_first(row: Row) -> tuple[int, int]:
    return _FIRST.get(row.phase, _OTHERS), row.number


def _duration(now: float) -> Callable[[Row], Any]:
    def key(row: Row) -> float | None:
        return None if row.started is None else (now if row.finished is None else row.finished) - row.started

    return key


def _field(name: str) -> Callable[[float], Callable[[Row], Any]]:
    def make(_: float) -> Callable[[Row], Any]:
        place = Row._fields.index(name)
        # An empty text is nothing.
        return lambda row: None if row[place] == "" else row[place]

    return make


def _by_item(_: float) -> Callable[[Row], Any]:
    """Numbers by their value, before texts; slices by where they begin."""

    def key(row: Row) -> tuple[int, float, str]:
        found = _SLICE.fullmatch(row.item)
        try:
            number = float(found[1] if found else row.item)
        except ValueError:
            number = math.nan
        # The text "nan" is a number to Python, and without a place among the others.
        return (1, 0.0, row.item) if math.isnan(number) else (0, number, row.item)

    return key


_KEYS: dict[str, Callable[[float], Callable[[Row], Any]]] = {
    **{name: _field(name) for name in ("phase", "attempts", "started", "exit_code", "message", "result")},
    "index": _field("number"),
    "item": _by_item,
    "duration": _duration,
}
