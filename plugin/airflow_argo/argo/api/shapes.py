"""What the JSON of an answer must look like, and what some operations mean by their refusals.

The readers raise :class:`UnexpectedShapeError` when the JSON is not what Argo answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_argo.argo.api.kinds import Problem
from airflow_argo.argo.errors import ArgoError, NotFoundError, RequestRefusedError

Json = dict[str, Any]


class UnexpectedShapeError(ValueError):
    """The JSON of an answer is not what Argo answers there; the text is the reason."""


def an_object(value: Any) -> Json:
    """Return any JSON object."""
    if not isinstance(value, dict):
        raise UnexpectedShapeError(f"it is {type(value).__name__}, not an object")
    return value


def workflow(value: Any) -> Json:
    """Return a workflow; however few fields were asked for, ``metadata`` is always there."""
    if not isinstance(an_object(value).get("metadata"), dict):
        raise UnexpectedShapeError("it has no metadata")
    return an_object(value)


def workflow_with(uid: str) -> Callable[[Any], Json]:
    """Return a reader that takes a workflow of another uid for a missing one; servers before 3.7.11 ignore the uid."""

    def of_this_uid(value: Any) -> Json:
        found = workflow(value)
        other = found["metadata"].get("uid", uid)
        if other != uid:
            raise NotFoundError(
                f"The workflow {found['metadata'].get('name', '')!r} is another one now: uid {other}, not {uid}.",
                hint="The one that was meant has been deleted, and its name was taken again.",
            )
        return found

    return of_this_uid


def workflow_list(value: Any) -> Json:
    """Return a list of workflows; an empty one is ``items: null`` on the wire."""
    found = an_object(value)
    items = found.get("items") or []
    if not isinstance(found.get("metadata"), dict) or not isinstance(items, list):
        raise UnexpectedShapeError("it is no list of workflows")
    return {**found, "items": items}


def versioned(value: Any) -> Json:
    """Return what the version endpoint answers."""
    if not isinstance(an_object(value).get("version"), str):
        raise UnexpectedShapeError("it names no version")
    return an_object(value)


def event(value: Any) -> Json:
    """Return an event of a watch."""
    found = an_object(value)
    if not isinstance(found.get("type"), str) or not isinstance(found.get("object"), dict):
        raise UnexpectedShapeError("it is no event of a watch")
    return found


def log_line(value: Any) -> Json:
    """Return a line of a log; an empty one has no ``content`` on the wire."""
    return {"content": "", "podName": "", **an_object(value)}


def invalid_manifest(problem: Problem) -> type[ArgoError] | None:
    """Lint refuses a manifest with HTTP 500 and code 2, where create says 400 (seen on v4.1.2)."""
    return RequestRefusedError if (problem.status, problem.code) == (500, 2) else None


def malformed_option(problem: Problem) -> type[ArgoError] | None:
    """Submit says 500 to parameters, labels and annotations that it cannot split (seen on v4.1.2)."""
    malformed = problem.status == 500 and problem.message.startswith("expected ")
    return RequestRefusedError if malformed else None


def uid_unknown(problem: Problem) -> type[ArgoError] | None:
    """Without an archive, v4.1.2 panics where a workflow of that name has another uid."""
    panicked = problem.status == 500 and "nil pointer dereference" in problem.message
    return NotFoundError if panicked else None


def ended_already(problem: Problem) -> bool:
    """Whether a stop or terminate came after the end: HTTP 500, code 13, in all of 3.4 to 4.1.

    A workflow whose status outgrew Argo's limit answers so too, and stays Running for ever: look at the status.
    """
    return problem.status == 500 and "cannot shutdown a completed workflow" in problem.message
