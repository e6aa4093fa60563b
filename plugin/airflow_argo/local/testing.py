"""An embedded Argo Server for tests: your own DAGs' as well as this package's."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

from airflow_argo.local.options import ServerOptions
from airflow_argo.local.serving import serve

_START_SECONDS = 30


@contextlib.contextmanager
def running_server(
    directory: Path | None = None, *, objects: Path | None = None, workers: int | None = None
) -> Iterator[str]:
    """Run an embedded server in a thread of this process, and stop it with all its workers at the end.

    :param directory: where it keeps its workflows; by default a temporary one.
    :param objects: where its ConfigMaps and Secrets are, as YAML files; by default ``objects`` below the directory.
    :param workers: how many pods run at a time.
    :return: its URL, such as ``http://127.0.0.1:41873``.
    :raises ArgoError: if it cannot start.
    """
    url: Future[str] = Future()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    options = ServerOptions(port=0, directory=directory, objects=objects, workers=workers)
    thread = threading.Thread(target=_run, args=(loop, options, url, stop), name="embedded-argo-server", daemon=True)
    thread.start()
    try:
        yield url.result(timeout=_START_SECONDS)
    finally:
        with contextlib.suppress(RuntimeError):  # The loop is closed already where the server failed.
            loop.call_soon_threadsafe(stop.set)
        thread.join()


def _run(loop: asyncio.AbstractEventLoop, options: ServerOptions, url: Future[str], stop: asyncio.Event) -> None:
    async def main() -> None:
        try:
            await serve(options, url.set_result, stop)
        except BaseException as error:
            if url.done():
                raise
            url.set_exception(error)

    try:
        loop.run_until_complete(main())
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
