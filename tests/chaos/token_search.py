"""Looks for the connection's token in all that Airflow has written."""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path

from tests.chaos.stage import Stage


def places_of_token(stage: Stage, known: str) -> list[str]:
    """Every table and file that holds the token; it belongs into its own file alone.

    :param known: a word that is in tables and files for certain, to show that the search finds what is there.
    """
    places = _places_of(stage, known)
    if not (any(each.startswith("table") for each in places) and any(each.startswith("file") for each in places)):
        return [f"the search finds nothing, not even '{known}'"]
    return _places_of(stage, stage.token)


def _places_of(stage: Stage, word: str) -> list[str]:
    """Also in base64."""
    needles = [word, base64.b64encode(word.encode()).decode().rstrip("=")]
    # Bytes in a table are printed in hexadecimal.
    in_rows = [*needles, word.encode().hex()]
    tables = Counter(table for table, row in stage.database.rows() if any(each in row for each in in_rows))
    found = [f"table {table}: {count} rows" for table, count in tables.items()]
    found += [
        f"file {path.relative_to(stage.home)}"
        for path in sorted(stage.home.rglob("*"))
        if path.is_file() and path != stage.home / "token" and _holds(path, [each.encode() for each in needles])
    ]
    return found


def _holds(path: Path, needles: list[bytes]) -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    return any(each in content for each in needles)
