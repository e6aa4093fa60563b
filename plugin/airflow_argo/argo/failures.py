"""What it means when no answer came: the same words for both clients, whatever library raised."""

from __future__ import annotations

from typing import Any

from airflow_argo.argo.address import ServerAddress
from airflow_argo.argo.api import Call, clip
from airflow_argo.argo.errors import (
    ArgoError,
    CertificateError,
    NotAnArgoServerError,
    ServerUnreachableError,
    StreamEndedError,
)


class NoConnectionError(ServerUnreachableError):
    """No connection came about, so the server has seen nothing of the request."""


def no_connection(call: Call[Any], address: ServerAddress, error: BaseException) -> ArgoError:
    """Return the error for a connection that never stood."""
    return NoConnectionError(f"{call.place}: {address.url} cannot be reached: {root_cause(error)}.")


def no_answer(call: Call[Any], address: ServerAddress, error: BaseException) -> ArgoError:
    """Return the error for a connection that broke, or stayed silent for too long."""
    return ServerUnreachableError(f"{call.place}: no whole answer came from {address.url}: {root_cause(error)}.")


def broken_stream(call: Call[Any], error: BaseException) -> ArgoError:
    """Return the error for a stream that broke off, or stayed silent for too long."""
    return StreamEndedError(f"{call.place}: the stream broke off: {root_cause(error)}.", hint="Open it again.")


def silent_end(call: Call[Any]) -> ArgoError:
    """Return the error for a watch that ended without saying why: a proxy, or a server that went down."""
    return StreamEndedError(f"{call.place}: the stream ended without a word.", hint="Open it again.")


def no_tls(call: Call[Any], address: ServerAddress, error: BaseException) -> ArgoError:
    """Return the error for a TLS connection that did not come about."""
    reason = root_cause(error)
    if "CERTIFICATE_VERIFY_FAILED" in reason or "doesn't match" in reason:
        return CertificateError(f"{call.place}: the certificate of {address.url} is not trusted: {reason}.")
    # Neither passes with time: a server without TLS, or one that shares no version of it.
    return NotAnArgoServerError(
        f"{call.place}: {address.url} does not speak TLS as expected: {reason}.",
        hint="If the server runs without TLS (--secure=false), set the connection's scheme to 'http'.",
    )


def bad_ca_file(address: ServerAddress, error: BaseException) -> ArgoError:
    """Return the error for a CA file that cannot be read."""
    return CertificateError(
        f"The CA file {str(address.verify)!r} for {address.url} cannot be read: {root_cause(error)}.",
        hint="Correct 'verify' in the connection's extra: a path that exists on this machine, in PEM form.",
    )


def root_cause(error: BaseException) -> str:
    """Return the words of the innermost exception, which says more than what was wrapped around it."""
    inner = _wrapped_in(error)
    while inner is not None:
        error, inner = inner, _wrapped_in(inner)
    return clip(str(error) or type(error).__name__, 300).rstrip(".")


def _wrapped_in(error: BaseException) -> BaseException | None:
    # Not __context__: that may be what the caller was handling when it made this call.
    candidates = (error.__cause__, getattr(error, "reason", None), *error.args)
    return next((candidate for candidate in candidates if isinstance(candidate, BaseException)), None)
