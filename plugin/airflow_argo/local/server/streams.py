"""Streams as the Argo Server sends them: a JSON object a line, or server-sent events.

Nothing is sent before the first message, not even headers, so that an error before it has its own HTTP status; one
after it is the last chunk, without a newline. Only server-sent events are kept alive, every 15 seconds. Seen on v4.1.2.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus
from typing import Any

from starlette.types import Receive, Scope, Send

from airflow_argo.local.fields import Fields
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.bodies import encoded

KEEP_ALIVE_SECONDS = 15.0


class StreamAnswer:
    """An answer that goes on until its messages end, the client leaves, or a refusal ends it.

    :param messages: what stands under ``result``.
    :param accept: the request's ``Accept``; server-sent events are meant by exactly ``text/event-stream``.
    :param fields: applied to each message as a whole, an error included.
    """

    def __init__(self, messages: AsyncGenerator[dict[str, Any], None], accept: str, fields: Fields) -> None:
        self._messages = messages
        self._events = accept == "text/event-stream"
        self._fields = fields
        self._started = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve it (ASGI)."""
        gone = asyncio.create_task(_client_leaves(receive))
        try:
            await self._serve(gone, send)
        except OSError:
            pass  # The client left while something was being sent to it.
        finally:
            gone.cancel()
            await self._messages.aclose()

    async def _serve(self, gone: asyncio.Task[None], send: Send) -> None:
        while True:
            following = asyncio.ensure_future(self._next_chunk())
            try:
                await self._await(following, gone, send)
                if gone.done():
                    return
                chunk = following.result()
            except Refusal as refusal:
                await self._send(send, refusal.status, self._chunk(_error(refusal), last=True), last=True)
                return
            finally:
                await _cancelled(following)
            if chunk is None:
                await self._send(send, 200, b"", last=True)
                return
            await self._send(send, 200, chunk)

    async def _next_chunk(self) -> bytes | None:
        message = await anext(self._messages, None)
        # At once: a message may hold parts of a workflow that runs, and the next turn of the loop may change them.
        return None if message is None else self._chunk({"result": message})

    async def _await(self, following: asyncio.Future[Any], gone: asyncio.Task[None], send: Send) -> None:
        while not following.done() and not gone.done():
            timeout = KEEP_ALIVE_SECONDS if self._events else None
            done, _ = await asyncio.wait({following, gone}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                await self._send(send, 200, b":\n")

    def _chunk(self, envelope: dict[str, Any], *, last: bool = False) -> bytes:
        text = encoded(self._fields.select(envelope))
        if self._events:
            return b"data: " + text + b" \n\n" + (b"" if last else b"\n")
        return text if last else text + b"\n"

    async def _send(self, send: Send, status: int, body: bytes, *, last: bool = False) -> None:
        if not self._started:
            self._started = True
            kind = b"text/event-stream" if self._events else b"application/json"
            headers = [(b"content-type", kind), (b"x-content-type-options", b"nosniff")]
            await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": not last})


async def _client_leaves(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _cancelled(future: asyncio.Future[Any]) -> None:
    if not future.done():
        future.cancel()
        await asyncio.wait({future})


def _error(refusal: Refusal) -> dict[str, Any]:
    error = {
        "grpc_code": refusal.number,
        "http_code": refusal.status,
        "message": refusal.message,
        "http_status": HTTPStatus(refusal.status).phrase,
    }
    return {"error": error}
