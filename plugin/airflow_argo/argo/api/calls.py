"""What goes to the Argo Server and what comes back, as plain values."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from airflow_argo.argo.api.kinds import Problem
from airflow_argo.argo.errors import ArgoError, ManifestError

T_co = TypeVar("T_co", covariant=True)

JSON = "application/json"
# Exactly this text: with a parameter or in a list the server falls back to NDJSON, which has no keep-alive.
EVENT_STREAM = "text/event-stream"


def _usual_kind(_problem: Problem) -> type[ArgoError] | None:
    return None


def _never(_problem: Problem) -> bool:
    return False


@dataclass(frozen=True)
class Call(Generic[T_co]):
    """One request to the Argo Server, and how its answer is understood.

    :param method: the HTTP method.
    :param path: the path below the connection's base path, quoted.
    :param parse: makes the value from the answer's JSON object, or from each result of a stream; raises ``ValueError``
        with a reason when that is not what Argo answers here.
    :param query: the query's pairs, unquoted.
    :param body: the JSON body.
    :param accept: the ``Accept`` header; ``text/event-stream`` for streams.
    :param repeatable: whether sending it twice does the same as sending it once. A call that is not is repeated only
        when the server cannot have seen it.
    :param endless: a stream that only ever ends because something broke it (a watch).
    :param kind_of: the kind of error that this operation means by an answer which means another one elsewhere.
    :param fulfilled_by: whether a refusal says that the wish is fulfilled already; the value is then ``parse({})``.
    """

    method: str
    path: str
    parse: Callable[[Any], T_co]
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] | None = None
    accept: str = JSON
    repeatable: bool = True
    endless: bool = False
    kind_of: Callable[[Problem], type[ArgoError] | None] = _usual_kind
    fulfilled_by: Callable[[Problem], bool] = _never

    @property
    def place(self) -> str:
        """Where an error happened: method and path."""
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, whole."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the header of this name in any letter case, or an empty text."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), "")

    @property
    def content_type(self) -> str:
        """The media type without its parameters, in lower case."""
        return self.header("Content-Type").partition(";")[0].strip().lower()

    @property
    def starts_stream(self) -> bool:
        """Whether the status and the headers are those of a stream of Argo's."""
        return 200 <= self.status < 300 and self.content_type in {JSON, EVENT_STREAM}


def encode_body(call: Call[Any]) -> bytes:
    """Return the call's body as it goes over the wire; empty when there is none.

    :raises ManifestError: it holds what JSON cannot (a date, a set, NaN).
    """
    if call.body is None:
        return b""
    try:
        return json.dumps(call.body, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ManifestError(
            f"The body of {call.place} cannot be written as JSON: {error}.",
            hint="Use only texts, numbers, booleans, lists and dicts; quote dates in YAML.",
        ) from error
