"""Whether anybody still waits for a task's workflow: what Airflow says of the task instance, and what follows from it.

Airflow calls ``on_kill`` for a user who clears, marks or deletes a task, and as well for a worker that is shut down and
for a triggerer that has slept through its tasks' move to another one. Only the state of the task tells them apart.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

log = logging.getLogger(__name__)

_GOES_ON = frozenset({"running", "deferred", "queued", "scheduled", "up_for_retry", "up_for_reschedule"})
"""The states of a task that waits for its workflow elsewhere, or whose next try will."""

UNKNOWN = "unknown"


def abandoned_by_user(state: str | None) -> bool:
    """Whether a task that a worker was told to end has been given up by a user.

    :param state: None if there is no such task any more. A task that is cleared while it runs is ``restarting``.
    """
    return state not in _GOES_ON | {UNKNOWN}


def state_within(instance: Any, seconds: float) -> str | None:
    """The state of a task instance, :data:`UNKNOWN` if Airflow does not tell in time.

    Asked in a thread of its own: a signal may interrupt this one while it talks to Airflow, and there is only one line.
    """
    answers: list[str | None] = []

    def ask() -> None:
        try:
            answers.append(state_of(instance))
        except Exception as error:  # noqa: BLE001  whatever is wrong with the line to Airflow, the answer is unknown
            answers.append(UNKNOWN)
            log.warning("Airflow does not tell the state of the task: %s", error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else UNKNOWN


def state_of(instance: Any) -> str | None:
    """The state of a task instance; None if there is none."""
    from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance

    index = -1 if instance.map_index is None else instance.map_index
    states = RuntimeTaskInstance.get_task_states(
        dag_id=instance.dag_id, map_index=index, task_ids=[instance.task_id], run_ids=[instance.run_id]
    )
    found = list((states.get(instance.run_id) or {}).values())
    return str(found[0]) if found and found[0] is not None else None
