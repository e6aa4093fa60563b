from __future__ import annotations

import random
from typing import Any

import pytest

from airflow_argo.argo.stalls import Looks, waits_for


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def looks_within(seconds: int, moved_at: int = -1) -> list[int]:
    clock = Clock()
    looks, found = Looks(clock), []
    for second in range(0, seconds, 5):
        clock.now = float(second)
        if second == moved_at:
            looks.moved()
        if looks.due():
            found.append(second)
    return found


def test_the_first_look_comes_after_a_minute_and_the_others_ever_more_rarely() -> None:
    assert looks_within(4000) == [60, 180, 420, 900, 1800, 2700, 3600]


def test_progress_puts_it_off() -> None:
    assert looks_within(400, moved_at=50) == [110, 230]


def workflow(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"status": {"nodes": {str(index): node for index, node in enumerate(nodes)}}}


def test_pods_without_a_place_tell_why_once_for_all() -> None:
    pending = {"type": "Pod", "phase": "Pending", "message": "Unschedulable: 0/3 nodes are available."}
    assert waits_for(workflow(pending, pending, {"type": "DAG", "phase": "Running"})) == [
        "2 of 3 nodes wait: Unschedulable: 0/3 nodes are available."
    ]


def test_a_lock_and_a_person_can_be_waited_for() -> None:
    lock = {"type": "Pod", "phase": "Pending", "message": "Waiting for argo/Mutex/x lock. Lock status: 0/1"}
    person = {"type": "Suspend", "phase": "Running", "displayName": "approve"}
    assert waits_for(workflow(lock, person)) == [
        "1 of 2 nodes wait: Waiting for argo/Mutex/x lock. Lock status: 0/1",
        "1 of 2 nodes wait: 'approve' for somebody to resume it",
    ]


def test_pods_that_run_wait_for_nothing() -> None:
    assert waits_for(workflow({"type": "Pod", "phase": "Running"}, {"type": "Pod", "phase": "Succeeded"})) == []


@pytest.mark.parametrize(("compresses", "told"), [(True, False), (False, True)])
def test_a_status_that_may_outgrow_what_argo_keeps_is_told(compresses: bool, told: bool) -> None:
    dice = random.Random(1)
    text = "a" * 2_000_000 if compresses else "".join(dice.choices("0123456789abcdef", k=2_000_000))
    lines = waits_for(workflow({"type": "Pod", "phase": "Running", "outputs": {"result": text}}))
    assert any("1 MiB" in line for line in lines) == told
