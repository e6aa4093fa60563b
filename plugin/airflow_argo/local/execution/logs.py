"""Logs: one file for each container, bounded, read line by line and followed while the pod writes."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import BinaryIO

from airflow_argo.local.execution.log_times import Times, TimeWriter
from airflow_argo.local.news import News

MAIN = "main"
MAX_LOG = 64 * 1024 * 1024
MAX_LINE = 1024 * 1024

_BLOCK = 64 * 1024
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,200}")


class LogFile:
    """Takes what a container writes, as it comes, up to a limit."""

    def __init__(self, path: Path, limit: int = MAX_LOG) -> None:
        self.path = path
        self._room = limit
        self._limit = limit
        self._file: BinaryIO | None = None
        self._closed = False
        self._news = News()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # noqa: PTH108 - quicker
        self._times = TimeWriter(path)
        self._size = 0

    @property
    def closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def write(self, data: bytes) -> None:
        """Append; what goes over the limit is dropped, and said once. A full disk drops the rest too."""
        if self._room <= 0:
            return
        kept = data[: self._room]
        self._room -= len(kept)
        if len(kept) < len(data):
            self._room = 0
            kept += f"\n[the log is cut here: it is larger than {self._limit} bytes]\n".encode()
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("wb", buffering=0)
            self._file.write(kept)
            self._times.note(self._size, time.time_ns())
            self._size += len(kept)
        except OSError:
            self._room = 0
        self._news.spread()

    def close(self) -> None:
        """Say that the container has ended."""
        self._closed = True
        if self._file is not None:
            self._file.close()
            self._file = None
        self._times.close()
        self._news.spread()

    async def changed(self) -> None:
        """Wait until something is written, or the file is closed."""
        await self._news.wait()


class Logs:
    """All logs of the server, below one directory.

    :param directory: holds ``WORKFLOW-UID/POD-NAME.log``; of other containers than main ``POD-NAME@CONTAINER.log``.
    """

    def __init__(self, directory: Path, limit: int = MAX_LOG) -> None:
        self._directory = directory
        self._limit = limit
        self._open: dict[Path, LogFile] = {}

    def path(self, workflow_uid: str, pod_name: str, container: str = MAIN) -> Path:
        """Where the log of a container is, or will be."""
        name = safe_name(pod_name) if container == MAIN else f"{safe_name(pod_name)}@{safe_name(container)}"
        return self._directory / safe_name(workflow_uid) / f"{name}.log"

    def create(self, workflow_uid: str, pod_name: str, container: str = MAIN) -> LogFile:
        """Begin the log of a container; one that an earlier pod of this name has left is replaced."""
        path = self.path(workflow_uid, pod_name, container)
        log = self._open[path] = LogFile(path, self._limit)
        return log

    def close(self, log: LogFile) -> None:
        """End the log of a container."""
        log.close()
        if self._open.get(log.path) is log:
            del self._open[log.path]

    def read_timed(
        self,
        workflow_uid: str,
        pod_name: str,
        container: str = MAIN,
        *,
        tail: int | None = None,
        limit_bytes: int | None = None,
    ) -> Iterator[tuple[int, str]]:
        """Give the lines written so far, without their newlines; none if there is no such log.

        Before each line stands when it was written, in nanoseconds since the epoch.

        :param tail: only the last so many lines.
        :param limit_bytes: of those, only the first so many bytes.
        """
        path = self.path(workflow_uid, pod_name, container)
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        times = Times(path)
        with file:
            left = _size(file) if limit_bytes is None else limit_bytes
            if tail is not None:
                file.seek(_tail_start(file, tail))
            lines = _Lines(file.tell())
            while left > 0 and (block := file.read(min(_BLOCK, left))):
                left -= len(block)
                for offset, line in lines.feed(block):
                    yield times.at(offset), line
            for offset, line in lines.rest():
                yield times.at(offset), line

    async def follow_timed(
        self, workflow_uid: str, pod_name: str, container: str = MAIN, *, tail: int | None = None
    ) -> AsyncIterator[tuple[int, str]]:
        """Give what ``read_timed`` gives and then each new line, until the pod has ended.

        :param tail: of what is written already, only the last so many lines.
        """
        log = self._open.get(self.path(workflow_uid, pod_name, container))
        if log is None:
            for line in self.read_timed(workflow_uid, pod_name, container, tail=tail):
                yield line
            return
        while not (log.closed or log.path.exists()):
            await log.changed()
        async for line in _followed(log, tail):
            yield line

    def delete(self, workflow_uid: str) -> None:
        """Remove all logs of a workflow."""
        shutil.rmtree(self._directory / safe_name(workflow_uid), ignore_errors=True)


def safe_name(name: str) -> str:
    """Make a name that is one plain component of a path, and another one for each other name."""
    if _SAFE_NAME.fullmatch(name):
        return name
    return "_" + hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()


class _Lines:
    """Cuts a stream of bytes into lines, each with its place in the log; a very long one is cut into pieces."""

    def __init__(self, offset: int) -> None:
        self._at = offset
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[tuple[int, str]]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield self._at, _decode(line)
            self._at += len(line) + 1
        while len(self._rest) > MAX_LINE:
            piece, self._rest = self._rest[:MAX_LINE], self._rest[MAX_LINE:]
            yield self._at, _decode(piece)
            self._at += len(piece)

    def rest(self) -> Iterator[tuple[int, str]]:
        if self._rest:
            yield self._at, _decode(self._rest)


def _decode(line: bytes) -> str:
    return line.decode("utf-8", errors="replace")


async def _followed(log: LogFile, tail: int | None) -> AsyncIterator[tuple[int, str]]:
    if not log.path.exists():
        return
    times = Times(log.path)
    with log.path.open("rb") as file:
        if tail is not None:
            file.seek(_tail_start(file, tail))
        lines = _Lines(file.tell())
        closed = False
        while not closed:
            closed = log.closed
            while block := file.read(_BLOCK):
                for offset, line in lines.feed(block):
                    yield times.at(offset), line
            await _news(log, file)
    for offset, line in lines.rest():
        yield times.at(offset), line


async def _news(log: LogFile, file: BinaryIO) -> None:
    # The reader may have been away while more was written: then there is no news to come, but something to read.
    if not log.closed and _size(file) == file.tell():
        await log.changed()


def _size(file: BinaryIO) -> int:
    return os.fstat(file.fileno()).st_size


def _tail_start(file: BinaryIO, lines: int) -> int:
    """Find where the last so many lines begin, reading from the end."""
    end = _size(file)
    if lines <= 0:
        return end
    at, missing = end, lines
    while at > 0:
        start = max(0, at - _BLOCK)
        file.seek(start)
        block = file.read(at - start)
        if at == end and block.endswith(b"\n"):
            block = block[:-1]
        while (found := block.rfind(b"\n")) >= 0:
            missing -= 1
            if missing == 0:
                return start + found + 1
            block = block[:found]
        at = start
    return 0
