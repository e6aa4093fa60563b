"""What a viewer may do to a workflow, and when that makes sense."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from airflow_argo.argo.errors import ArgoError
from airflow_argo.argo.status import FAILED_PHASES, Workflow, is_archived_record, is_finished, is_shutting_down, phase

Action: TypeAlias = Literal["retry", "stop"]
ACTIONS: tuple[Action, ...] = get_args(Action)

OWN_HEADER = "x-argo-tab"
"""The page sends it, as ``1``, with whatever changes anything; no foreign page can."""


class ActionRefusedError(ArgoError):
    """An action that does not fit what the workflow is at."""


def actions_for(workflow: Workflow) -> list[Action]:
    """The actions that make sense now."""
    if is_archived_record(workflow):
        return []
    if phase(workflow) in FAILED_PHASES:
        return ["retry"]
    if is_finished(workflow) or is_shutting_down(workflow):
        return []
    return ["stop"]


def told(action: Action, workflow: Workflow, failed: int) -> str:
    """What is done, in words.

    :param failed: how many workers have failed.
    :raises ActionRefusedError: when the workflow is not in a state for it.
    """
    if is_archived_record(workflow):
        hint = "Clear the task in Airflow: it then makes a new workflow."
        raise ActionRefusedError("The workflow has been deleted, only its record is in Argo's archive", hint=hint)
    if action not in actions_for(workflow):
        now = phase(workflow) or "not started yet"
        raise ActionRefusedError(f"The workflow is {now}: there is nothing to {action}", hint="Look at it again.")
    if action == "stop":
        return "Stopping the workflow; exit handlers still run"
    if not failed:
        return "Retrying what failed"
    return f"Retrying {failed} failed {'worker' if failed == 1 else 'workers'}"
