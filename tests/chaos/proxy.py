"""Stands between Airflow and the Argo Server, passes everything through, and lets faults happen where they are told to.

A cell's connection has the cell's name as its base path, so that each cell has faults of its own.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import aiohttp
from aiohttp import web
from yarl import URL

Kind = Literal["create", "status", "whole", "stream", "other"]
Rule = Callable[["Exchange"], Awaitable[web.StreamResponse]]

_NOT_PASSED_ON = {"transfer-encoding", "content-length", "connection", "content-encoding", "host", "keep-alive"}


class Dropped(Exception):  # noqa: N818  it is no error here
    """The connection is to be cut without an answer."""


class Exchange:
    """One request, and what may become of it."""

    def __init__(self, proxy: Proxy, request: web.BaseRequest, body: bytes) -> None:
        self.proxy = proxy
        self.request = request
        self.body = body
        _, self.cell, self.path = request.path_qs.split("/", 2)
        self.kind = self._kind()
        self.workflow = self._workflow()
        self.run = self._run()

    @property
    def client_port(self) -> int:
        peer = self.request.transport.get_extra_info("peername") if self.request.transport else None
        return int(peer[1]) if peer else -1

    def _kind(self) -> Kind:
        path, query = self.request.path, self.request.query
        if "/workflow-events/" in path or path.endswith("/log"):
            return "stream"
        if "/api/v1/workflows/" not in path:
            return "other"
        if self.request.method == "POST":
            return "create"
        if self.request.method == "GET" and path.count("/") == _SLASHES_OF_A_WORKFLOW:
            fields = query.get("fields", "")
            return "whole" if not fields or "status.nodes" in fields or fields.startswith("-") else "status"
        return "other"

    def _workflow(self) -> str:
        if self.kind == "create":
            return str(json.loads(self.body)["workflow"]["metadata"].get("name", ""))
        parts = self.request.path.split("/")
        return parts[_SLASHES_OF_A_WORKFLOW] if len(parts) > _SLASHES_OF_A_WORKFLOW else ""

    def _run(self) -> str:
        if self.kind == "create":
            labels = json.loads(self.body)["workflow"]["metadata"].get("labels") or {}
            self.proxy.run_of[self.workflow] = labels.get("airflow-argo/run_id", "")
        return self.proxy.run_of.get(self.workflow, "")

    def first(self, what: str) -> bool:
        """Whether this did not happen in this run before; notes that it has."""
        happened = self.proxy.happened[self.cell, self.run]
        happened[what] += 1
        return happened[what] == 1

    def count(self, what: str) -> int:
        """How often it has happened in this run, now included."""
        self.first(what)
        return self.proxy.happened[self.cell, self.run][what]

    async def ask(self) -> aiohttp.ClientResponse:
        """The server's answer; its body is still to come."""
        headers = {name: value for name, value in self.request.headers.items() if name.lower() not in _NOT_PASSED_ON}
        url = URL(f"{self.proxy.upstream}/{self.path}", encoded=True)
        return await self.proxy.session.request(
            self.request.method, url, headers=headers, data=self.body or None, allow_redirects=False
        )

    async def pass_through(self) -> web.StreamResponse:
        """What happens where no fault does."""
        async with await self.ask() as answer:
            response = await self.begin(answer)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    async def begin(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        """Pass the head of an answer on."""
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _NOT_PASSED_ON}
        response = web.StreamResponse(status=answer.status, headers=kept)
        if answer.content_length is not None:
            response.content_length = answer.content_length
        await response.prepare(self.request)
        return response


_SLASHES_OF_A_WORKFLOW = 6
"""/cell/api/v1/workflows/namespace/name"""


class Proxy:
    """Runs in a thread with a loop of its own."""

    def __init__(self, upstream: str, port: int, rules: dict[str, Rule]) -> None:
        self.upstream = upstream
        self.port = port
        self.run_of: dict[str, str] = {}
        self.happened: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
        self.since: dict[tuple[str, str], float] = {}
        self._rules = rules
        self._loop = asyncio.new_event_loop()
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.session: aiohttp.ClientSession

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def stop(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _end(self) -> None:
        """Some requests hang, as they were told to."""
        hanging = asyncio.all_tasks() - {asyncio.current_task()}
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        await self.session.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._started.set()
        self._loop.run_forever()

    async def _listen(self) -> None:
        timeout = aiohttp.ClientTimeout(total=None, connect=10)
        self.session = aiohttp.ClientSession(
            timeout=timeout, auto_decompress=False, connector=aiohttp.TCPConnector(limit=0)
        )
        runner = web.ServerRunner(web.Server(self._handle))
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port, backlog=1024).start()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        exchange = Exchange(self, request, await request.read())
        rule: Any = self._rules.get(exchange.cell)
        try:
            return await (rule(exchange) if rule else exchange.pass_through())
        except (Dropped, aiohttp.ClientError, ConnectionError):
            if request.transport:
                request.transport.abort()
            return web.Response(status=500)
