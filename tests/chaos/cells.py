"""What is tried: a cell is one fault in one mode, with as many rounds, each of them a DAG run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Mode = Literal["sync", "deferrable"]
MODES: tuple[Mode, ...] = ("sync", "deferrable")

ITEMS = 3
"""Workers of each workflow."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong, and what must come of it in each round.

    :param kind: what plays it: ``request`` (the proxy, alone), ``action`` (a user), ``process`` (all of Airflow, or the
        Argo Server, so that nothing else can be tried meanwhile).
    :param tries: how many tries the task may take.
    :param workflows: how many workflows the round may leave behind, in all.
    :param gated: whether the workers wait until they are told to go on.
    :param stops: whether the first workflow of a round has to be told to stop, within seconds.
    :param once: whether no item's work may be done twice, even by the same workflow.
    """

    name: str
    kind: Literal["request", "action", "process"]
    state: str = "success"
    tries: tuple[int, ...] = (1,)
    workflows: int = 1
    gated: bool = False
    stops: bool = False
    once: bool = True
    seconds: float = 2.0
    modes: tuple[Mode, ...] = MODES
    direct: bool = False
    retries: int = 3
    timeout: float | None = None


FAULTS = (
    Fault("kill_before_create", "request", tries=(2,)),
    Fault("kill_after_create", "request", tries=(2,)),
    Fault("kill_waiting", "request", tries=(2,), seconds=8),
    Fault("kill_collecting", "request", tries=(2,), seconds=8),
    Fault("cut_streams", "request", seconds=15),
    Fault("cut_answers", "request", seconds=15),
    Fault("too_many_requests", "request", seconds=15),
    Fault("error_500", "request", seconds=15),
    Fault("error_502_html", "request", seconds=15),
    Fault("hang", "request", seconds=15),
    Fault("stalled_stream", "request", seconds=15),
    Fault("garbage_stream", "request", seconds=15),
    Fault("clear_waiting", "action", stops=True, tries=(2,), workflows=2, gated=True),
    Fault("clear_success", "action", tries=(2,), workflows=2, once=False),
    Fault("clear_failure", "action", tries=(2,), workflows=2, gated=True, retries=0),
    Fault("mark_failed", "action", stops=True, state="failed", gated=True),
    Fault("mark_success", "action", stops=True, state="success", gated=True),
    Fault("delete_run", "action", stops=True, state="gone", gated=True),
    Fault("timeout", "action", stops=True, state="failed", gated=True, retries=0, timeout=25),
    Fault("triggerer_kill", "process", gated=True, modes=("deferrable",)),
    Fault("triggerer_restart", "process", gated=True, modes=("deferrable",)),
    Fault("triggerer_stall", "process", gated=True, modes=("deferrable",)),
    Fault("mark_failed_cold", "process", stops=True, state="failed", gated=True, modes=("deferrable",)),
    Fault("argo_kill", "process", gated=True, direct=True, once=False),
    Fault("argo_away", "process", gated=True, direct=True, once=False),
    Fault("worker_restart", "process", tries=(1, 2), gated=True),
)


@dataclass(frozen=True)
class Cell:
    """One fault in one mode."""

    fault: Fault
    mode: Mode
    rounds: int

    @property
    def dag_id(self) -> str:
        return f"{self.fault.name}_{self.mode}"

    @property
    def conn_id(self) -> str:
        return f"chaos_{self.dag_id}"

    @property
    def runs(self) -> list[str]:
        return [f"r{number:02}" for number in range(self.rounds)]

    @property
    def has_result(self) -> bool:
        """Whether the task ends with the results of all workers."""
        return self.fault.state == "success" and self.fault.name != "mark_success"

    def supervisor_is_killed(self, run: str) -> bool:
        """Whether what supervises the task dies with it, as when a machine is lost."""
        return self.fault.name.startswith("kill_") and run[-1] in "13579"

    @property
    def waiting_state(self) -> str:
        return "running" if self.mode == "sync" else "deferred"

    def for_dag(self) -> dict[str, Any]:
        """What the DAG file needs."""
        return {**asdict(self.fault), "mode": self.mode, "conn_id": self.conn_id, "items": ITEMS}


def cells(rounds: int, only: Iterable[str]) -> list[Cell]:
    """Every cell, or those whose fault or DAG begins with one of the names."""
    prefixes = tuple(only)
    every = [Cell(fault, mode, rounds) for fault in FAULTS for mode in fault.modes]
    return [cell for cell in every if not prefixes or cell.dag_id.startswith(prefixes)]


def expected_results() -> list[dict[str, int]]:
    """What the workers of a round give together."""
    return [{"item": item, "square": item * item} for item in range(ITEMS)]
