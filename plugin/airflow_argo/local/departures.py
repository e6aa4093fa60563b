"""The pods of finished workflows that are still being stopped."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_argo.local.engine.messages import PodEvent, PodFinished
from airflow_argo.local.news import News


class Departures:
    """Which pods have not ended yet: a retry has to wait for them, and must not hear of their ends as of its own."""

    def __init__(self) -> None:
        self._leaving: dict[str, set[str]] = {}
        self._news = News()

    def expect(self, uid: str, node_ids: Iterable[str]) -> None:
        """Note that pods of a workflow that has finished are being stopped."""
        left = set(node_ids)
        if left:
            self._leaving[uid] = left

    def forget(self, uid: str) -> None:
        """Forget a workflow that is deleted."""
        self._leaving.pop(uid, None)
        self._news.spread()

    def takes(self, uid: str, event: PodEvent) -> bool:
        """Take note of an event; says whether it is about one of these pods."""
        leaving = self._leaving.get(uid)
        if not leaving or event.node_id not in leaving:
            return False
        if isinstance(event, PodFinished):
            leaving.discard(event.node_id)
            if not leaving:
                del self._leaving[uid]
            self._news.spread()
        return True

    async def over(self, uid: str) -> None:
        """Wait until no pod of a workflow is left."""
        while uid in self._leaving:
            await self._news.wait()
