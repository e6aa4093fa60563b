"""Sends the requests of HTTP templates, as Argo's agent does."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from airflow_argo.local.engine.messages import HttpAnswer, PodFinished, PodReport
from airflow_argo.local.execution.outputs import as_text
from airflow_argo.local.execution.pod import Pod, PodKey, Tell

if TYPE_CHECKING:
    import aiohttp

# What Go's client does, which Argo uses.
_MAX_REDIRECTS = 10
_USER_AGENT = "Go-http-client/1.1"
_MAX_BODY = 16 * 1024 * 1024
_GIVEN_UP = "context canceled"


class RequestError(Exception):
    """There is no answer; the text is what Argo's agent says, as far as it can be known here."""


class HttpAgent:
    """Sends requests; belongs to one event loop."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None
        self._requests: dict[PodKey, tuple[asyncio.Task[None], Tell]] = {}

    def start(self, pod: Pod, tell: Tell) -> None:
        """Send the request of a pod's HTTP template; what comes of it is told."""
        task = asyncio.get_running_loop().create_task(self._run(pod, tell))
        self._requests[pod.key] = task, tell
        task.add_done_callback(lambda _: self._requests.pop(pod.key, None))

    def stop(self, key: PodKey) -> bool:
        """Give a request up, which is told soon; tell whether there was one."""
        task, tell = self._requests.pop(key, (None, None))
        if task is None or tell is None or not task.cancel():
            return False
        report = PodReport(exit_code=None, error=_GIVEN_UP)
        asyncio.get_running_loop().call_soon(tell, PodFinished(key.node_id, report))
        return True

    async def close(self) -> None:
        """Give all requests up, and tell nobody."""
        requests = [task for task, _ in self._requests.values()]
        for task in requests:
            task.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def _run(self, pod: Pod, tell: Tell) -> None:
        http: Mapping[str, Any] = pod.command.template["http"]
        try:
            report = PodReport(exit_code=None, answer=await self._answer(http))
        except RequestError as error:
            report = PodReport(exit_code=None, error=str(error))
        tell(PodFinished(pod.command.node_id, report))

    async def _answer(self, http: Mapping[str, Any]) -> HttpAnswer:
        # On demand: few workflows have HTTP templates, and the import takes longer than the rest of the server's.
        import aiohttp

        method, url = str(http.get("method") or "GET"), str(http.get("url") or "")
        headers = headers_of(http)
        fault = url_fault(url)
        if fault:
            raise RequestError(f'{_verb(method)} "{url}": {fault}')
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(trust_env=True)
        seconds = http.get("timeoutSeconds")
        try:
            async with self._session.request(
                method,
                url,
                headers=headers,
                data=body_of(http),
                ssl=not http.get("insecureSkipVerify"),
                max_redirects=_MAX_REDIRECTS,
                timeout=aiohttp.ClientTimeout(total=None if seconds is None else float(seconds)),
            ) as response:
                body = await response.content.read(_MAX_BODY)
                found: dict[str, list[str]] = {}
                for name, value in response.headers.items():
                    found.setdefault(canonical(name), []).append(value)
                return HttpAnswer(response.status, found, as_text(body))
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
            raise RequestError(f'{_verb(method)} "{url}": {_reason(error)}') from error


def headers_of(http: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The headers that a template's request is sent with.

    :raises RequestError: for one that comes from a Secret.
    """
    headers = []
    for header in http.get("headers") or ():
        if (header.get("valueFrom") or {}).get("secretKeyRef"):
            raise RequestError(f"header {header.get('name')}: the embedded Argo Server has no Secret to read it from")
        headers.append((str(header.get("name", "")), str(header.get("value") or "")))
    if not any(name.lower() == "user-agent" for name, _ in headers):
        headers.append(("User-Agent", _USER_AGENT))
    return headers


def body_of(http: Mapping[str, Any]) -> bytes | None:
    """The body that a template's request is sent with: ``bodyFrom.bytes``, in base64, beats ``body``."""
    encoded = (http.get("bodyFrom") or {}).get("bytes")
    if encoded:
        return base64.b64decode(encoded)
    body = str(http.get("body") or "")
    return body.encode() if body else None


def url_fault(url: str) -> str:
    """Say why a URL cannot be asked, in Go's words; empty if it can."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "invalid URL"
    if parts.scheme not in ("http", "https"):
        return f'unsupported protocol scheme "{parts.scheme}"'
    return "" if parts.hostname else "http: no Host in request URL"


def canonical(name: str) -> str:
    """Write a header's name as Go's ``http.Header`` has it: ``Content-Type``."""
    return "-".join(part[:1].upper() + part[1:].lower() for part in name.split("-"))


def _verb(method: str) -> str:
    return method[:1].upper() + method[1:].lower()


def _reason(error: Exception) -> str:
    """Say what Go would: it names the system's call and its error."""
    if isinstance(error, asyncio.TimeoutError):
        return "context deadline exceeded"
    cause = getattr(error, "os_error", error)
    host, port = getattr(error, "host", None), getattr(error, "port", None)
    words = (getattr(cause, "strerror", None) or str(error) or type(error).__name__).lower()
    if type(error).__name__ == "TooManyRedirects":
        return f"stopped after {_MAX_REDIRECTS} redirects"
    if host is None:
        return words
    if type(cause).__name__ == "gaierror" or type(error).__name__ == "ClientConnectorDNSError":
        return f"dial tcp: lookup {host}: no such host"
    if "connect call failed" in words or isinstance(cause, ConnectionRefusedError):
        return f"dial tcp {host}:{port}: connect: connection refused"
    return f"dial tcp {host}:{port}: {words}"
