"""Reads workflows for many viewers at once: one request to the Argo Server however many look at a workflow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo import api
from airflow_argo.argo.aio import AsyncArgoClient
from airflow_argo.argo.api import Call
from airflow_argo.argo.status import is_archived_record, pod_name
from airflow_argo.argo.view import Snapshot
from airflow_argo.argo.view.logs import entries_for, log_end
from airflow_argo.hooks.argo import ArgoHook
from airflow_argo.ui.stored import Place

FRESH_SECONDS = 1.0
_KEPT_SECONDS = 60.0
_EFFORT = 1.0
"""A workflow that takes long to read is read less often: so many times what the reading took."""

_LOG_SECONDS = 10.0
_LOG_BYTES = 256 * 1024


@dataclass
class _Reading:
    task: asyncio.Task[Snapshot]
    began: float
    ended: float | None = None

    def fresh(self, now: float) -> bool:
        if self.ended is None:
            return True
        return now < self.ended + max(FRESH_SECONDS, _EFFORT * (self.ended - self.began))


class Workflows:
    """The workflows that are looked at, in one event loop.

    :param connect: gives a client for a connection's server.
    :param clock: gives seconds that only ever grow.
    """

    def __init__(
        self,
        connect: Callable[[str], AsyncArgoClient] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connect = connect or _client
        self._clock = clock
        self._readings: dict[Place, _Reading] = {}

    async def snapshot(self, place: Place) -> Snapshot:
        """The workflow as it was some seconds ago at most.

        :raises ArgoError: in the server's words.
        """
        reading = self._readings.get(place)
        if reading is None or not reading.fresh(self._clock()):
            self._sweep()
            reading = self._begin(place, _result_of(reading))
        # Shielded, for others wait for it, too.
        return await asyncio.shield(reading.task)

    async def change(self, place: Place, call: Call[dict[str, Any]]) -> dict[str, Any]:
        """Send a change; whoever looks next sees what it did."""
        try:
            async with await self._client(place) as client:
                return await client.send(call)
        finally:
            self.forget(place)

    def forget(self, place: Place) -> None:
        """Read the workflow anew when it is asked for the next time."""
        self._readings.pop(place, None)

    async def log(self, place: Place, snapshot: Snapshot, node_id: str, lines: int) -> dict[str, Any]:
        """The last lines of the pod that tells about a node.

        :raises ArgoError: in the server's words.
        """
        pod = snapshot.telling_pod(node_id)
        if pod is None or is_archived_record(snapshot.workflow):
            return log_end((), lines)
        call = api.workflow_log(
            place.namespace,
            place.name,
            pod_name=pod_name(snapshot.workflow, pod),
            tail_lines=entries_for(lines),
            limit_bytes=_LOG_BYTES,
        )
        return log_end(await self._entries(place, call), lines)

    async def _entries(self, place: Place, call: Call[dict[str, Any]]) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = []

        async def read() -> None:
            async with await self._client(place) as client:
                async for entry in client.stream(call):
                    entries.append(entry)  # noqa: PERF401  what has come is wanted even if the rest does not

        # Its end is not waited for: some servers never end it (argo-workflows issue 14366).
        reading = asyncio.create_task(read())
        done, _ = await asyncio.wait([reading], timeout=_LOG_SECONDS)
        if not done:
            reading.cancel()
        elif (error := reading.exception()) is not None and not entries:
            raise error
        return entries

    def _begin(self, place: Place, before: Snapshot | None) -> _Reading:
        reading = _Reading(asyncio.create_task(self._read(place, before)), self._clock())
        self._readings[place] = reading

        def ended(task: asyncio.Task[Snapshot]) -> None:
            reading.ended = self._clock()
            if not task.cancelled():
                # Else Python complains of errors for which nobody waits any more.
                task.exception()

        reading.task.add_done_callback(ended)
        return reading

    async def _read(self, place: Place, before: Snapshot | None) -> Snapshot:
        async with await self._client(place) as client:
            if before is not None:
                now = await client.send(api.workflow_status(place.namespace, place.name, uid=place.uid))
                if Snapshot(now).version == before.version:
                    return before
            workflow = await client.send(api.get_workflow(place.namespace, place.name, uid=place.uid))
        return await asyncio.to_thread(Snapshot(workflow).prepare)

    async def _client(self, place: Place) -> AsyncArgoClient:
        # In a thread: the connection comes from the database, or from a secrets backend.
        return await asyncio.to_thread(self._connect, place.conn_id)

    def _sweep(self) -> None:
        old = self._clock() - _KEPT_SECONDS
        for place, reading in list(self._readings.items()):
            if reading.ended is not None and reading.ended < old:
                del self._readings[place]


def _result_of(reading: _Reading | None) -> Snapshot | None:
    if reading is None or not reading.task.done() or reading.task.cancelled() or reading.task.exception():
        return None
    return reading.task.result()


def _client(conn_id: str) -> AsyncArgoClient:
    settings = ArgoHook(conn_id).settings()
    # A viewer asks again in a moment anyway.
    return AsyncArgoClient(settings.address, patience=0.0, connect_timeout=5.0, read_timeout=30.0, stream_timeout=10.0)
