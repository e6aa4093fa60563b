"""Plays every cell: those that disturb nobody else side by side, the others one after the other."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from tests.chaos.action_faults import ACTIONS
from tests.chaos.cells import Cell
from tests.chaos.judge import Verdict, judge
from tests.chaos.process_faults import PLAYS
from tests.chaos.rounds import Rounds
from tests.chaos.stage import Stage

Tell = Callable[[str], None]


def play_all(stage: Stage, cells: Sequence[Cell], at_once: int, tell: Tell) -> list[Verdict]:
    """Play, and judge."""
    alone = [cell for cell in cells if cell.fault.kind != "process"]
    together = [cell for cell in cells if cell.fault.kind == "process"]
    verdicts: list[Verdict] = []
    with ThreadPoolExecutor(at_once) as pool:
        for found in pool.map(lambda cell: _play_one(stage, [cell], tell), alone):
            verdicts += found
    for _, group in groupby(together, key=lambda cell: cell.fault.name):
        verdicts += _play_one(stage, list(group), tell)
    return verdicts


def _play_one(stage: Stage, cells: Sequence[Cell], tell: Tell) -> list[Verdict]:
    began = time.monotonic()
    every = [Rounds(stage, cell) for cell in cells]
    try:
        _play(every)
    except Exception as error:  # noqa: BLE001  whatever it is, the other faults are still to be tried
        every[0].played.notes.append(f"the play broke off: {error!r}")
        traceback.print_exc()
    for rounds in every:
        rounds.wait_workflows_ended()
    verdicts = [judge(rounds, time.monotonic() - began) for rounds in every]
    for rounds, verdict in zip(every, verdicts, strict=True):
        _clean_up(rounds)
        tell(f"{rounds.cell.dag_id}: {_summary(verdict)} ({verdict.seconds:.0f} s)")
    return verdicts


def _play(every: Sequence[Rounds]) -> None:
    fault = every[0].cell.fault
    if fault.kind == "process":
        PLAYS[fault.name](every)
    elif fault.kind == "action":
        ACTIONS[fault.name](every[0])
    else:
        every[0].start()
        every[0].wait_final()


def _clean_up(rounds: Rounds) -> None:
    """What has been judged is not to stand in the way of others."""
    rounds.open_gates()
    for workflow in rounds.workflows():
        if not workflow.has_ended:
            rounds.stage.argo_api.terminate(workflow.name)


def _summary(verdict: Verdict) -> str:
    if not verdict.failures:
        return f"{verdict.rounds} rounds, all well"
    counts = {name: getattr(verdict, name) for name in ("duplicates", "orphans", "lost", "wrong", "missed")}
    return ", ".join(f"{name} {count}" for name, count in counts.items() if count)
