"""What all plays of faults are made of: starting a cell's runs, waiting for what the servers say, opening gates."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import requests
from tests.chaos.cells import Cell
from tests.chaos.processes import wait_for
from tests.chaos.servers import Task, Workflow
from tests.chaos.stage import Stage

FINAL = ("success", "failed", "upstream_failed", "skipped")
PATIENCE = 200.0


@dataclass
class Played:
    """What happened in a cell, apart from what the servers still know."""

    started: float = field(default_factory=time.time)
    faulted: set[str] = field(default_factory=set)
    """The runs that the fault has met."""
    seconds_to_stop: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


class Rounds:
    """All rounds of a cell, at once."""

    def __init__(self, stage: Stage, cell: Cell) -> None:
        self.stage = stage
        self.cell = cell
        self.played = Played()

    def start(self) -> None:
        if not self.cell.fault.gated:
            self.open_gates()
        for run in self.cell.runs:
            self.stage.airflow.start(self.cell.dag_id, run)

    def open_gates(self) -> None:
        for run in self.cell.runs:
            self.stage.open_gate(self.cell, run)

    def tasks(self) -> dict[str, Task]:
        try:
            return self.stage.airflow.tasks(self.cell.dag_id)
        except requests.RequestException:
            return {}

    def workflows(self) -> list[Workflow]:
        try:
            return self.stage.argo_api.workflows(self.cell.dag_id)
        except requests.RequestException:
            return []

    def wait_waiting(self, tries: int = 1) -> None:
        """Until each run's task waits for a workflow that is running: on a worker, or in a triggerer."""

        def all_wait() -> bool:
            tasks = self.tasks().values()
            return len(tasks) == self.cell.rounds and all(self._waits(task, tries) for task in tasks)

        self._wait(f"tasks that are {self.cell.waiting_state}", all_wait)
        running: set[str] = set()

        def all_run() -> bool:
            running.update(each.run for each in self.workflows() if each.phase == "Running")
            return len(running) == self.cell.rounds

        self._wait("running workflows", all_run)

    def wait_for_state(self, *states: str) -> None:
        """Until the task of each run is in one of these states."""

        def all_there() -> bool:
            tasks = self.tasks().values()
            return len(tasks) == self.cell.rounds and all(task.state in states for task in tasks)

        self._wait(f"tasks that are {' or '.join(states)}", all_there)

    def wait_final(self) -> None:
        self.wait_for_state(*FINAL)

    def wait_runs_ended(self) -> None:
        """Until the DAG runs have ended, some moments after their tasks: a task cleared in between can get lost."""

        def all_ended() -> bool:
            states = self.stage.airflow.run_states(self.cell.dag_id)
            return len(states) == self.cell.rounds and states.count("success") + states.count("failed") == len(states)

        self._wait("ended DAG runs", all_ended)

    def wait_workflows_ended(self, seconds: float = 60, only: Collection[str] | None = None) -> None:
        """Until no workflow of the cell runs, or none of some; those that still do are for the judge."""

        def all_ended() -> bool:
            return all(each.has_ended for each in self.workflows() if only is None or each.name in only)

        try:
            wait_for("ended workflows", seconds, all_ended)
        except TimeoutError as error:
            self.played.notes.append(str(error))

    def _waits(self, task: Task, tries: int) -> bool:
        return (
            task.state == self.cell.waiting_state
            and task.tries >= tries
            and (task.state != "deferred" or task.triggerer is not None)
        )

    def _wait(self, what: str, found: Callable[[], bool]) -> None:
        try:
            wait_for(what, PATIENCE, found, pause=1.0)
        except TimeoutError as error:
            self.played.notes.append(str(error))


class StopWatch:
    """Notes when each workflow is seen to be told to stop."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds
        self._seen: dict[str, float] = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> StopWatch:
        self._thread.start()
        return self

    def __exit__(self, *_how: object) -> None:
        self._done.set()
        self._thread.join()

    def wait(self, since: dict[str, float], seconds: float = 60) -> None:
        """Until one workflow of each run has been told; how long after ``since`` it was goes to the record."""
        try:
            wait_for("stopped workflows", seconds, lambda: set(since) <= set(self._seen), pause=0.2)
        except TimeoutError as error:
            self._rounds.played.notes.append(str(error))
        for run, start in since.items():
            if run in self._seen:
                self._rounds.played.seconds_to_stop[run] = max(0.0, self._seen[run] - start)

    def _look(self) -> None:
        while not self._done.wait(0.2):
            for workflow in self._rounds.workflows():
                if workflow.shutdown:
                    self._seen.setdefault(workflow.run, time.time())
