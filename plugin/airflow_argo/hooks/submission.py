"""Finds the workflow of a task attempt, or makes it: does what :mod:`airflow_argo.attachment` decides."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient
from airflow_argo.argo.errors import (
    AlreadyExistsError,
    ArgoError,
    ConflictError,
    NotFoundError,
    RequestRefusedError,
)
from airflow_argo.argo.status import is_shutting_down, phase
from airflow_argo.attachment import CLEARS_ANNOTATION, OWNER_ANNOTATION, Attempt, Decision, RetryMode, decide

MakeManifest = Callable[[str], Mapping[str, Any]]
"""Makes the manifest for a workflow's name."""

_UNFINISHED = "workflows.argoproj.io/completed!=true"

_PAUSE = 1.0
"""Seconds between two looks at a workflow that is being stopped."""

_LONGEST_END = 90.0
"""Seconds that a stopped workflow's end is waited for: its workers' half minute, and some for its exit handlers."""


class NameTakenError(ArgoError):
    """A workflow has our name and is not ours."""


def attach_or_create(
    client: ArgoClient,
    namespace: str,
    attempt: Attempt,
    make_manifest: MakeManifest,
    retry_mode: RetryMode,
    tell: Callable[[str], object],
    sleep: Callable[[float], None] = time.sleep,
    known_before: str = "",
) -> dict[str, Any]:
    """The one workflow of a task attempt, created if it is not there.

    :param make_manifest: called only when a workflow is to be created.
    :param tell: takes the line for the task log that says what was decided, and why.
    :param sleep: waits for so many seconds.
    :param known_before: the name of the workflow that an earlier try has noted down.
    :raises NameTakenError: when a workflow of this name belongs to something else.
    :raises NotFoundError: when the namespace is not there, or a template that the workflow refers to.
    """
    number, said = 1, ""
    while True:
        name = attempt.workflow_name(number)
        earlier = _find(client, namespace, name, attempt)
        decision = _decision(earlier, attempt, retry_mode, known_before == name)
        if decision.reason != said:
            said = decision.reason
            tell(f"Workflow {name}: {said}")
        if decision.action == "await_end":
            sleep(_PAUSE)
            continue
        if decision.action == "create_next":
            number += 1
            continue
        try:
            workflow = _carry_out(client, namespace, name, decision, earlier, make_manifest)
        except NotFoundError:
            if decision.action == "create":
                # What the workflow refers to is missing, or its namespace.
                raise
            # The status came from the archive, from which nothing can be retried in place.
            tell(f"Workflow {name}: it is in the archive alone: starting a new one")
            number += 1
            continue
        if workflow is not None:
            return workflow


def end_older(
    client: ArgoClient,
    namespace: str,
    attempt: Attempt,
    action: str,
    tell: Callable[[str], object],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """End what still runs of the task's earlier generations, which a user has cleared, and wait until it has ended.

    Else two workflows would do the same work: a worker that is told to end has half a minute to do so.

    :param action: stop or terminate.
    :param tell: takes a line for the task log.
    :param sleep: waits for so many seconds.
    :param clock: gives seconds that only ever grow.
    """
    until, said = clock() + _LONGEST_END, set()
    while older := _older(client, namespace, attempt):
        for name, stopped in older.items():
            if name not in said:
                said.add(name)
                tell(
                    f"Workflow {name}: the task was cleared since: {'waiting for its end' if stopped else 'ending it'}"
                )
                if not stopped:
                    client.send(api.end_workflow(action, namespace, name))
        if clock() >= until:
            tell(f"Not ended within {_LONGEST_END:g} s, which is not waited for: {', '.join(older)}")
            return
        sleep(_PAUSE)


def _older(client: ArgoClient, namespace: str, attempt: Attempt) -> dict[str, bool]:
    """What still runs of earlier generations, by name; whether it has been told to stop."""
    selector = ",".join([*(f"{key}={value}" for key, value in attempt.labels.items()), _UNFINISHED])
    fields = ("metadata.name", "metadata.annotations", "spec.shutdown")
    listed = client.send(api.list_workflows(namespace, label_selector=selector, fields=fields))
    return {
        workflow["metadata"]["name"]: is_shutting_down(workflow)
        for workflow in listed.get("items") or ()
        if attempt.supersedes(_annotation(workflow, OWNER_ANNOTATION))
    }


def _decision(
    earlier: Mapping[str, Any] | None, attempt: Attempt, retry_mode: RetryMode, known_before: bool
) -> Decision:
    if earlier is None:
        return decide(None, retry_mode, known_before=known_before)
    return decide(
        phase(earlier),
        retry_mode,
        shutting_down=is_shutting_down(earlier),
        cleared_since=_annotation(earlier, CLEARS_ANNOTATION) not in ("", str(attempt.clears)),
    )


def _find(client: ArgoClient, namespace: str, name: str, attempt: Attempt) -> dict[str, Any] | None:
    fields = (*api.STATUS_FIELDS, "metadata.annotations", "spec.shutdown")
    try:
        workflow = client.send(api.get_workflow(namespace, name, fields=fields))
    except NotFoundError:
        return None
    owner = _annotation(workflow, OWNER_ANNOTATION)
    if owner != attempt.owner:
        raise NameTakenError(
            f"The workflow {name} in namespace {namespace} belongs to {owner or 'something else'}, not to this task",
            hint="Delete or rename it.",
        )
    return workflow


def _annotation(workflow: Mapping[str, Any], name: str) -> str:
    return str((workflow["metadata"].get("annotations") or {}).get(name, ""))


def _carry_out(
    client: ArgoClient,
    namespace: str,
    name: str,
    decision: Decision,
    earlier: dict[str, Any] | None,
    make_manifest: MakeManifest,
) -> dict[str, Any] | None:
    """None where someone else was quicker, and the table has to be asked again."""
    if decision.action == "create":
        try:
            return client.send(api.create_workflow(namespace, make_manifest(name)))
        except AlreadyExistsError:
            return None
    if decision.action == "retry_failed_nodes":
        try:
            return client.send(api.retry_workflow(namespace, name))
        except (ConflictError, RequestRefusedError) as error:
            if "Cannot retry a workflow in phase" in str(error) or isinstance(error, ConflictError):
                return None
            raise
    return earlier
