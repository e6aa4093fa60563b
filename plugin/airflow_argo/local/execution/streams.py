"""Carries what a worker writes from a pipe to where it belongs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

MAX_RESULT = 256 * 1024

_BLOCK = 64 * 1024
_BLOCKS_AT_ONCE = 16


class Result:
    """The last 256 KiB of standard output, less one newline at the end; as Argo takes ``outputs.result``."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> None:
        """Append, forgetting what is too old."""
        self._data += data
        # One byte more than is asked for, as the newline goes first; cut seldom, as each cut moves all.
        if len(self._data) > 4 * MAX_RESULT:
            del self._data[: -(MAX_RESULT + 1)]

    def value(self) -> bytes:
        """Give what is left."""
        return bytes(self._data).removesuffix(b"\n")[-MAX_RESULT:]


class Stream:
    """A pipe whose reading end the event loop watches.

    :param write: takes each block.
    :param ended: called once, when nobody holds the writing end any more.
    """

    def __init__(self, write: Callable[[bytes], None], ended: Callable[[], None]) -> None:
        self._write = write
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        self._reader: int | None = reader
        self._writer: int | None = writer
        self._loop.add_reader(reader, self._readable)

    @property
    def closed(self) -> bool:
        """Whether it has ended, or was closed."""
        return self._reader is None

    def share(self) -> int:
        """Give a copy of the writing end, to be closed by the caller."""
        return os.dup(self._own_writer())

    def hand_over(self) -> int:
        """Give the writing end away, to be closed by the caller."""
        writer = self._own_writer()
        self._writer = None
        return writer

    def drain(self) -> None:
        """Take what is in the pipe now; some blocks at most, as a worker may write faster than we read."""
        for _ in range(_BLOCKS_AT_ONCE):
            if self._reader is None:
                return
            try:
                data = os.read(self._reader, _BLOCK)
            except BlockingIOError:
                return
            if not data:
                self.close()
                return
            self._write(data)

    def close(self) -> None:
        """Read no more."""
        if self._reader is not None:
            self._loop.remove_reader(self._reader)
            os.close(self._reader)
            self._reader = None
        if self._writer is not None:
            os.close(self._writer)
            self._writer = None

    def _own_writer(self) -> int:
        if self._writer is None:
            raise ValueError("the writing end has been handed over")
        return self._writer

    def _readable(self) -> None:
        self.drain()
        if self.closed:
            self._ended()


def open_streams(
    write: Callable[[bytes], None], result: Result | None, ended: Callable[[], None]
) -> tuple[list[Stream], int, int]:
    """Make the pipes of one process; the writing ends, for stdout and stderr, are to be closed by the caller.

    :param write: takes both.
    :param result: takes standard output alone, if that is wanted.
    """
    output = Stream(write, ended)
    if result is None:
        return [output], output.share(), output.hand_over()

    def write_both(data: bytes) -> None:
        write(data)
        result.write(data)

    captured = Stream(write_both, ended)
    return [output, captured], captured.hand_over(), output.hand_over()
