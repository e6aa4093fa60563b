"""Puts the embedded server together and runs it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.assembly import Assembly
from airflow_argo.local.options import ServerOptions

_STREAMS_END_SECONDS = 2
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def run_server(options: ServerOptions) -> int:
    """Run the embedded server until SIGTERM or SIGINT; the process's exit status.

    One line with its URL goes to stdout as soon as it accepts requests, what goes wrong to stderr.
    """
    # A full search for circles stops the server for as long as it has objects, with many nodes for half a second. There
    # are few: what ends lets go of its parts itself.
    gc.set_threshold(2_000, 10, 50)
    try:
        asyncio.run(serve(options))
    except ArgoError as error:
        print(f"airflow-argo local: {error}", file=sys.stderr)
        return 1
    return 0


async def serve(
    options: ServerOptions, ready: Callable[[str], None] | None = None, stop: asyncio.Event | None = None
) -> None:
    """Serve until ``stop`` is set or a signal comes, then stop all workers.

    :param ready: called with the URL as soon as requests are accepted; prints it if not given.
    :raises ArgoError: if it cannot listen, or its directory or token cannot be used.
    """
    stop = stop or asyncio.Event()
    options.check()
    token = options.token()
    with _listening(options) as listener, _directory(options) as directory, _signals(stop):
        async with Assembly.open(directory, options) as assembly:
            server = _Server(_config(assembly.app(token)), ready or _announce, _url(options, listener))
            watcher = asyncio.create_task(_end(server, assembly.controller.closing, stop))
            try:
                await server.serve(sockets=[listener])
            finally:
                watcher.cancel()


class _Server(uvicorn.Server):
    """Says when it is ready, and leaves signals to us: the workers have to be stopped first."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[str], None], url: str) -> None:
        super().__init__(config)
        self._ready = ready
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready(self._url)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _end(server: uvicorn.Server, closing: asyncio.Event, stop: asyncio.Event) -> None:
    await stop.wait()
    closing.set()
    server.should_exit = True


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        # Airflow's logging would put uvicorn's greetings among what a command prints.
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=_STREAMS_END_SECONDS,
    )


@contextlib.contextmanager
def _listening(options: ServerOptions) -> Iterator[socket.socket]:
    try:
        family, _, _, _, address = socket.getaddrinfo(options.host, options.port, type=socket.SOCK_STREAM)[0]
        # asyncio sets TCP_NODELAY only where the protocol is given; without it answers wait 40 ms for a delayed ACK.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(1024)
    except (OSError, OverflowError) as error:
        hint = "Does another server listen there? --port 0 takes a free one."
        raise ArgoError(f"cannot listen on {options.host} port {options.port}: {error}", hint=hint) from error
    with listener:
        yield listener


@contextlib.contextmanager
def _directory(options: ServerOptions) -> Iterator[Path]:
    if options.directory is None:
        with tempfile.TemporaryDirectory(prefix="airflow-argo-", ignore_cleanup_errors=True) as temporary:
            yield Path(temporary)
        return
    try:
        options.directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArgoError(f"cannot use the directory {options.directory}: {error}") from error
    yield options.directory.absolute()


@contextlib.contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)


def _url(options: ServerOptions, listener: socket.socket) -> str:
    host = f"[{options.host}]" if ":" in options.host else options.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _announce(url: str) -> None:
    print(url, flush=True)
