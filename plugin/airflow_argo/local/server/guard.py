"""Who may ask: the bearer token, and no web page of someone else's.

The server runs commands. Without a token it listens on the loopback interface alone, where any web page that the same
person opens could still reach it, by a form or by a name that resolves to 127.0.0.1. So what comes from another
origin, or under a name that is not this machine's, is refused.
"""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.artifact_answers import PREFIXES, plain
from airflow_argo.local.server.bodies import refused
from airflow_argo.local.server.page_calls import is_without_data

_NO_TOKEN = "token not valid. see https://argo-workflows.readthedocs.io/en/latest/faq/"  # noqa: S105 (a message)


class Guard:
    """Lets through who may ask.

    :param token: what has to stand after ``Bearer``; empty where everybody on this machine may ask.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it (ASGI)."""
        if scope["type"] == "http" and not (self._token and is_without_data(str(scope["path"]))):
            refusal = self.check(Headers(scope=scope))
            if refusal is not None:
                is_artifact = str(scope["path"]).startswith(PREFIXES)
                answer = plain(refusal.status) if is_artifact else refused(refusal)
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def check(self, headers: Headers) -> Refusal | None:
        """Why a request with these headers is refused, or None."""
        if self._token:
            return _check_token(headers.get("authorization", ""), self._token)
        return _check_origin(headers)


def _check_token(authorization: str, token: str) -> Refusal | None:
    scheme, _, given = authorization.partition(" ")
    given = given.strip()
    if scheme not in ("Bearer", "Basic") or not given:
        return Refusal("UNAUTHENTICATED", _NO_TOKEN)
    if scheme == "Basic" or not hmac.compare_digest(given.encode("utf-8", "replace"), token.encode("utf-8")):
        return Refusal("UNAUTHENTICATED", "Unauthorized")
    return None


def _check_origin(headers: Headers) -> Refusal | None:
    host = headers.get("host", "")
    if host and not is_loopback(urlsplit(f"//{host}").hostname or ""):
        return Refusal(
            "PERMISSION_DENIED",
            f"the embedded Argo Server was asked as '{host}'; without a token it answers to 'localhost' alone",
        )
    origin = headers.get("origin", "")
    if origin and urlsplit(origin).netloc != host:
        return Refusal("PERMISSION_DENIED", f"the embedded Argo Server answers no web page of another origin: {origin}")
    return None


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
