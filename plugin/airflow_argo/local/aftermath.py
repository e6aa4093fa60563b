"""What becomes of a workflow after its end: it is archived, its artifacts are collected, and in time it is deleted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from airflow_argo.argo.status import ARCHIVING_LABEL
from airflow_argo.local.archive import Archive, is_archived
from airflow_argo.local.artifact_gc import Collector, Occasion, gives_up_artifacts, mark_deleted
from airflow_argo.local.endings import expiry

_COMPLETION: Occasion = "OnWorkflowCompletion"
_DELETION: Occasion = "OnWorkflowDeletion"


class Keeper(Protocol):
    """Who holds the workflows: the controller."""

    def by_uid(self, uid: str, *, nodes: bool = True) -> dict[str, Any] | None:
        """A whole workflow; None if it is gone."""

    def put(self, workflow: dict[str, Any], changed: Iterable[str] = ()) -> None:
        """Store a workflow of which these nodes have changed."""

    def remove(self, workflow: dict[str, Any]) -> None:
        """Delete a workflow."""


class Aftermath:
    """Looks after finished workflows.

    :param collector: removes artifacts; without one they stay.
    :param clock: seconds since the epoch.
    """

    def __init__(
        self, keeper: Keeper, archive: Archive, collector: Collector | None, clock: Callable[[], float]
    ) -> None:
        self._keeper = keeper
        self._archive = archive
        self._collector = collector
        self._clock = clock
        self._expiries: dict[str, asyncio.TimerHandle] = {}

    def begin(self, workflow: dict[str, Any]) -> None:
        """Take over a workflow that has just finished."""
        self._keep(workflow)
        self._expire_later(workflow)
        self._collect(workflow)

    def go_on(self, stored: dict[str, Any]) -> None:
        """Take over, after a restart, a workflow that had finished before; do what was left undone."""
        self._expire_later(stored)
        uid = stored["metadata"]["uid"]
        if gives_up_artifacts(stored):
            self._collect(self._keeper.by_uid(uid) or stored)
        if self._archive.enabled and not is_archived(stored):
            whole = self._keeper.by_uid(uid)
            if whole is not None:
                self._keep(whole)

    def give_back(self, uid: str) -> None:
        """Let go of a workflow: it runs again, or is deleted."""
        timer = self._expiries.pop(uid, None)
        if timer is not None:
            timer.cancel()

    def clear(self, workflow: dict[str, Any]) -> None:
        """Let go of a workflow that is deleted, and of its artifacts."""
        self.give_back(workflow["metadata"]["uid"])
        if self._collector is not None:
            self._collector.collect(workflow, _COMPLETION, _DELETION)

    def cancel(self) -> None:
        """Let no workflow's time run out any more."""
        for uid in list(self._expiries):
            self.give_back(uid)

    async def close(self) -> None:
        """Wait for the artifacts that are being removed."""
        if self._collector is not None:
            await self._collector.close()

    def _keep(self, workflow: dict[str, Any]) -> None:
        if self._archive.enabled:
            # In this order, for a kill may come in between: lists take what is labelled so from the archive alone.
            self._archive.keep(workflow)
            workflow["metadata"].setdefault("labels", {})[ARCHIVING_LABEL] = "Archived"
            self._keeper.put(workflow)

    def _collect(self, workflow: dict[str, Any]) -> None:
        if self._collector is not None:
            note = partial(self._note_collected, workflow["metadata"]["uid"])
            self._collector.collect(workflow, _COMPLETION, then=note)

    def _note_collected(self, uid: str, keys: set[str]) -> None:
        workflow = self._keeper.by_uid(uid)
        if workflow is not None:
            self._keeper.put(workflow, mark_deleted(workflow, keys, _COMPLETION))

    def _expire_later(self, workflow: dict[str, Any]) -> None:
        moment = expiry(workflow)
        if moment is not None:
            uid = workflow["metadata"]["uid"]
            delay = max(0.0, moment - self._clock())
            self._expiries[uid] = asyncio.get_running_loop().call_later(delay, self._expire, uid)

    def _expire(self, uid: str) -> None:
        workflow = self._keeper.by_uid(uid)
        if workflow is not None:
            self._keeper.remove(workflow)
