"""When each line of a log was written: noted beside the log, at most once a millisecond."""

from __future__ import annotations

import bisect
import struct
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

# Where in the log, and when: nanoseconds since the epoch.
_NOTE = struct.Struct("<QQ")
_STEP = 1_000_000


def times_path(log: Path) -> Path:
    """Where the times of a log are."""
    return log.with_name(f"{log.name}.times")


class TimeWriter:
    """Notes the times of what is appended to a log.

    :param log: the log's path; times of an earlier one of that name are forgotten with the first note.
    """

    def __init__(self, log: Path) -> None:
        self._log = log
        self._file: BinaryIO | None = None
        self._last = 0

    def note(self, offset: int, now: int) -> None:
        """Note that what begins at an offset was written now, in nanoseconds since the epoch.

        :raises OSError: if it cannot be written.
        """
        if now - self._last < _STEP:
            return
        if self._file is None:
            self._file = times_path(self._log).open("wb", buffering=0)
        self._last = now
        self._file.write(_NOTE.pack(offset, now))

    def close(self) -> None:
        """End it."""
        if self._file is not None:
            self._file.close()
            self._file = None


class Times:
    """The times of one log, read again where it has grown."""

    def __init__(self, log: Path) -> None:
        self._path = times_path(log)
        self._offsets: list[int] = []
        self._moments: list[int] = []
        self._size = -1

    def at(self, offset: int) -> int:
        """Tell when what stands at an offset was written, in nanoseconds since the epoch; 0 if that is not known."""
        self._read()
        found = bisect.bisect_right(self._offsets, offset) - 1
        return self._moments[found] if found >= 0 else 0

    def _read(self) -> None:
        try:
            size = self._path.stat().st_size
            if size == self._size:
                return
            data = self._path.read_bytes()
        except OSError:
            return
        whole = data[: len(data) - len(data) % _NOTE.size]
        self._offsets, self._moments = [], []
        for offset, moment in _NOTE.iter_unpack(whole):
            self._offsets.append(offset)
            self._moments.append(moment)
        self._size = size


def stamp(moment: int) -> str:
    """Write a time as Kubernetes does before each line: RFC 3339 with nanoseconds."""
    seconds, nanoseconds = divmod(moment, 1_000_000_000)
    return datetime.fromtimestamp(seconds, timezone.utc).strftime(f"%Y-%m-%dT%H:%M:%S.{nanoseconds:09d}Z")
