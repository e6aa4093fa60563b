"""Work on files that may take long, done in a thread while the event loop goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar

T = TypeVar("T")


class Aside:
    """At most one piece of work at a time, for one pod.

    :param threads: where it is done.
    """

    def __init__(self, threads: Executor) -> None:
        self._threads = threads
        self._loop = asyncio.get_running_loop()
        self._work: asyncio.Future[Any] | None = None

    def do(self, work: Callable[[], T], then: Callable[[T], None], failed: Callable[[Exception], None]) -> None:
        """Begin; the event loop then hears what came of it."""

        def ended(future: asyncio.Future[T]) -> None:
            self._work = None
            if future.cancelled():
                return
            error = future.exception()
            if error is None:
                then(future.result())
            elif isinstance(error, Exception):
                failed(error)

        future = self._work = self._loop.run_in_executor(self._threads, work)
        future.add_done_callback(ended)

    def when_idle(self, do: Callable[[], None]) -> None:
        """Call a function now, or when the work that goes on has ended."""
        if self._work is None:
            do()
        else:
            self._work.add_done_callback(lambda _: do())
