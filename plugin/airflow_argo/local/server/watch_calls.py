"""``/api/v1/workflow-events``: the stream of what happens to workflows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from airflow_argo.local import queries
from airflow_argo.local.controller import Controller
from airflow_argo.local.fields import Fields
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.selectors import FieldSelector, LabelSelector
from airflow_argo.local.server.streams import StreamAnswer
from airflow_argo.local.shape import filtered, whole
from airflow_argo.local.watching import Change, Watched, parse_start

# A stream takes at most this part of the server's time: whole workflows of ten thousand nodes are slow to write.
_BREAK = 4.0
_BREAK_FROM_SECONDS = 0.005


class WatchCalls:
    """The handlers of the stream, of one namespace or of all."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def routes(self) -> list[Route]:
        """Path and method of each."""
        paths = ("/api/v1/workflow-events/{namespace}", "/api/v1/workflow-events/")
        return [Route(path, self.watch, methods=["GET"]) for path in paths]

    async def watch(self, request: Request) -> StreamAnswer:
        """Open a stream."""
        query = queries.parameters(request, "listOptions")
        timeout = queries.integer(query, "listOptions.timeoutSeconds")
        fields = Fields.parse(query.get("fields", ""))
        watch = Watch(self._controller, str(request.path_params.get("namespace", "")), query, fields)
        messages = watch.messages(timeout=float(timeout) if timeout else None)
        return StreamAnswer(messages, request.headers.get("accept", ""), fields)


class Watch:
    """One client's stream of events."""

    def __init__(self, controller: Controller, namespace: str, query: Mapping[str, str], fields: Fields) -> None:
        self._controller = controller
        self._namespace = namespace
        self._query = query
        self._fields = fields.without_prefix("result.object.")
        self._nodes = not self._fields.will_exclude("status.nodes")

    async def messages(self, timeout: float | None) -> AsyncGenerator[dict[str, Any], None]:
        """The events.

        :param timeout: seconds after which the stream ends as a watch of Kubernetes does, with the error "EOF".
        :raises Refusal: for a bad request, and at the end of the time.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        start = parse_start(self._query.get("listOptions.resourceVersion", ""), self._controller.journal.floor)
        seen = self._controller.version if start is None else start
        watched = Watched(self._selector(), seen)
        if start is None:
            for workflow in watched.initial(self._controller.workflows(self._namespace)):
                current = self._controller.by_uid(workflow["metadata"]["uid"], nodes=self._nodes)
                if current is not None:
                    yield self._message("ADDED", current)
        for bookmark in self._initial_bookmark(seen):
            yield bookmark
        while await self._next(seen, deadline):
            for change in self._controller.journal.since(seen):
                seen = change.version
                began = time.monotonic()
                for message in self._messages_of(change, watched):
                    yield message
                await _take_a_break(time.monotonic() - began)

    def _selector(self) -> Callable[[dict[str, Any]], bool]:
        labels = LabelSelector.parse(self._query.get("listOptions.labelSelector", ""))
        fields = self._field_selector()

        def matches(workflow: dict[str, Any]) -> bool:
            metadata = workflow["metadata"]
            return (
                self._namespace in ("", metadata["namespace"])
                and fields.matches(metadata)
                and labels.matches(metadata.get("labels"))
            )

        return matches

    def _field_selector(self) -> FieldSelector:
        """What is watched by name or namespace; by name, the workflow has to be there."""
        selector = self._query.get("listOptions.fieldSelector", "")
        _, named, rest = selector.partition("metadata.name=")
        name = rest.partition(",")[0].strip()
        if named and name:
            found = self._controller.find(self._namespace, name, nodes=False)
            return FieldSelector((("name", found["metadata"]["name"], True),))
        return FieldSelector.parse(selector, "workflows")

    def _initial_bookmark(self, version: int) -> Iterator[dict[str, Any]]:
        wanted = ("listOptions.sendInitialEvents", "listOptions.allowWatchBookmarks")
        if all(queries.boolean(self._query, name) for name in wanted):
            yield self._message("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})

    async def _next(self, seen: int, deadline: float | None) -> bool:
        """Wait for a change; False as the server ends."""
        change = asyncio.ensure_future(self._controller.journal.wait(seen))
        closing = asyncio.ensure_future(self._controller.closing.wait())
        try:
            timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
            done, _ = await asyncio.wait({change, closing}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            change.cancel()
            closing.cancel()
        if not done:
            raise Refusal("RESOURCE_EXHAUSTED", "EOF")
        return closing not in done

    def _messages_of(self, change: Change, watched: Watched) -> Iterator[dict[str, Any]]:
        if not self._controller.journal.is_current(change):
            return  # A newer state of the same workflow comes later in the journal.
        workflow = change.last_state or self._controller.by_uid(change.uid, nodes=self._nodes)
        if workflow is None:
            return
        event = watched.event(change, workflow)
        if event is not None:
            yield self._message(event, workflow)

    def _message(self, event: str, workflow: dict[str, Any]) -> dict[str, Any]:
        shown = filtered(self._fields.select(workflow)) if self._fields else whole(workflow)
        return {"type": event, "object": shown}


async def _take_a_break(seconds: float) -> None:
    if seconds > _BREAK_FROM_SECONDS:
        await asyncio.sleep(seconds * _BREAK)
