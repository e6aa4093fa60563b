"""A task instance's attempt: what Airflow says of it, and what is noted down for the tries that follow."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_argo.attachment import Attempt

if TYPE_CHECKING:
    from datetime import timedelta

    from airflow.sdk import Context

_NOTE = "argo_workflow"
_GRACE = 60
"""Seconds that the cluster lets a workflow run longer than Airflow does, so that where both live Airflow ends it."""


def attempt_of(context: Context) -> Attempt:
    """The attempt that a task's context is about."""
    instance = context["ti"]
    return Attempt(
        dag_id=instance.dag_id,
        run_id=instance.run_id,
        task_id=instance.task_id,
        map_index=instance.map_index if instance.map_index is not None else -1,
        generation=instance.max_tries,
        clears=getattr(context["dag_run"], "clear_number", 0),
    )


def known_before(context: Context) -> str:
    """The name of the workflow that an earlier try of the task noted down, empty if none did."""
    noted = context["task_state_store"].get(_NOTE)
    return str(noted.get("name", "")) if isinstance(noted, Mapping) else ""


def note(context: Context, workflow: Mapping[str, Any]) -> None:
    """Note down which workflow this try has, for the tries that follow; Airflow keeps it until the run is deleted."""
    metadata = workflow["metadata"]
    context["task_state_store"].set(_NOTE, {"name": metadata["name"], "uid": metadata.get("uid")})


def deadline(context: Context, timeout: timedelta | None) -> float | None:
    """When the task's execution_timeout is over, in seconds since the epoch."""
    start: Any = context["ti"].start_date
    return (start + timeout).timestamp() if timeout is not None and start is not None else None


def clusters_limit(timeout: timedelta | None) -> int | None:
    """How many seconds the cluster is to let the workflow run, should Airflow be gone then."""
    return None if timeout is None else math.ceil(timeout.total_seconds()) + _GRACE
