"""What a viewer wants to see of the workers: which, in what order, which page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_argo.argo.errors import ArgoError

COLUMNS = ("index", "item", "phase", "attempts", "started", "duration", "exit_code", "message", "result")
MAX_ROWS = 500
ROWS = 100


class QueryError(ArgoError):
    """A question that cannot be read."""


@dataclass(frozen=True)
class Query:
    """A question about the workers.

    :param phases: only workers in these; empty for all.
    :param search: only workers that have this text in their item, message or result, or as their index.
    :param sort: one of :data:`COLUMNS`; empty: those that failed first, then those at work, each by index.
    :param limit: how many rows, at most :data:`MAX_ROWS`.
    """

    phases: frozenset[str] = frozenset()
    search: str = ""
    sort: str = ""
    descending: bool = False
    offset: int = 0
    limit: int = ROWS

    @classmethod
    def parse(cls, values: Mapping[str, Sequence[str]]) -> Query:
        """Read a URL's query, each name with all its values.

        :raises QueryError: naming what cannot be read.
        """
        sort = _last(values, "sort")
        if sort and sort not in COLUMNS:
            raise QueryError(f"sort: '{sort}' is none of {', '.join(COLUMNS)}")
        return cls(
            phases=frozenset(values.get("phase", ())),
            search=_last(values, "search").strip(),
            sort=sort,
            descending=_last(values, "desc") == "1",
            offset=_number(values, "offset", 0),
            limit=min(_number(values, "limit", ROWS), MAX_ROWS),
        )


def _last(values: Mapping[str, Sequence[str]], name: str) -> str:
    return str((values.get(name) or [""])[-1])


def _number(values: Mapping[str, Sequence[str]], name: str, default: int) -> int:
    text = _last(values, name)
    if not text:
        return default
    # Not int() alone: it also reads other alphabets' digits, and any length.
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise QueryError(f"{name}: '{text[:20]}' is no number")
    return int(text)
