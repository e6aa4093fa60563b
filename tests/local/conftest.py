"""What all tests of the embedded server share."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from airflow_argo.local.store import Store


@pytest.fixture(autouse=True)
def _close_stores(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every store that a test has opened: Python 3.13 warns about a database that is left open."""
    opened: list[Store] = []
    begin = Store.__init__

    def noted(self: Store, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        # A server in a thread closes its own, and only that thread could.
        if threading.current_thread() is threading.main_thread():
            opened.append(self)

    monkeypatch.setattr(Store, "__init__", noted)
    yield
    for store in opened:
        store.close()
