"""When each worker ran: one bar each, or one for several neighbours where there are too many to draw."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from airflow_argo.argo.view.rows import Row

MAX_BARS = 1000
_WORST_FIRST = ("Error", "Failed", "Running", "Pending", "Succeeded", "Skipped", "Omitted")


def timeline(rows: Sequence[Row]) -> dict[str, Any]:
    """The bars of all workers that have begun, by index, with times in seconds from the first one's start.

    ``[index, from, to, phase]``; ``to`` is None while the worker runs. A bar of a bucket reaches from the earliest
    start to the latest end of its workers and has the worst of their phases; its index is the first one's.
    """
    begun = [row for row in rows if row.started is not None]
    if not begun:
        return {"from": None, "to": None, "bars": [], "bucketed": False}
    size = math.ceil(len(begun) / MAX_BARS)
    start = min(row.started for row in begun if row.started is not None)
    bars = [_bar(begun[place : place + size], start) for place in range(0, len(begun), size)]
    ends = [row.finished for row in begun]
    latest = None if None in ends else max(end for end in ends if end is not None)
    return {"from": start, "to": latest, "bars": bars, "bucketed": size > 1}


def _bar(rows: Sequence[Row], start: float) -> list[Any]:
    starts = [row.started for row in rows if row.started is not None]
    ends = [row.finished for row in rows]
    latest = None if None in ends else round(max(end for end in ends if end is not None) - start, 1)
    return [rows[0].number, round(min(starts) - start, 1), latest, _worst(row.phase for row in rows)]


def _worst(phases: Iterable[str]) -> str:
    return min(phases, key=lambda phase: _WORST_FIRST.index(phase) if phase in _WORST_FIRST else len(_WORST_FIRST))
