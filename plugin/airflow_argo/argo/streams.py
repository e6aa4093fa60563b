"""The results of an Argo stream, from bytes that may be cut anywhere; no I/O.

The Argo Server streams newline-delimited JSON, or server-sent events with a comment every 15 seconds. Each message is
``{"result": …}``; an error is one last ``{"error": …}``, which as NDJSON has no newline behind it (seen on v4.1.2).
"""

from __future__ import annotations

import json
from typing import Any

from airflow_argo.argo.api import clip, error_for
from airflow_argo.argo.api.answers import problem_from
from airflow_argo.argo.errors import ArgoError, NotAnArgoServerError, StreamEndedError

LONGEST_LINE = 64 * 1024 * 1024


class StreamDecoder:
    """Takes a stream's bytes piece by piece and gives back its results.

    Results that came before an error are handed out first: the error is raised by the call that has none left to give.
    So what the caller sees does not depend on how the network cut the stream.

    :param place: where the stream comes from, for errors: ``GET /api/v1/workflow-events/argo``.
    :param longest_line: bytes of one message beyond which it is refused rather than kept in memory.
    """

    def __init__(self, place: str = "The stream", *, longest_line: int = LONGEST_LINE) -> None:
        self._place = place
        self._longest_line = longest_line
        self._line = bytearray()
        self._failure: ArgoError | None = None

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished message are held."""
        return len(self._line)

    def feed(self, piece: bytes) -> list[dict[str, Any]]:
        """Take the next bytes and return the results that are complete now.

        :raises ArgoError: the stream carried an error, or is not Argo's.
        """
        results: list[dict[str, Any]] = []
        if self._failure is None:
            try:
                self._split(piece, results)
            except ArgoError as error:
                self._failure = error
        return self._handed_out(results)

    def close(self) -> list[dict[str, Any]]:
        """Take the end of the stream and return the result that had no newline behind it, if any.

        :raises ArgoError: the stream carried an error, is not Argo's, or broke off within a message.
        """
        results: list[dict[str, Any]] = []
        if self._failure is None:
            try:
                self._take_last(results)
            except ArgoError as error:
                self._failure = error
        return self._handed_out(results)

    def _handed_out(self, results: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._failure is not None and not results:
            raise self._failure
        return results

    def _split(self, piece: bytes, results: list[dict[str, Any]]) -> None:
        first, *others = piece.split(b"\n")
        self._grow(first)
        for other in others:
            line, self._line = bytes(self._line), bytearray()
            self._take(line, results)
            self._grow(other)

    def _grow(self, more: bytes) -> None:
        if len(self._line) + len(more) > self._longest_line:
            raise NotAnArgoServerError(
                f"{self._place}: a message is longer than {self._longest_line} bytes",
                hint="Ask for fewer fields; if it is not a workflow that large, something else answers there.",
            )
        self._line += more

    def _take_last(self, results: list[dict[str, Any]]) -> None:
        line, self._line = bytes(self._line), bytearray()
        message = _message_in(line)
        if message and not _is_whole(message):
            raise StreamEndedError(f"{self._place}: the stream broke off within a message", hint="Open it again.")
        self._take(line, results)

    def _take(self, line: bytes, results: list[dict[str, Any]]) -> None:
        message = _message_in(line)
        if not message:
            return
        value = _value_of(message)
        if not isinstance(value, dict):
            raise NotAnArgoServerError(f"{self._place}: the stream holds no JSON: {clip(message, 200)}")
        if "error" in value:
            raise self._error(value)
        # An error that ``fields`` has emptied is ``{}``; the end of the stream follows it anyway.
        if isinstance(value.get("result"), dict):
            results.append(value["result"])

    def _error(self, value: dict[str, Any]) -> ArgoError:
        problem = problem_from(value, 500)
        if problem is None:
            return NotAnArgoServerError(f"{self._place}: {clip(json.dumps(value), 200)}")
        return error_for(problem, self._place)


def _message_in(line: bytes) -> str:
    """Return the JSON of a line, empty for a blank line, a comment, or another field of an event."""
    text = line.decode("utf-8", "replace").strip()
    if text.startswith("data:"):
        return text[len("data:") :].strip()
    return "" if text.startswith((":", "event:", "id:", "retry:")) else text


def _value_of(message: str) -> Any:
    try:
        return json.loads(message)
    except (ValueError, RecursionError):
        return None


def _is_whole(message: str) -> bool:
    if "data:".startswith(message):
        return False
    return not message.startswith("{") or _value_of(message) is not None
