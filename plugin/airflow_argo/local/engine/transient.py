"""Which messages Argo takes for a passing trouble (``retryPolicy: OnTransientError``)."""

from __future__ import annotations

_PATTERNS = (
    "client rate limiter Wait returned an error",
    "etcdserver: leader changed",
    "etcdserver: request timed out",
    "net/http: TLS handshake timeout",
    "i/o timeout",
    "connection timed out",
    "connection reset by peer",
    "transport connection broken",
    "http2: client connection lost",
    "http2: server sent GOAWAY and closed the connection",
    "connect: connection refused",
    "invalid connection",
)


def is_transient(message: str) -> bool:
    """Tell whether a node's message speaks of the network or of the cluster's own trouble."""
    return any(pattern in message for pattern in _PATTERNS)
