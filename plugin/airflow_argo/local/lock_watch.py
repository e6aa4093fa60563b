"""Tells workflows that they have got locks, and looks whether the limit of a semaphore has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from airflow_argo.local.engine.locks import LockManager

_LOOK_EVERY_SECONDS = 1.0


class LockWatch:
    """Belongs to one event loop.

    :param tell: called with ``namespace/name`` of a workflow that has been granted locks.
    """

    def __init__(self, locks: LockManager, tell: Callable[[str], None]) -> None:
        self._locks = locks
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None

    def look(self) -> None:
        """Tell those who have got something since the last time; to be called whenever a workflow has moved."""
        for workflow in self._locks.take_woken():
            self._tell(workflow)
        if self._timer is None and self._locks.has_waiting_semaphores:
            self._timer = asyncio.get_running_loop().call_later(_LOOK_EVERY_SECONDS, self._refresh)

    def release(self, workflow: str) -> None:
        """Take back the locks of a workflow that has ended or is gone."""
        self._locks.release_workflow(workflow)
        self.look()

    def close(self) -> None:
        """Look no more."""
        if self._timer is not None:
            self._timer.cancel()

    def _refresh(self) -> None:
        self._timer = None
        self._locks.refresh()
        self.look()
