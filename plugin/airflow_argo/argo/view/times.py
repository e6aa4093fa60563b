"""Argo's times as seconds since the epoch."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=50_000)
def epoch(text: str | None) -> float | None:
    """Seconds since the epoch, None where there is no time."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    except ValueError:
        return None
