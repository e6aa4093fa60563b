"""Stand-ins for values that only a run knows, as Argo's validation uses them."""

from __future__ import annotations

import itertools
import re

from airflow_argo.argo.expressions import tags

PREFIX = tags.PLACEHOLDER
PATTERN = re.compile(re.escape(PREFIX) + r"[0-9]+")


class Placeholders:
    """Makes texts that occur nowhere else."""

    def __init__(self) -> None:
        self._numbers = itertools.count()

    def next(self) -> str:
        """Return a new one."""
        return f"{PREFIX}{next(self._numbers)}"


def is_placeholder(text: object) -> bool:
    """Tell whether a value is a stand-in."""
    return isinstance(text, str) and text.startswith(PREFIX)
