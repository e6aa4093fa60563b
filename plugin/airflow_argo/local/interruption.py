"""Ctrl-C, taken as a wish: the first asks for an end, the second for one at once."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interruption:
    """What has been asked for.

    :param status: the exit status that tells it, 128 and the signal's number; 0 as long as nothing was.
    """

    def __init__(self) -> None:
        self.status = 0

    def ask(self, number: int, _frame: FrameType | None = None) -> None:
        """Take a signal.

        :raises KeyboardInterrupt: it is the second one.
        """
        if self.status:
            raise KeyboardInterrupt
        self.status = 128 + number


@contextlib.contextmanager
def interruptions() -> Iterator[Interruption]:
    """Take SIGINT and SIGTERM as long as the block runs; outside the main thread none come."""
    asked = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.signal(number, asked.ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
