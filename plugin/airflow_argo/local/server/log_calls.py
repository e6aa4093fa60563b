"""``…/log``: what the pods of a workflow wrote, and what they go on writing until the workflow ends."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.routing import Route

from airflow_argo.argo.expressions.expr_lang.regexes import Regex, compiled
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.gojson import quote
from airflow_argo.argo.status import is_finished
from airflow_argo.local import queries
from airflow_argo.local.controller import Controller
from airflow_argo.local.execution.log_times import stamp
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.execution.pod import PodKey
from airflow_argo.local.fields import Fields
from airflow_argo.local.pods import PodRecord, pods_of
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.selectors import LabelSelector
from airflow_argo.local.server.streams import StreamAnswer

_LOOK_FOR_PODS_SECONDS = 0.2
_LINES_AHEAD = 1000
# As many files are open at a time; the pods of a larger fan-out are merged in groups.
_PODS_AT_A_TIME = 256
_PATHS = (
    "/api/v1/workflows/{namespace}/{name}/log",
    "/api/v1/workflows/{namespace}/{name}/{pod_name}/log",
)

# When it was written (nanoseconds since the epoch), by which pod, and the line.
Line: TypeAlias = tuple[int, str, str]


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What is wanted of a log: ``podName``, ``grep``, ``selector`` and ``logOptions.*``.

    Without a container nothing is wanted: Kubernetes does not choose among the containers of a pod (seen on v4.1.2).

    :param tail_lines: of what is written already, only the last so many lines of each pod.
    :param limit_bytes: only the first so many bytes of each pod.
    :param timestamps: whether each line begins with its time.
    :param since: nanoseconds since the epoch; what is older is left out.
    :param refused: whether Kubernetes would refuse a number, and Argo send nothing.
    """

    pod_name: str
    container: str
    selector: LabelSelector
    grep: Regex | None
    follow: bool
    previous: bool
    tail_lines: int | None
    limit_bytes: int | None
    timestamps: bool
    since: int
    refused: bool

    @classmethod
    def parse(cls, pod_name: str, query: Mapping[str, str]) -> LogOptions:
        """Read the query.

        :raises Refusal: for what cannot be read (400, an expression 500), or is not supported (501).
        """
        since = queries.integer(query, "logOptions.sinceSeconds")
        limit = queries.integer(query, "logOptions.limitBytes")
        tail = queries.integer(query, "logOptions.tailLines") if query.get("logOptions.tailLines") else None
        return cls(
            pod_name=pod_name or query.get("podName", ""),
            container=query.get("logOptions.container", ""),
            selector=LabelSelector.parse(query.get("selector", "")),
            grep=_compiled(query.get("grep", "")),
            follow=queries.boolean(query, "logOptions.follow"),
            previous=queries.boolean(query, "logOptions.previous"),
            tail_lines=tail if tail is None or tail >= 0 else None,
            limit_bytes=limit or None,
            timestamps=queries.boolean(query, "logOptions.timestamps"),
            since=time.time_ns() - since * 1_000_000_000 if since > 0 else 0,
            refused=("logOptions.sinceSeconds" in query and since <= 0)
            or ("logOptions.limitBytes" in query and limit == 0),
        )

    def nothing(self) -> bool:
        """Whether no line can be meant."""
        return not self.container or self.previous or self.refused

    def wanted(self, workflow: Mapping[str, Any]) -> list[PodRecord]:
        """The pods whose lines are wanted."""
        return [
            pod for pod in pods_of(workflow) if self.pod_name in ("", pod.name) and self.selector.matches(pod.labels)
        ]

    def message(self, moment: int, pod_name: str, line: str) -> dict[str, Any] | None:
        """The line as it is sent, None if it is not wanted; an empty line has no content (seen on v4.1.2)."""
        line = line.removesuffix("\r")  # Go's ScanLines takes that for a part of the line's end
        if moment < self.since or (self.grep and not self.grep.matches(line)):
            return None
        if self.timestamps:
            line = f"{stamp(moment)} {line}"
        return {"content": line, "podName": pod_name} if line else {"podName": pod_name}


class LogCalls:
    """The handlers of both paths."""

    def __init__(self, controller: Controller, logs: Logs) -> None:
        self._controller = controller
        self._logs = logs

    def routes(self) -> list[Route]:
        """Path and method of each."""
        return [Route(path, self.log, methods=["GET"]) for path in _PATHS]

    async def log(self, request: Request) -> StreamAnswer:
        """Open a stream of lines."""
        # Refused before the stream begins, in the shape of an ordinary answer.
        query = queries.parameters(request, "logOptions")
        fields = Fields.parse(query.get("fields", ""))
        messages = self._messages(request.path_params, query)
        return StreamAnswer(messages, request.headers.get("accept", ""), fields)

    async def _messages(
        self, path: Mapping[str, str], query: Mapping[str, str]
    ) -> AsyncGenerator[dict[str, Any], None]:
        workflow = self._controller.find(path["namespace"], path["name"])
        options = LogOptions.parse(path.get("pod_name", ""), query)
        if options.nothing():
            return
        lines = self._followed(workflow, options) if options.follow else self._written(workflow, options)
        async with aclosing(lines):
            async for moment, pod_name, line in lines:
                message = options.message(moment, pod_name, line)
                if message is not None:
                    yield message

    async def _written(self, workflow: dict[str, Any], options: LogOptions) -> AsyncGenerator[Line, None]:
        pods = options.wanted(workflow)
        for start in range(0, len(pods), _PODS_AT_A_TIME):
            group = pods[start : start + _PODS_AT_A_TIME]
            for line in heapq.merge(*(self._lines(pod, options) for pod in group), key=itemgetter(0)):
                yield line

    def _lines(self, pod: PodRecord, options: LogOptions) -> Iterator[Line]:
        limits: dict[str, Any] = {"tail": options.tail_lines, "limit_bytes": options.limit_bytes}
        for moment, line in self._logs.read_timed(pod.key.workflow_uid, pod.name, options.container, **limits):
            yield moment, pod.name, line

    async def _followed(self, workflow: dict[str, Any], options: LogOptions) -> AsyncGenerator[Line, None]:
        lines: asyncio.Queue[Line] = asyncio.Queue(_LINES_AHEAD)
        readers: dict[PodKey, asyncio.Task[None]] = {}
        uid, current = workflow["metadata"]["uid"], workflow
        try:
            while True:
                for pod in options.wanted(current):
                    if pod.key not in readers:
                        readers[pod.key] = asyncio.create_task(self._read(pod, options, lines))
                ended = is_finished(current) and all(reader.done() for reader in readers.values())
                async for line in _arriving(lines):
                    yield line
                if ended or self._controller.closing.is_set():
                    return
                # A workflow that is deleted meanwhile has ended.
                current = self._controller.by_uid(uid) or {**current, "status": {"phase": "Failed"}}
        finally:
            for reader in readers.values():
                reader.cancel()

    async def _read(self, pod: PodRecord, options: LogOptions, lines: asyncio.Queue[Line]) -> None:
        followed = self._logs.follow_timed(pod.key.workflow_uid, pod.name, options.container, tail=options.tail_lines)
        async for moment, line in _within(followed, options.limit_bytes):
            await lines.put((moment, pod.name, line))


async def _arriving(lines: asyncio.Queue[Line]) -> AsyncIterator[Line]:
    """What is there, in the order of its times, and what comes until it is time to look for new pods."""
    clock = asyncio.get_running_loop().time
    end = clock() + _LOOK_FOR_PODS_SECONDS
    try:
        while not lines.empty() or clock() < end:
            there = [await asyncio.wait_for(lines.get(), max(0.0, end - clock()))]
            while not lines.empty():
                there.append(lines.get_nowait())
            for line in sorted(there, key=itemgetter(0)):
                yield line
    except asyncio.TimeoutError:
        return


async def _within(lines: AsyncIterator[tuple[int, str]], size: int | None) -> AsyncIterator[tuple[int, str]]:
    async for moment, line in lines:
        data = line.encode("utf-8", "replace")
        if size is not None and len(data) >= size:
            yield moment, data[:size].decode("utf-8", "ignore")
            return
        size = None if size is None else size - len(data) - 1
        yield moment, line


def _compiled(expression: str) -> Regex | None:
    if not expression:
        return None
    try:
        return compiled(expression)
    except Fault as error:
        raise Refusal("INTERNAL", f'failed to compile "{quote(expression)}": {error}') from error
