"""Everything that can go wrong with Argo, each kind saying what to do next.

A message is written for the person who reads it in a task log at night: what happened, where, and the next step.
Callers tell the kinds apart by class, never by text; ``transient`` says whether the same request may succeed later.
"""

from __future__ import annotations

from typing import ClassVar


class ArgoError(Exception):
    """The root of all errors of this package.

    :param message: what happened, and where.
    :param hint: what to do next; overrides the kind's own ``advice``.
    """

    advice: ClassVar[str] = ""
    transient: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.advice

    def __str__(self) -> str:
        if not self.hint:
            return self.message
        if "\n" in self.message:
            return f"{self.message}\n  {self.hint}"
        separator = " " if self.message.endswith((".", "!", "?")) else ". "
        return f"{self.message}{separator}{self.hint}"


class ManifestError(ArgoError):
    """A manifest, or what one is generated from, that Argo would refuse, or accept and never finish.

    :param message: what is wrong.
    :param path: where in the manifest or in the operator's arguments, such as ``templates.main.steps[0].pull``.
    """

    def __init__(self, message: str, *, path: str = "", hint: str = "") -> None:
        super().__init__(f"{path}: {message}" if path else message, hint=hint)
        self.path = path


class ManifestTooLargeError(ManifestError):
    """A manifest that does not fit into what Argo can store."""

    advice = "Hand the workers fewer or smaller items, or keep the data in storage and pass its address."


class ServerUnreachableError(ArgoError):
    """No answer: nobody listens, the name does not resolve, the connection broke, or it took too long."""

    advice = "Check the connection's host, port and scheme, and that the Argo Server runs."
    transient = True


class CertificateError(ArgoError):
    """The server's TLS certificate is not trusted."""

    advice = "Set 'verify' in the connection's extra to the path of your CA file (or to false on a test system)."


class NotAnArgoServerError(ArgoError):
    """An answer came, but not one of an Argo Server: a proxy's page, a login form, the UI's index page."""

    advice = "Check the connection's host, port and 'base_path': something other than the Argo API answers there."


class RequestRefusedError(ArgoError):
    """The server understood the request and refuses it (HTTP 400, and lint's 500)."""


class UnauthenticatedError(ArgoError):
    """The token is missing, wrong or expired (HTTP 401)."""

    advice = "Put a valid token into the connection's password (without 'Bearer '), or name a 'token_file'."


class PermissionDeniedError(ArgoError):
    """The token is good and may not do this (HTTP 403)."""

    advice = "Give the token's service account a role with this verb in this namespace."


class NotFoundError(ArgoError):
    """There is no such object (HTTP 404)."""


class AlreadyExistsError(ArgoError):
    """The name is taken (HTTP 409 whose message says so)."""


class ConflictError(ArgoError):
    """A 409 of another kind: someone else changed the object or a quota at the same moment."""

    transient = True


class RateLimitedError(ArgoError):
    """Too many requests (HTTP 429).

    :param retry_after: seconds after which the server wants to be asked again, where it says so.
    """

    transient = True

    def __init__(self, message: str, *, retry_after: float | None = None, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class NotSupportedError(ArgoError):
    """The server does not have this endpoint or feature (HTTP 501)."""

    advice = "Check the server's version with 'airflow-argo check', and the connection's 'base_path'."


class ServerError(ArgoError):
    """The server failed (HTTP 5xx)."""

    advice = "Look into the Argo Server's log."
    transient = True


class StreamEndedError(ArgoError):
    """A stream ended before its time, with an error or without a word; open it again."""

    transient = True


class WorkflowFailedError(ArgoError):
    """A workflow ended as Failed or Error. Its subclasses say why, for Airflow's retry policies."""


class UserCodeError(WorkflowFailedError):
    """A worker's own program failed: it ended with an exit code, or wrote no result."""


class WorkerOutOfMemoryError(WorkflowFailedError):
    """A worker used more memory than it may, and was killed."""

    advice = "Give the worker's template a higher memory limit, or each worker less to do."


class ImageError(WorkflowFailedError):
    """A worker's image cannot be pulled, or no container can be made of it."""

    advice = "Check the image's name, the registry, and the imagePullSecrets."


class UnschedulableError(WorkflowFailedError):
    """A worker waited too long for a place to run."""

    advice = "Ask for fewer resources, let fewer workers run side by side ('parallelism'), or add nodes."


class DeadlineExceededError(WorkflowFailedError):
    """The workflow or a worker ran longer than it may."""

    advice = "Raise the task's execution_timeout or the deadline in the manifest, or give each worker less to do."


class WorkflowStoppedError(WorkflowFailedError):
    """Someone stopped or terminated the workflow."""


class InfrastructureError(WorkflowFailedError):
    """Kubernetes or Argo lost a worker: its pod was deleted or evicted, its node went away, Argo's executor failed."""

    advice = "A retry runs these workers again."


class RetryWithoutEffectError(WorkflowFailedError):
    """Argo's retry ran nothing again, and the workflow is as failed as before."""

    advice = "Clear the task, or use retry_mode='fresh', to start anew."


class WorkflowGoneError(ArgoError):
    """A workflow disappeared while it was awaited: deleted by someone or by its time to live, and not archived."""

    advice = "Someone deleted it, or its ttlStrategy did: let it live longer than Airflow needs to collect results."


class ResultError(ArgoError):
    """The workflow succeeded but its results cannot be handed on."""
