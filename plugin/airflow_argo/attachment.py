"""Which workflow belongs to a task attempt: one decision table, without any I/O.

The workflow's name is computed, so that a crash between *created* and *noted down* cannot make a second one: creating
it again is refused by the server, and the refusal leads to the one that is there.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from airflow_argo.argo.labels import label_value
from airflow_argo.argo.status import FINAL_PHASES, SUCCEEDED

RetryMode: TypeAlias = Literal["failed_nodes", "fresh"]
Action: TypeAlias = Literal["create", "attach", "await_end", "collect", "retry_failed_nodes", "create_next"]

RETRY_MODES: tuple[RetryMode, ...] = ("failed_nodes", "fresh")

OWNER_ANNOTATION = "airflow-argo/owner"
"""Holds :meth:`Attempt.owner`, by which a workflow of our name is known to be ours."""

CLEARS_ANNOTATION = "airflow-argo/clear-number"
"""Holds :attr:`Attempt.clears` as it was when the workflow was created."""

_HASH_LENGTH = 12
_NAME_LENGTH = 52
"""Below Argo's 63 characters, so that what Argo derives from a name still fits into labels."""


@dataclass(frozen=True)
class Attempt:
    """The attempts of a task instance that share one workflow.

    :param generation: ``ti.max_tries``: it grows when a user clears a finished or deferred task and stays when a retry
        follows a crash (seen on Airflow 3.3.2), so a cleared task starts anew and a retry finds the workflow of the try
        before. A task that is cleared while a worker runs it keeps it.
    :param clears: ``dag_run.clear_number``: how often tasks of the run, any of them, have been cleared. No part of what
        the attempt is, but it tells a task that was cleared while a worker ran it from one that is retried.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    generation: int
    clears: int = 0

    @property
    def owner(self) -> str:
        """All of it as one text, which no other attempt has."""
        return json.dumps([self.dag_id, self.run_id, self.task_id, self.map_index, self.generation])

    @property
    def labels(self) -> dict[str, str]:
        """Labels by which a DAG's, a run's or a task's workflows are found in Argo."""
        parts = {"dag_id": self.dag_id, "run_id": self.run_id, "task_id": self.task_id}
        return {f"airflow-argo/{key}": label_value(value) for key, value in parts.items()}

    @property
    def annotations(self) -> dict[str, str]:
        """Annotations by which a later try knows the workflow."""
        return {OWNER_ANNOTATION: self.owner, CLEARS_ANNOTATION: str(self.clears)}

    def supersedes(self, owner: str) -> bool:
        """Whether this is a later generation of the attempts that an owner's text is about."""
        try:
            *task, generation = json.loads(owner)
        except (ValueError, TypeError):
            return False
        mine = [self.dag_id, self.run_id, self.task_id, self.map_index]
        return task == mine and isinstance(generation, int) and generation < self.generation

    def workflow_name(self, number: int = 1) -> str:
        """The name of the workflow, the same whenever and wherever it is computed.

        :param number: 1, or with ``retry_mode="fresh"`` the number of the run anew.
        """
        digest = hashlib.sha256(self.owner.encode()).hexdigest()[:_HASH_LENGTH]
        suffix = digest if number == 1 else f"{digest}-{number}"
        readable = re.sub(r"[^a-z0-9]+", "-", f"{self.dag_id}-{self.task_id}".lower())
        return f"{readable[: _NAME_LENGTH - len(suffix) - 1].strip('-') or 'airflow'}-{suffix}"


@dataclass(frozen=True)
class Decision:
    """What to do, and why, in words for the task log."""

    action: Action
    reason: str


def decide(
    phase: str | None,
    retry_mode: RetryMode,
    *,
    shutting_down: bool = False,
    cleared_since: bool = False,
    known_before: bool = False,
) -> Decision:
    """The decision table.

    :param phase: of the earlier workflow of this generation; None if the server has none, empty if it has no status.
    :param shutting_down: whether it was told to stop, as the end of the try before may have done.
    :param cleared_since: whether tasks of the run were cleared since it was created.
    :param known_before: whether an earlier try noted down that there was one.
    """
    if phase is None and known_before:
        return Decision("create", "the workflow of an earlier try is gone (deleted and not archived): creating it anew")
    if phase is None:
        return Decision("create", "creating it, for this task attempt has none yet")
    if shutting_down and cleared_since:
        return Decision("create_next", "the task was cleared while it ran, which stopped the workflow: starting anew")
    if phase == SUCCEEDED:
        return Decision("collect", "the workflow of an earlier try has succeeded: collecting its results")
    if phase not in FINAL_PHASES and shutting_down:
        return Decision(
            "await_end", "the workflow of an earlier try is being stopped: waiting for its end, to go on then"
        )
    if phase not in FINAL_PHASES:
        return Decision("attach", f"the workflow of an earlier try is {phase or 'about to start'}: waiting for it")
    if retry_mode == "fresh":
        return Decision("create_next", f"the workflow of an earlier try is {phase} and retry_mode is 'fresh'")
    return Decision(
        "retry_failed_nodes", f"the workflow of an earlier try is {phase}: running its failed nodes again, no others"
    )
