"""Counts what went wrong, by what can be seen from outside: the servers' records, and what the workers wrote down."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

from tests.chaos.airflow_tries import lost_tries
from tests.chaos.cells import ITEMS, Cell, expected_results
from tests.chaos.rounds import Rounds
from tests.chaos.servers import Task, Workflow

_STREAM_FAULTS = ("cut_streams", "stalled_stream", "garbage_stream")


@dataclass
class Verdict:
    """What came of a cell; all counts of what is wrong have to be 0.

    :param met: the rounds in which the fault has happened.
    :param missed: those in which it has not.
    :param airflows: tries that Airflow took from tasks by itself; nobody is to blame for them here.
    """

    fault: str
    mode: str
    rounds: int
    met: int
    duplicates: int = 0
    orphans: int = 0
    lost: int = 0
    wrong: int = 0
    missed: int = 0
    airflows: int = 0
    seconds: float = 0.0
    stop_median: float | None = None
    stop_max: float | None = None
    evidence: list[str] = field(default_factory=list)

    @property
    def failures(self) -> int:
        return self.duplicates + self.orphans + self.lost + self.wrong + self.missed

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def judge(rounds: Rounds, seconds: float) -> Verdict:
    """Look at everything that a cell has left behind."""
    cell, played = rounds.cell, rounds.played
    verdict = Verdict(cell.fault.name, cell.mode, cell.rounds, met=len(_met(rounds)), seconds=round(seconds, 1))
    verdict.evidence += played.notes
    workflows, tasks = rounds.workflows(), rounds.tasks()
    ledger, lost = ledger_of(rounds), lost_tries(rounds.stage, cell)
    for run in cell.runs:
        mine = [workflow for workflow in workflows if workflow.run == run]
        _judge_workflows(verdict, rounds, run, mine)
        _judge_work(verdict, cell, run, mine, ledger)
        _judge_task(verdict, cell, run, tasks.get(run), lost[run])
        if cell.has_result:
            _judge_result(verdict, run, rounds.stage.airflow.result(cell.dag_id, run))
    _judge_fault(verdict, cell)
    if played.seconds_to_stop:
        times = played.seconds_to_stop.values()
        verdict.stop_median, verdict.stop_max = round(median(times), 1), round(max(times), 1)
    return verdict


def ledger_of(rounds: Rounds) -> Counter[tuple[str, str, str]]:
    """How often each run's, workflow's item was worked on to its end."""
    lines = rounds.stage.ledger.read_text(encoding="utf-8").splitlines()
    parts = [line.split() for line in lines]
    return Counter((run, workflow, item) for dag, run, workflow, item in parts if dag == rounds.cell.dag_id)


def _judge_workflows(verdict: Verdict, rounds: Rounds, run: str, mine: list[Workflow]) -> None:
    told = ", ".join(f"{each.name} {each.phase or 'no phase'}{each.shutdown and ' told to stop'}" for each in mine)
    expected = rounds.cell.fault.workflows
    if len(mine) > expected:
        verdict.duplicates += len(mine) - expected
        verdict.evidence.append(f"{run}: {len(mine)} workflows, not {expected}: {told}")
    if len(mine) < expected:
        verdict.wrong += 1
        verdict.evidence.append(f"{run}: {len(mine)} workflows, not {expected}: {told or 'none'}")
    running = [each for each in mine if not each.has_ended]
    if running:
        verdict.orphans += len(running)
        verdict.evidence.append(f"{run}: still running: {told}")
    _judge_stopping(verdict, rounds, run, mine, told)


def _judge_stopping(verdict: Verdict, rounds: Rounds, run: str, mine: list[Workflow], told: str) -> None:
    """A user's action stops the first workflow where it ran; nothing else stops one."""
    stops = rounds.cell.fault.stops
    for number, workflow in enumerate(mine):
        was_told = workflow.shutdown or (number == 0 and run in rounds.played.seconds_to_stop)
        if stops and number == 0 and not was_told:
            verdict.orphans += workflow.has_ended
            verdict.evidence.append(f"{run}: the first workflow was not told to stop: {told}")
        if workflow.shutdown and not (stops and number == 0):
            verdict.wrong += 1
            verdict.evidence.append(f"{run}: told to stop without a reason: {told}")


def _judge_work(
    verdict: Verdict, cell: Cell, run: str, mine: list[Workflow], ledger: Counter[tuple[str, str, str]]
) -> None:
    """By the workers' own record: no item twice, and where the task succeeds none left out."""
    for workflow in mine:
        times = [ledger[run, workflow.name, str(item)] for item in range(ITEMS)]
        if cell.fault.once and max(times) > 1:
            verdict.duplicates += sum(count - 1 for count in times if count > 1)
            verdict.evidence.append(f"{run}: {workflow.name} did its items {times} times")
    done = [sum(ledger[run, workflow.name, str(item)] for workflow in mine) for item in range(ITEMS)]
    whole_again = cell.fault.name == "clear_success"
    if cell.fault.once and max(done, default=0) > 1 + whole_again:
        verdict.duplicates += sum(count - 1 for count in done if count > 1)
        verdict.evidence.append(f"{run}: its items were done {done} times by {len(mine)} workflows")
    if cell.has_result and min(done) < 1:
        verdict.lost += 1
        verdict.evidence.append(f"{run}: its items were done {done} times")


def _judge_task(verdict: Verdict, cell: Cell, run: str, task: Task | None, lost: int) -> None:
    if cell.fault.state == "gone":
        right = task is None
    else:
        most = max(cell.fault.tries)
        verdict.airflows += max(0, min(task.tries - most, lost)) if task else 0
        right = (
            task is not None and task.state == cell.fault.state and min(cell.fault.tries) <= task.tries <= most + lost
        )
    if not right:
        verdict.wrong += 1
        told = f"{task.state} at try {task.tries}" if task else "gone"
        wanted = " or ".join(str(each) for each in cell.fault.tries)
        verdict.evidence.append(f"{run}: the task is {told}, not {cell.fault.state} at try {wanted}")


def _judge_result(verdict: Verdict, run: str, result: Any) -> None:
    if result != expected_results():
        verdict.lost += 1
        verdict.evidence.append(f"{run}: return_value is {result!r}")


def _met(rounds: Rounds) -> set[str]:
    """The rounds that the fault has happened in."""
    cell = rounds.cell
    if cell.fault.kind != "request":
        return rounds.played.faulted
    happened = rounds.stage.proxy.happened
    # A stream that tasks share belongs to no run.
    of_all = cell.fault.name in _STREAM_FAULTS and happened[cell.dag_id, ""]["fault"] > 0
    return {run for run in cell.runs if of_all or happened[cell.dag_id, run]["fault"]}


def _judge_fault(verdict: Verdict, cell: Cell) -> None:
    """A round in which nothing happened proves nothing; but nothing happens to streams that nobody opens."""
    if cell.fault.name in _STREAM_FAULTS and verdict.met == 0:
        verdict.evidence.append("no stream was opened")
    elif verdict.met < verdict.rounds:
        verdict.missed = verdict.rounds - verdict.met
        verdict.evidence.append(f"the fault met {verdict.met} of {verdict.rounds} rounds")
