"""One stream of a namespace's workflows for all who wait there. It only wakes them: the status decides."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from airflow_argo.argo import api, stalls
from airflow_argo.argo.errors import (
    ArgoError,
    NotSupportedError,
    PermissionDeniedError,
    RequestRefusedError,
    UnauthenticatedError,
)
from airflow_argo.argo.retrying import Patience
from airflow_argo.argo.status import Workflow, is_finished

if TYPE_CHECKING:
    from airflow_argo.argo.address import ServerAddress
    from airflow_argo.argo.aio import AsyncArgoClient

log = logging.getLogger(__name__)

_FIELDS = ("metadata.name", "metadata.uid", "status.phase", "status.message", "status.progress")
# Argo ends a watch after 30 to 60 minutes by itself; proxies that count the minutes are often stricter.
_STREAM_SECONDS = 600
_SOUND_SECONDS = 10.0
"""How long a stream has to live, so that its end counts as the usual one."""
_REFUSALS = (PermissionDeniedError, UnauthenticatedError, NotSupportedError, RequestRefusedError)
_REFUSED_PAUSE = 300.0
"""Seconds until a stream is tried again that the server refuses, as to a token without the verb ``watch``."""
_AT_ONCE = 20
"""How many statuses are asked for at a time, however many wait."""


class News:
    """What the watch says of one workflow."""

    def __init__(self) -> None:
        self.latest: Workflow | None = None
        self._woken = asyncio.Event()

    def take(self, kind: str, workflow: Workflow) -> None:
        """Take an event; the end of a workflow, of either sort, wakes who waits for it."""
        self.latest = workflow
        if kind == "DELETED" or is_finished(workflow):
            self._woken.set()

    async def within(self, seconds: float) -> bool:
        """Wait for the end of the workflow, at most so many seconds; whether it was told."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._woken.wait(), seconds)
        told = self._woken.is_set()
        self._woken.clear()
        return told


class SharedWatch:
    """A stream of a namespace's workflows, and the connections with which their statuses are asked for.

    :param label_selector: which workflows are watched.
    :param patience: the rhythm in which a broken stream is opened again.
    """

    def __init__(
        self,
        client: AsyncArgoClient,
        namespace: str,
        label_selector: str,
        *,
        patience: Patience = Patience(first_pause=1.0, longest_pause=30.0),  # noqa: B008  it is frozen
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._running: set[str] = set()
        self._client = client
        self._namespace = namespace
        self._label_selector = label_selector
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._news: dict[str, list[News]] = {}
        self._turns = asyncio.Semaphore(_AT_ONCE)

    def tells_of(self, name: str) -> bool:
        """Whether the open stream has told that a workflow runs, so that it will tell of its end, too."""
        return name in self._running

    @property
    def address(self) -> ServerAddress:
        """The server's."""
        return self._client.address

    @contextmanager
    def news_of(self, name: str) -> Iterator[News]:
        """What comes about one workflow from now on."""
        news = News()
        self._news.setdefault(name, []).append(news)
        try:
            yield news
        finally:
            self._news[name].remove(news)
            if not self._news[name]:
                del self._news[name]

    async def status(self, name: str, uid: str) -> Workflow:
        """Ask for a workflow's status, when it is its turn.

        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        async with self._turns:
            return await self._client.send(api.workflow_status(self._namespace, name, uid=uid))

    async def nodes(self, name: str, uid: str) -> Workflow:
        """Ask for a workflow's nodes, when it is its turn.

        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        async with self._turns:
            return await self._client.send(api.get_workflow(self._namespace, name, fields=stalls.FIELDS, uid=uid))

    async def follow(self) -> None:
        """Keep the stream open, until cancelled: whatever ends it, it is opened again, each time a little later."""
        failures = 0
        while True:
            opened = self._clock()
            error = await self._one_stream()
            sound = self._clock() - opened >= _SOUND_SECONDS
            failures = 1 if sound else failures + 1
            if isinstance(error, _REFUSALS):
                log.warning("Workflows in %s cannot be watched, so that each is polled: %s", self._namespace, error)
                await self._sleep(_REFUSED_PAUSE)
            else:
                log.debug("The watch of namespace %s has ended: %s", self._namespace, error)
                await self._sleep(self._patience.pause(failures, error))

    async def _one_stream(self) -> ArgoError:
        """Follow one stream to its end, which is always an error."""
        call = api.watch_workflows(
            self._namespace, label_selector=self._label_selector, timeout_seconds=_STREAM_SECONDS, fields=_FIELDS
        )
        try:
            async with aclosing(self._client.stream(call)) as events:
                async for event in events:
                    self._spread(event)
        except ArgoError as error:
            return error
        finally:
            self._running.clear()
        return ArgoError("It ended without a word")

    def _spread(self, event: dict[str, Any]) -> None:
        workflow, kind = event.get("object") or {}, str(event.get("type"))
        name = str((workflow.get("metadata") or {}).get("name"))
        if kind == "DELETED" or is_finished(workflow):
            self._running.discard(name)
        else:
            self._running.add(name)
        for news in self._news.get(name, ()):
            news.take(kind, workflow)


@asynccontextmanager
async def followed(watch: SharedWatch) -> AsyncIterator[SharedWatch]:
    """Follow the stream as long as this lasts."""
    following = asyncio.create_task(watch.follow())
    try:
        yield watch
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
