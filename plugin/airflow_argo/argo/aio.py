"""Sends calls to the Argo Server, with aiohttp; in all else the same as ``client.py``.

Redirects are not followed, as there.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp
import certifi
from tenacity import AsyncRetrying
from yarl import URL

from airflow_argo.argo import failures
from airflow_argo.argo.address import ServerAddress
from airflow_argo.argo.api import Answer, Call, encode_body, parsed, read, read_stream_head
from airflow_argo.argo.errors import ArgoError
from airflow_argo.argo.retrying import Patience
from airflow_argo.argo.streams import StreamDecoder

__all__ = ["AsyncArgoClient", "ServerAddress"]

T = TypeVar("T")
R = TypeVar("R")

LARGE = 256 * 1024
"""Bytes from which JSON is parsed in a thread: it takes some milliseconds, and a triggerer has one loop for all."""


class AsyncArgoClient:
    """Talks to one Argo Server, from one event loop.

    :param connect_timeout: seconds until a connection must stand.
    :param read_timeout: seconds that an answer may stay silent.
    :param stream_timeout: seconds that a stream may stay silent; the server sends something every 15.
    :param patience: seconds during which transient errors are met by trying again.
    :param sleep: waits between two attempts.
    :param clock: gives seconds that only ever grow.
    """

    def __init__(
        self,
        address: ServerAddress,
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        stream_timeout: float = 60.0,
        patience: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout, sock_read=read_timeout)
        self._stream_timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout, sock_read=stream_timeout)
        self._patience = Patience(patience, clock=clock)
        self._sleep = sleep
        self._tls: ssl.SSLContext | bool | None = None
        self._session: aiohttp.ClientSession | None = None

    async def send(self, call: Call[T]) -> T:
        """Send a call and return what its answer holds.

        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        return await self._with_patience(call, self._send_once)

    async def stream(self, call: Call[T]) -> AsyncGenerator[T, None]:
        """Yield a stream's results as they come.

        It is opened when the first is asked for; a broken one is the caller's to open again.
        Close it (``contextlib.aclosing``) when leaving before its end, so that its connection goes at once.

        :raises StreamEndedError: it broke off; for a watch, every end.
        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        decoder = StreamDecoder(call.place)
        response = await self._with_patience(call, self._open_stream)
        try:
            async for piece in _pieces(call, response):
                for result in await _off_the_loop(decoder.pending, partial(decoder.feed, piece)):
                    yield parsed(call, result)
            for result in decoder.close():
                yield parsed(call, result)
        finally:
            response.close()
        if call.endless:
            raise failures.silent_end(call)

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def __aenter__(self) -> AsyncArgoClient:
        return self

    async def __aexit__(self, *_how: object) -> None:
        await self.aclose()

    async def _with_patience(self, call: Call[T], once: Callable[[Call[T]], Awaitable[R]]) -> R:
        return await AsyncRetrying(sleep=self._sleep, **self._patience.arguments(call))(once, call)

    async def _send_once(self, call: Call[T]) -> T:
        response = await self._open(call, self._timeout)
        try:
            answer = await self._answer(call, response)
        finally:
            response.release()
        return await _off_the_loop(len(answer.body), lambda: read(call, answer))

    async def _open_stream(self, call: Call[Any]) -> aiohttp.ClientResponse:
        response = await self._open(call, self._stream_timeout)
        try:
            head = Answer(response.status, response.headers)
            read_stream_head(call, head if head.starts_stream else await self._answer(call, response))
        except ArgoError:
            response.close()
            raise
        return response

    async def _open(self, call: Call[Any], timeout: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        body, headers = await self._content_of(call)
        session = await self._connected()

        async def only_once(
            request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
        ) -> aiohttp.ClientResponse:
            # aiohttp repeats a PUT by itself when the connection breaks, unless the error is not one of its own.
            with _argo_errors(call, self.address):
                return await handler(request)

        with _argo_errors(call, self.address):
            return await session.request(
                call.method,
                # As it is: yarl would undo some of the quoting.
                URL(self.address.url_of(call), encoded=True),
                data=body or None,
                headers=headers,
                proxy=_proxy_for(self.address.url),
                timeout=timeout,
                allow_redirects=False,
                middlewares=(only_once,),
            )

    async def _content_of(self, call: Call[Any]) -> tuple[bytes, dict[str, str]]:
        # Off the loop: the token may come from a file.
        headers = await asyncio.to_thread(self.address.headers_of, call)
        return encode_body(call), headers

    async def _connected(self) -> aiohttp.ClientSession:
        if self._tls is None:
            self._tls = await asyncio.to_thread(_tls_for, self.address)
        if self._session is None:
            # 0: no limit of connections, for streams hold theirs for hours.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=self._tls, limit=0))
        return self._session

    async def _answer(self, call: Call[Any], response: aiohttp.ClientResponse) -> Answer:
        with _argo_errors(call, self.address):
            return Answer(response.status, response.headers, await response.read())


async def _pieces(call: Call[Any], response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    try:
        async for piece in response.content.iter_any():
            yield piece
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise failures.broken_stream(call, error) from None


async def _off_the_loop(size: int, work: Callable[[], R]) -> R:
    return await asyncio.to_thread(work) if size >= LARGE else work()


@contextmanager
def _argo_errors(call: Call[Any], address: ServerAddress) -> Iterator[None]:
    """Turn what aiohttp raises into an ArgoError, which says all that is in its chained tracebacks."""
    try:
        yield
    except aiohttp.ClientSSLError as error:
        raise failures.no_tls(call, address, error) from None
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise failures.no_connection(call, address, error) from None
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise failures.no_answer(call, address, error) from None


def _tls_for(address: ServerAddress) -> ssl.SSLContext | bool:
    """Return what requests would use: the CA file of the address, of the environment, or certifi's."""
    if address.verify is False or not address.url.startswith("https:"):
        return False
    from_environment = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or certifi.where()
    place = address.verify if isinstance(address.verify, str) else from_environment
    try:
        if Path(place).is_dir():
            return ssl.create_default_context(capath=place)
        return ssl.create_default_context(cafile=place)
    except OSError as error:
        raise failures.bad_ca_file(address, error) from None


def _proxy_for(url: str) -> str | None:
    """Return the proxy that the environment names; not aiohttp's trust_env, which also takes logins from ~/.netrc."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)
