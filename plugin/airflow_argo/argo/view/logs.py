"""The end of a worker's log, as the view shows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.argo.report import worker_lines

MAX_LINES = 2000
LINES = 200
_EXECUTOR_LINES = 20
"""How many lines Argo's executor may write after a worker's own."""
_LINE_LENGTH = 4000


def entries_for(lines: int) -> int:
    """How many of a log's last entries to read for so many lines of the worker's own."""
    return lines + _EXECUTOR_LINES


def log_end(entries: Sequence[Mapping[str, Any]], lines: int) -> dict[str, Any]:
    """A worker's last lines, and whether there are others before them.

    :param entries: the log's last :func:`entries_for` these lines, as the server gives them.
    """
    own = worker_lines(entries, len(entries))
    return {
        "lines": [line[:_LINE_LENGTH] for line in own[-lines:]],
        "truncated": len(own) > lines or len(entries) >= entries_for(lines),
    }
