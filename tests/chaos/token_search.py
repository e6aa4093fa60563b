"""Looks for the connection's token in all that Airflow has written."""

from __future__ import annotations

import base64
from collections import Counter
from pathlib import Path

from tests.chaos.stage import Stage


def places_of_token(stage: Stage) -> list[str]:
    """Every table and file that holds the token, as it is or in base64; it belongs into the token's own file alone."""
    needles = [stage.token, base64.b64encode(stage.token.encode()).decode().rstrip("=")]
    # Bytes in a table are printed in hexadecimal.
    in_rows = [*needles, stage.token.encode().hex()]
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
