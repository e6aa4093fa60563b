"""From an HTTP answer to a value or an error."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from airflow_argo.argo.api.calls import JSON, Answer, Call
from airflow_argo.argo.api.kinds import Problem, clip, error_for, kind_of
from airflow_argo.argo.errors import (
    ArgoError,
    ManifestTooLargeError,
    NotAnArgoServerError,
    RequestRefusedError,
    ServerUnreachableError,
)

T = TypeVar("T")

# gRPC knows 0 to 16; Kubernetes' own Status objects carry the HTTP status as their code.
_LAST_GRPC_CODE = 16


def read(call: Call[T], answer: Answer) -> T:
    """Return what the answer holds.

    :raises ArgoError: of the kind that the answer means, with the server's message, the place and a next step.
    """
    if not 200 <= answer.status < 300:
        return _refused(call, answer)
    if answer.content_type != JSON:
        raise _not_argo(call, answer)
    try:
        value = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ServerUnreachableError(
            f"{call.place}: the answer broke off after {len(answer.body)} bytes ({clip(str(error), 200)}).",
            hint="Try again; if it stays, check the proxies between here and the Argo Server.",
        ) from error
    return parsed(call, value)


def parsed(call: Call[T], value: Any) -> T:
    """Return what the call makes of an answer's JSON, or of one result of a stream.

    :raises NotAnArgoServerError: it is not what Argo answers there.
    """
    try:
        return call.parse(value)
    except ValueError as error:
        raise NotAnArgoServerError(f"{call.place}: the answer is JSON but not Argo's: {error}.") from error


def read_stream_head(call: Call[Any], answer: Answer) -> None:
    """Make sure that a stream follows.

    :param answer: with its body, unless it ``starts_stream``.
    :raises ArgoError: of the kind that the answer means.
    """
    if answer.starts_stream:
        return
    if 200 <= answer.status < 300:
        raise _not_argo(call, answer)
    problem = problem_in(answer)
    raise error_for(problem, call.place, _kind(call, problem))


def _refused(call: Call[T], answer: Answer) -> T:
    problem = problem_in(answer)
    if call.fulfilled_by(problem):
        return call.parse({})
    raise error_for(problem, call.place, _kind(call, problem))


def _kind(call: Call[Any], problem: Problem) -> type[ArgoError]:
    kind = call.kind_of(problem) or kind_of(problem)
    # Nothing was sent that could be made smaller: it is the answer that was too large for Argo.
    return RequestRefusedError if kind is ManifestTooLargeError and not call.body else kind


def problem_in(answer: Answer) -> Problem:
    """Return what an answer of another status than 2xx says.

    Argo has two forms, ``{"code", "message"}`` and, for streams, ``{"error": {…}}``; the second may also come as an
    event of a stream (``data: {…}``). The content type says little: Argo's webhook sends JSON as text/plain.
    """
    retry_after = seconds_to_wait(answer)
    if 300 <= answer.status < 400:
        return Problem(answer.status, 0, _redirection(answer), False, retry_after)
    text = answer.body.decode("utf-8", "replace").strip()
    found = problem_from(_object_in(text.removeprefix("data:")), answer.status)
    if found is None:
        return Problem(answer.status, 0, _glimpse(text), False, retry_after)
    return Problem(found.status, found.code, found.message, True, retry_after)


def problem_from(value: Any, status: int) -> Problem | None:
    """Return the problem that a JSON value of the server describes, or None when it is not in one of Argo's forms.

    :param status: the HTTP status to assume when the value carries none.
    """
    if not isinstance(value, dict) or value.get("kind") == "Status":
        return None
    inner = value.get("error")
    if isinstance(inner, dict):
        return Problem(_number(inner.get("http_code"), status), _number(inner.get("grpc_code"), 0), _text(inner))
    code = _number(value.get("code"), 0)
    return Problem(status, code, _text(value)) if 0 <= code <= _LAST_GRPC_CODE else None


def seconds_to_wait(answer: Answer) -> float | None:
    """Return the seconds of ``Retry-After``, which is a number or, from Argo's own rate limiter, a date.

    A date is compared with the answer's own ``Date``, so that the two machines' clocks need not agree; without one it
    says nothing.
    """
    value = answer.header("Retry-After").strip()
    if re.fullmatch(r"\d{1,9}(\.\d*)?", value):
        return float(value)
    # Imported late: it costs more than all the rest of this package, and few answers need it.
    from email.utils import parsedate_to_datetime

    try:
        delay = parsedate_to_datetime(value) - parsedate_to_datetime(answer.header("Date"))
    except (TypeError, ValueError):
        return None
    return max(0.0, delay.total_seconds())


def _object_in(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _number(value: Any, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _text(value: dict[str, Any]) -> str:
    message = value.get("message") or value.get("error") or ""
    return message if isinstance(message, str) else json.dumps(message)


def _redirection(answer: Answer) -> str:
    # Without the query: a login form's address carries one-time secrets there.
    target = re.split(r"[?#]", answer.header("Location"))[0]
    return f"it redirects to {clip(target, 300) or 'nowhere'}; redirects are not followed, the token stays here"


def _glimpse(text: str) -> str:
    title = re.search(r"(?is)<title[^>]*>(.*?)</title>", text)
    words = title[1] if title else re.sub(r"<[^>]*>", " ", text)
    return clip(" ".join(words.split()), 300)


def _not_argo(call: Call[Any], answer: Answer) -> NotAnArgoServerError:
    kind = answer.content_type or "nothing said of its type"
    glimpse = _glimpse(answer.body[:20_000].decode("utf-8", "replace"))
    return NotAnArgoServerError(f"{call.place} was answered with {kind} instead of JSON: {glimpse or 'an empty page'}")
