"""``Grpc-Timeout``: how long a caller is willing to wait."""

from __future__ import annotations

import asyncio
import re

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.server.bodies import refused

_TIMEOUT = re.compile(r"(\d{1,8})([HMSmun])")
_UNITS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}
_OVER = Refusal("DEADLINE_EXCEEDED", "context deadline exceeded")
# No request is answered as quickly as this.
_SHORTEST = 1e-3


class Deadline:
    """Answers HTTP 504 when the time is over; a stream that has begun just ends then."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request (ASGI)."""
        text = dict(scope.get("headers") or ()).get(b"grpc-timeout", b"").decode("latin-1")
        if not text:
            await self._app(scope, receive, send)
            return
        found = _TIMEOUT.fullmatch(text)
        if found is None:
            await refused(invalid(f"invalid grpc-timeout: {text}"))(scope, receive, send)
            return
        seconds = int(found[1]) * _UNITS[found[2]]
        if seconds < _SHORTEST:
            await refused(_OVER)(scope, receive, send)
            return
        await self._within(seconds, scope, receive, send)

    async def _within(self, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await asyncio.wait_for(self._app(scope, receive, noting), seconds)
        except asyncio.TimeoutError:
            if started:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            else:
                await refused(_OVER)(scope, receive, send)
