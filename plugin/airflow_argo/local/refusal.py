"""What a request is answered with when it cannot be done."""

from __future__ import annotations

from typing import Literal, TypeAlias

GrpcCode: TypeAlias = Literal[
    "INVALID_ARGUMENT",
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "UNAUTHENTICATED",
]

# gRPC's number and the HTTP status that grpc-gateway gives it.
_CODES: dict[GrpcCode, tuple[int, int]] = {
    "UNKNOWN": (2, 500),
    "INVALID_ARGUMENT": (3, 400),
    "DEADLINE_EXCEEDED": (4, 504),
    "NOT_FOUND": (5, 404),
    "ALREADY_EXISTS": (6, 409),
    "PERMISSION_DENIED": (7, 403),
    "RESOURCE_EXHAUSTED": (8, 429),
    "UNIMPLEMENTED": (12, 501),
    "INTERNAL": (13, 500),
    "UNAVAILABLE": (14, 503),
    "UNAUTHENTICATED": (16, 401),
}


class Refusal(Exception):  # noqa: N818 (an answer that is sent, not a fault of the program)
    """The answer to a request that cannot be done, as the Argo Server gives it.

    :param code: gRPC's name of the kind of refusal.
    :param message: Argo's own text where the real server has one.
    """

    def __init__(self, code: GrpcCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def number(self) -> int:
        """The ``code`` of the body, a number of gRPC's."""
        return _CODES[self.code][0]

    @property
    def status(self) -> int:
        """The HTTP status."""
        return _CODES[self.code][1]


def invalid(message: str) -> Refusal:
    """A request that is wrong in itself (HTTP 400)."""
    return Refusal("INVALID_ARGUMENT", message)


def not_found(resource: str, name: str) -> Refusal:
    """No object of this name (HTTP 404).

    :param resource: Kubernetes' plural, such as ``workflows``.
    """
    return Refusal("NOT_FOUND", f'{resource}.argoproj.io "{name}" not found')


def already_exists(resource: str, name: str) -> Refusal:
    """The name is taken (HTTP 409)."""
    return Refusal("ALREADY_EXISTS", f'{resource}.argoproj.io "{name}" already exists')


def unsupported(what: str) -> Refusal:
    """Something that Argo has and the embedded server does not (HTTP 501)."""
    return Refusal("UNIMPLEMENTED", f"the embedded Argo Server does not support {what}")
