"""What the proxy does to requests, by the name of the fault."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

import psutil
from aiohttp import web
from tests.chaos.proxy import Dropped, Exchange, Kind, Rule

_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1>nginx</body></html>"
_HANG_SECONDS = 25.0
_STREAM_LIFE = 1.0
_GARBAGE = (b'data: {"result":\n\n', b"\x00\xff\xfe garbage\n\n", b"data: []\n\n", b'data: {"result": 7}\n\n')


class Killer:
    """Kills the process that a request came from with SIGKILL; in each second round what supervises it, too."""

    def __init__(self, scheduler: Callable[[], int]) -> None:
        self._scheduler = scheduler

    async def kill(self, exchange: Exchange) -> bool:
        """Whether it came from a task."""
        return await asyncio.to_thread(self._kill, exchange.client_port, exchange.run[-1:] in tuple("13579"))

    def _kill(self, port: int, supervisor_too: bool) -> bool:
        task = self._task_behind(port)
        if task is None:
            return False
        supervisor = task.parent()
        if supervisor_too and supervisor is not None:
            supervisor.kill()
        with contextlib.suppress(psutil.NoSuchProcess):
            task.kill()
        return True

    def _task_behind(self, port: int) -> psutil.Process | None:
        """The triggerer's requests come through here as well; it is not meant."""
        for found in psutil.net_connections("tcp4"):
            if found.laddr and found.laddr.port == port and found.pid:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process = psutil.Process(found.pid)
                    ancestors = [each.pid for each in process.parents()]
                    # Scheduler, its worker, the task.
                    return process if self._scheduler() in ancestors[1:] else None
        return None


def kill_at_first(killer: Killer, kind: Kind, *, answered: bool = False) -> Rule:
    """Kill a task at its first request of a kind.

    :param answered: once the server has done what it is asked, which the task does not learn; else it is not asked.
    """

    async def rule(exchange: Exchange) -> web.StreamResponse:
        if exchange.kind != kind or not exchange.run or not exchange.first(kind):
            return await exchange.pass_through()
        if await _is_due(exchange, answered) and await killer.kill(exchange):
            exchange.first("fault")
        raise Dropped

    return rule


async def _is_due(exchange: Exchange, answered: bool) -> bool:
    if not answered:
        return True
    async with await exchange.ask() as answer:
        await answer.read()
        return answer.ok


def kill_waiting(killer: Killer) -> Rule:
    async def rule(exchange: Exchange) -> web.StreamResponse:
        if exchange.kind in ("status", "stream") and exchange.run and exchange.count("poll") > 1:
            happened = exchange.proxy.happened[exchange.cell, exchange.run]
            if not happened["fault"] and await killer.kill(exchange):
                exchange.first("fault")
                raise Dropped
        return await exchange.pass_through()

    return rule


async def cut_streams(exchange: Exchange) -> web.StreamResponse:
    """Every stream lives for a second."""
    if exchange.kind != "stream":
        return await exchange.pass_through()
    exchange.first("fault")
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(exchange.pass_through(), _STREAM_LIFE)
    raise Dropped


async def cut_answers(exchange: Exchange) -> web.StreamResponse:
    """The server does what it is asked, and each second answer breaks off half-way, the first one to begin with."""
    if exchange.kind == "stream" or exchange.count(exchange.kind) % 2 == 0:
        return await exchange.pass_through()
    async with await exchange.ask() as answer:
        body = await answer.read()
        response = await exchange.begin(answer)
        await response.write(body[: len(body) // 2])
        exchange.first("fault")
        raise Dropped


def each_second(status: int, body: str, content_type: str, **headers: str) -> Rule:
    """Another answer to each second request of a run; to creating, to the first one."""

    async def rule(exchange: Exchange) -> web.StreamResponse:
        if exchange.kind == "stream" or exchange.count(exchange.kind) % 2 == 0:
            return await exchange.pass_through()
        exchange.first("fault")
        return web.Response(status=status, text=body, content_type=content_type, headers=headers)

    return rule


async def hang(exchange: Exchange) -> web.StreamResponse:
    """Nothing is answered for a while after the first request to create, which itself does arrive."""
    since = exchange.proxy.since.setdefault((exchange.cell, exchange.run), time.monotonic()) if exchange.run else None
    if since is None or time.monotonic() - since > _HANG_SECONDS:
        return await exchange.pass_through()
    exchange.first("fault")
    if exchange.kind == "create" and exchange.first("created"):
        async with await exchange.ask() as answer:
            await answer.read()
    # Until the client loses patience.
    await asyncio.sleep(600)
    raise Dropped


async def stalled_stream(exchange: Exchange) -> web.StreamResponse:
    """A stream begins, and then no byte comes."""
    if exchange.kind != "stream":
        return await exchange.pass_through()
    async with await exchange.ask() as answer:
        await exchange.begin(answer)
        exchange.first("fault")
        await asyncio.sleep(600)
    raise Dropped


async def garbage_stream(exchange: Exchange) -> web.StreamResponse:
    """A stream that holds anything but what it should."""
    if exchange.kind != "stream":
        return await exchange.pass_through()
    async with await exchange.ask() as answer:
        response = await exchange.begin(answer)
        exchange.first("fault")
        for piece in _GARBAGE:
            await response.write(piece)
            await asyncio.sleep(0.2)
    raise Dropped


def rules(killer: Killer) -> dict[str, Rule]:
    """The rule of each fault that the proxy plays."""
    gateway = '{"code": 13, "message": "etcdserver: request timed out"}'
    return {
        "kill_before_create": kill_at_first(killer, "create"),
        "kill_after_create": kill_at_first(killer, "create", answered=True),
        "kill_waiting": kill_waiting(killer),
        "kill_collecting": kill_at_first(killer, "whole"),
        "cut_streams": cut_streams,
        "cut_answers": cut_answers,
        "too_many_requests": each_second(429, "slow down", "text/plain", **{"Retry-After": "1"}),
        "error_500": each_second(500, gateway, "application/json"),
        "error_502_html": each_second(502, _HTML, "text/html"),
        "hang": hang,
        "stalled_stream": stalled_stream,
        "garbage_stream": garbage_stream,
    }
