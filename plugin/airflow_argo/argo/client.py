"""Sends calls to the Argo Server, with requests.

Redirects are not followed: the API has none, so one comes from a login form or from a proxy that wants https. It is
reported as a NotAnArgoServerError that names the target, and the token goes nowhere else.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import requests
import urllib3
from requests.auth import AuthBase
from tenacity import Retrying

from airflow_argo.argo import failures
from airflow_argo.argo.address import ServerAddress
from airflow_argo.argo.api import Answer, Call, encode_body, parsed, read, read_stream_head
from airflow_argo.argo.errors import ArgoError, StreamEndedError
from airflow_argo.argo.retrying import Patience
from airflow_argo.argo.streams import StreamDecoder

__all__ = ["ArgoClient", "ServerAddress"]

T = TypeVar("T")
R = TypeVar("R")

_PIECE = 64 * 1024


class ArgoClient:
    """Talks to one Argo Server. Not for use by two threads at once.

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
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self._timeout = (connect_timeout, read_timeout)
        self._stream_timeout = (connect_timeout, stream_timeout)
        self._patience = Patience(patience, clock=clock)
        self._sleep = sleep
        self._clock = clock
        self._session = requests.Session()
        if address.verify is False:
            # Whoever set 'verify' to false knows; urllib3 would say it with every request.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    def send(self, call: Call[T]) -> T:
        """Send a call and return what its answer holds.

        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        return self._with_patience(call, self._send_once)

    def stream(self, call: Call[T], *, within: float = math.inf) -> Iterator[T]:
        """Yield a stream's results as they come.

        It is opened when the first is asked for; a broken one is the caller's to open again.

        :param within: seconds after which no more is read; how long it may stay silent is the client's.
        :raises StreamEndedError: it broke off, or took longer; for a watch, every end.
        :raises ArgoError: of the kind that the answer, or its absence, means.
        """
        decoder, until = StreamDecoder(call.place), self._clock() + within
        with closing(self._with_patience(call, self._open_stream)) as response:
            for piece in _pieces(call, response):
                for result in decoder.feed(piece):
                    yield parsed(call, result)
                if self._clock() > until:
                    raise StreamEndedError(f"{call.place} took longer than {within:g} s")
            for result in decoder.close():
                yield parsed(call, result)
        if call.endless:
            raise failures.silent_end(call)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> ArgoClient:
        return self

    def __exit__(self, *_how: object) -> None:
        self.close()

    def _with_patience(self, call: Call[T], once: Callable[[Call[T]], R]) -> R:
        return Retrying(sleep=self._sleep, **self._patience.arguments(call))(once, call)

    def _send_once(self, call: Call[T]) -> T:
        with closing(self._open(call, self._timeout)) as response:
            return read(call, self._answer(call, response))

    def _open_stream(self, call: Call[Any]) -> requests.Response:
        response = self._open(call, self._stream_timeout)
        try:
            head = Answer(response.status_code, response.headers)
            read_stream_head(call, head if head.starts_stream else self._answer(call, response))
        except ArgoError:
            response.close()
            raise
        return response

    def _open(self, call: Call[Any], timeout: tuple[float, float]) -> requests.Response:
        body, headers = encode_body(call), self.address.headers_of(call)
        with _argo_errors(call, self.address):
            return self._session.request(
                call.method,
                self.address.url_of(call),
                data=body or None,
                headers=headers,
                auth=_AsItIs(),
                timeout=timeout,
                # Said with every request: else an environment's CA file would win over False.
                verify=self.address.verify,
                allow_redirects=False,
                stream=True,
            )

    def _answer(self, call: Call[Any], response: requests.Response) -> Answer:
        with _argo_errors(call, self.address):
            return Answer(response.status_code, response.headers, response.content)


class _AsItIs(AuthBase):
    """Leaves a request alone; without it requests would put what ~/.netrc says in the token's place."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


def _pieces(call: Call[Any], response: requests.Response) -> Iterator[bytes]:
    # Not iter_content: where a proxy took the chunks away, it waits until a piece is full.
    try:
        while piece := response.raw.read1(_PIECE, decode_content=True):
            yield piece
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise failures.broken_stream(call, error) from None


@contextmanager
def _argo_errors(call: Call[Any], address: ServerAddress) -> Iterator[None]:
    """Turn what requests raises into an ArgoError, which says all that is in its chained tracebacks."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise failures.no_tls(call, address, error) from None
    except requests.RequestException as error:
        failure = failures.no_connection if _never_connected(error) else failures.no_answer
        raise failure(call, address, error) from None
    except OSError as error:
        # What requests itself says of a CA file that is not there.
        raise failures.bad_ca_file(address, error) from None


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
