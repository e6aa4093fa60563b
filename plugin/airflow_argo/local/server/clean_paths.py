"""Sends callers of ``//api/v1/version`` or ``/api/./v1/version`` to the path they mean, as Go's HTTP server does."""

from __future__ import annotations

import posixpath

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send


class CleanPaths:
    """Redirects with HTTP 307, so that method and body stay: a base URL may end in a slash."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or redirect it (ASGI)."""
        if scope["type"] == "http":
            path = _path(scope)
            clean = cleaned(path)
            if clean != path:
                await _redirection(clean, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def cleaned(path: str) -> str:
    """A path without empty parts, ``.`` and ``..``; it begins with one slash and ends in one if it did before."""
    clean = posixpath.normpath(f"/{path.lstrip('/')}")
    return f"{clean}/" if clean != "/" and path.endswith("/") else clean


def _path(scope: Scope) -> str:
    # As it was sent: an escaped dot or slash is part of a name, not of the path.
    return bytes(scope.get("raw_path") or str(scope["path"]).encode()).decode("latin-1").partition("?")[0] or "/"


def _redirection(path: str, scope: Scope) -> Response:
    query = bytes(scope.get("query_string", b"")).decode("latin-1")
    return Response(status_code=307, headers={"Location": f"{path}?{query}" if query else path})
