"""Which kind of error an answer means."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from airflow_argo.argo.errors import (
    AlreadyExistsError,
    ArgoError,
    ConflictError,
    ManifestTooLargeError,
    NotAnArgoServerError,
    NotFoundError,
    NotSupportedError,
    PermissionDeniedError,
    RateLimitedError,
    RequestRefusedError,
    ServerError,
    ServerUnreachableError,
    StreamEndedError,
    UnauthenticatedError,
)

LONGEST_MESSAGE = 2_000

# What looks like a token: behind its scheme (but not "basic authentication"), a JWT, one of Argo's single sign-on.
# Patterns are kept as text here: most processes that import this package never need them compiled.
_SECRETS = (
    r"(?i:\b(bearer|basic)\s+)(?:[^\s\"',;<>]{20,}|(?=[^\s\"',;<>]*[\d._=/+~-])[^\s\"',;<>]+)"
    r"|\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)?"
    r"|\bv2:[\w.+/=-]{20,}"
)


def clip(text: str, longest: int = LONGEST_MESSAGE) -> str:
    """Return a text fit for a log: not too long, and without anything that looks like a token.

    A debugging proxy may send the request's headers back.
    """
    clean = re.sub(_SECRETS, _starred, text[: longest * 4]).strip()
    if len(clean) <= longest and len(text) <= longest * 4:
        return clean
    return f"{clean[:longest]}… (cut, of {len(text)} characters)"


def _starred(found: re.Match[str]) -> str:
    return f"{found[1]} ***" if found[1] else "***"


@dataclass(frozen=True)
class Problem:
    """What an answer says went wrong.

    :param status: the HTTP status, or the one that an error within a stream carries.
    :param code: the gRPC code, 0 when there is none.
    :param message: the server's words.
    :param from_argo: whether it is in Argo's form; a proxy's page is not.
    :param retry_after: seconds after which the server wants to be asked again, where it says so.
    """

    status: int
    code: int = 0
    message: str = ""
    from_argo: bool = True
    retry_after: float | None = None


# Messages that decide more than their status does; seen on v4.1.2, or read in its source.
_BY_MESSAGE: tuple[tuple[set[int], str, type[ArgoError]], ...] = (
    # Kubernetes closed the watch, as it does every 30 to 60 minutes.
    ({429}, r"^EOF$", StreamEndedError),
    # The watch's resource version has expired; Argo makes a 400 of Kubernetes' 410.
    ({400, 410}, r"too old resource version", StreamEndedError),
    ({400, 413, 429, 500}, r"larger than max|entity too large|request is too large", ManifestTooLargeError),
    ({409}, r"already exists", AlreadyExistsError),
    # The server could not reach Kubernetes: Go's url.Error. /submit answers 400 to that.
    (
        {400, 500},
        r'(Get|Post|Put|Patch|Delete) "https?://[^"]*": .*'
        r"(EOF|dial |timeout|timed out|deadline|connection|TLS|http2|no such host|broken pipe)",
        ServerError,
    ),
    ({400, 500}, r"etcdserver: (leader changed|request timed out)", ServerError),
)

_BY_STATUS: dict[int, type[ArgoError]] = {
    401: UnauthenticatedError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: ServerUnreachableError,
    409: ConflictError,
    413: ManifestTooLargeError,
    425: ServerUnreachableError,
    429: RateLimitedError,
    501: NotSupportedError,
}

# What a proxy says by itself; its other 4xx mean that the request did not reach Argo at all.
_A_PROXY_MAY_SAY = frozenset({401, 403, 408, 413, 425, 429})

_HINTS: dict[type[ArgoError], str] = {
    RequestRefusedError: "Correct what the message names; the same request will be refused again.",
    NotFoundError: "Check the name and the namespace; it may also have been deleted, by its ttlStrategy for instance.",
    AlreadyExistsError: "Choose another name, or attach to the one that is there.",
    ConflictError: "Read the object again, then decide whether to repeat.",
    RateLimitedError: "Ask less often, or raise the server's --api-rate-limit.",
    StreamEndedError: "Open it again, without a resource version.",
}


def kind_of(problem: Problem) -> type[ArgoError]:
    """Return the kind of error that the problem means, whatever the operation was."""
    if not problem.from_argo:
        return _kind_of_foreign(problem.status)
    for statuses, words, kind in _BY_MESSAGE:
        if problem.status in statuses and re.search(words, problem.message):
            return kind
    return _kind_of_status(problem.status)


def _kind_of_status(status: int) -> type[ArgoError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status >= 500:
        return ServerError
    return RequestRefusedError if status >= 400 else NotAnArgoServerError


def _kind_of_foreign(status: int) -> type[ArgoError]:
    if status in _A_PROXY_MAY_SAY:
        return _BY_STATUS[status]
    return ServerError if status >= 500 else NotAnArgoServerError


def error_for(problem: Problem, place: str, kind: type[ArgoError] | None = None) -> ArgoError:
    """Return the error that the problem means.

    :param place: where it happened, such as ``GET /api/v1/workflows/argo/x``.
    :param kind: the kind, where the operation knows better.
    """
    kind = kind or kind_of(problem)
    message = f"{place} was answered with HTTP {problem.status}: {clip(problem.message) or 'no message'}"
    hint = next((hint for applies, hint in _HINTS_BY_PROBLEM if applies(problem)), _HINTS.get(kind, ""))
    if kind is RateLimitedError:
        return RateLimitedError(message, retry_after=problem.retry_after, hint=hint)
    return kind(message, hint=hint)


def _needs_https(problem: Problem) -> bool:
    # The words of Go's and of nginx' servers.
    return re.search(r"HTTP request (to an HTTPS server|was sent to HTTPS port)", problem.message) is not None


def _too_large_for_a_proxy(problem: Problem) -> bool:
    return problem.status == 413 and not problem.from_argo


def _proxy_without_argo(problem: Problem) -> bool:
    return problem.status >= 500 and not problem.from_argo


def _starting(problem: Problem) -> bool:
    return (problem.status, problem.code) == (503, 14)


_HINTS_BY_PROBLEM: tuple[tuple[Callable[[Problem], bool], str], ...] = (
    (_needs_https, "Set the connection's scheme to 'https'."),
    (
        _too_large_for_a_proxy,
        "A proxy limits the size of requests (nginx: client_max_body_size): raise it, or send fewer or smaller items.",
    ),
    (
        _proxy_without_argo,
        "This is not Argo's own answer: check that the proxy in front of the Argo Server reaches it.",
    ),
    (_starting, "The Argo Server is starting or stopping; if this stays, look into its log."),
)
