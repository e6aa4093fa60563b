"""Messages that name the place of what they speak of, the way Argo puts them together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow_argo.argo.errors import ManifestError


@contextmanager
def under(prefix: str) -> Iterator[None]:
    """Put a prefix before the message of any ManifestError from inside."""
    try:
        yield
    except ManifestError as error:
        raise ManifestError(f"{prefix}{error.message}") from error


@contextmanager
def at(path: str) -> Iterator[None]:
    """Give any ManifestError from inside the place that its message may not name."""
    try:
        yield
    except ManifestError as error:
        error.path = error.path or path
        raise
