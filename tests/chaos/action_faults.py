"""What a user does to a task, over Airflow's REST API."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from tests.chaos.rounds import Rounds, StopWatch


def clear_waiting(rounds: Rounds) -> None:
    """The old workflow is stopped, a new one gives the result."""
    rounds.start()
    rounds.wait_waiting()
    cleared = {each.name for each in rounds.workflows()}
    act(rounds, lambda run: rounds.stage.airflow.clear(rounds.cell.dag_id, run))
    # A worker that is told to end has some time to do so, in which an open gate would let it pass.
    rounds.wait_workflows_ended(only=cleared)
    rounds.open_gates()
    rounds.wait_final()


def clear_success(rounds: Rounds) -> None:
    """The task runs again, from the beginning."""
    rounds.start()
    rounds.wait_runs_ended()
    _clear_all(rounds)
    rounds.wait_final()


def clear_failure(rounds: Rounds) -> None:
    """The workers fail, are mended, and the task is cleared."""
    for run in rounds.cell.runs:
        rounds.stage.failing(rounds.cell, run).touch()
    rounds.start()
    rounds.wait_runs_ended()
    for run in rounds.cell.runs:
        rounds.stage.failing(rounds.cell, run).unlink()
    rounds.open_gates()
    _clear_all(rounds)
    rounds.wait_final()


def mark_failed(rounds: Rounds) -> None:
    """The workflow is stopped."""
    rounds.start()
    rounds.wait_waiting()
    act(rounds, lambda run: rounds.stage.airflow.mark(rounds.cell.dag_id, run, "failed"))


def mark_success(rounds: Rounds) -> None:
    """The workflow is stopped."""
    rounds.start()
    rounds.wait_waiting()
    act(rounds, lambda run: rounds.stage.airflow.mark(rounds.cell.dag_id, run, "success"))


def delete_run(rounds: Rounds) -> None:
    """The run is failed and deleted at once; the workflow is stopped."""
    rounds.start()
    rounds.wait_waiting()
    act(rounds, lambda run: rounds.stage.airflow.delete_run(rounds.cell.dag_id, run))


def timeout(rounds: Rounds) -> None:
    """The workers take longer than the task's execution_timeout; the workflow is stopped when that is over."""
    rounds.start()
    with StopWatch(rounds) as watch:
        rounds.wait_waiting()
        limit = rounds.cell.fault.timeout or 0.0
        due = {run: _epoch(task.start) + limit for run, task in rounds.tasks().items()}
        watch.wait(due, seconds=limit + 60)
    rounds.played.faulted.update(due)
    rounds.wait_final()


def act(rounds: Rounds, action: Callable[[str], None]) -> None:
    """Do it to each run, and see how long it takes until the workflow is told to stop."""
    since: dict[str, float] = {}
    with StopWatch(rounds) as watch:
        for run in rounds.cell.runs:
            action(run)
            since[run] = time.time()
            rounds.played.faulted.add(run)
        watch.wait(since)


def _clear_all(rounds: Rounds) -> None:
    for run in rounds.cell.runs:
        rounds.stage.airflow.clear(rounds.cell.dag_id, run)
        rounds.played.faulted.add(run)


def _epoch(text: str | None) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else time.time()


ACTIONS: dict[str, Callable[[Rounds], None]] = {
    play.__name__: play
    for play in (clear_waiting, clear_success, clear_failure, mark_failed, mark_success, delete_run, timeout)
}
