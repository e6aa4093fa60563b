"""What happens to Airflow's own processes and to the Argo Server, while tasks of both modes wait."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from functools import partial

from tests.chaos.action_faults import act
from tests.chaos.processes import wait_for
from tests.chaos.rounds import PATIENCE, Rounds

Play = Callable[[Sequence[Rounds]], None]

_AWAY_SECONDS = 60.0
_GRACE_SECONDS = 20.0
_STALL_SECONDS = 25.0
"""Twice as long as a triggerer may be silent, so that another one takes over."""
_WAKING_SECONDS = 15.0


def _play(every: Sequence[Rounds], disturb: Callable[[Sequence[Rounds]], None]) -> None:
    for rounds in every:
        rounds.start()
    for rounds in every:
        rounds.wait_waiting()
    disturb(every)
    for rounds in every:
        rounds.played.faulted.update(rounds.cell.runs)
        rounds.open_gates()
    for rounds in every:
        rounds.wait_final()


def _triggerer_kill(every: Sequence[Rounds]) -> None:
    """All of them, as when a machine is lost."""
    before = _triggerers(every)
    for part in every[0].stage.triggerers:
        part.kill()
    time.sleep(3)
    for part in every[0].stage.triggerers:
        part.start()
    _wait_for_other_triggerers(every, before)


def _triggerer_restart(every: Sequence[Rounds]) -> None:
    before = _triggerers(every)
    for part in every[0].stage.triggerers:
        part.terminate_group(_GRACE_SECONDS)
        part.start()
    _wait_for_other_triggerers(every, before)


def _triggerer_stall(every: Sequence[Rounds]) -> None:
    """The first stands still until the second has taken over what it had, and wakes again; then the other way round."""
    taken_over: set[str] = set()
    for part in every[0].stage.triggerers:
        before = _triggerers_of_runs(every)
        part.signal_all(signal.SIGSTOP)
        try:
            time.sleep(_STALL_SECONDS)
            after = _triggerers_of_runs(every)
        finally:
            part.signal_all(signal.SIGCONT)
        taken_over.update(run for run in before if before[run] != after.get(run))
        # What a triggerer does when it wakes is done within some seconds.
        time.sleep(_WAKING_SECONDS)
    every[0].played.notes.append(f"{len(taken_over)} of {len(before)} triggers were taken over")


def _argo_kill(every: Sequence[Rounds]) -> None:
    every[0].stage.argo.kill()
    every[0].stage.start_argo()


def _argo_away(every: Sequence[Rounds]) -> None:
    every[0].stage.argo.kill_alone()
    time.sleep(_AWAY_SECONDS)
    every[0].stage.start_argo()


def _worker_restart(every: Sequence[Rounds]) -> None:
    """The scheduler of a LocalExecutor has the workers as children."""
    stage = every[0].stage
    stage.scheduler.terminate_group(_GRACE_SECONDS)
    stage.scheduler.start()
    time.sleep(10)


def _triggerers_of_runs(every: Sequence[Rounds]) -> dict[str, int | None]:
    return {f"{rounds.cell.dag_id}.{run}": task.triggerer for rounds in every for run, task in rounds.tasks().items()}


def _triggerers(every: Sequence[Rounds]) -> set[int | None]:
    return set(_triggerers_of_runs(every).values())


def _wait_for_other_triggerers(every: Sequence[Rounds], before: set[int | None]) -> None:
    _wait_for(every, "triggers in a new triggerer", lambda: not _triggerers(every) & {*before, None})


def _wait_for(every: Sequence[Rounds], what: str, found: Callable[[], bool]) -> None:
    try:
        wait_for(what, PATIENCE / 4, found, pause=1.0)
    except TimeoutError as error:
        every[0].played.notes.append(str(error))


def _played(disturb: Callable[[Sequence[Rounds]], None]) -> Play:
    return lambda every: _play(every, disturb)


def _mark_failed_cold(every: Sequence[Rounds]) -> None:
    """A user fails tasks just when new triggerers have taken them over."""
    for rounds in every:
        rounds.start()
        rounds.wait_waiting()
    _triggerer_kill(every)
    for rounds in every:
        act(rounds, partial(rounds.stage.airflow.mark, rounds.cell.dag_id, state="failed"))


PLAYS: dict[str, Play] = {
    "triggerer_kill": _played(_triggerer_kill),
    "triggerer_restart": _played(_triggerer_restart),
    "triggerer_stall": _played(_triggerer_stall),
    "mark_failed_cold": _mark_failed_cold,
    "argo_kill": _played(_argo_kill),
    "argo_away": _played(_argo_away),
    "worker_restart": _played(_worker_restart),
}
