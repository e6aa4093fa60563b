from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

from airflow_argo.argo.errors import (
    NotAnArgoServerError,
    NotFoundError,
    PermissionDeniedError,
    ServerError,
    ServerUnreachableError,
)
from airflow_argo.argo.waiting import Observer, Rhythm, pauses


def polled(*statuses: dict[str, Any], steps_before: int = 0) -> tuple[list[str], bool]:
    told: list[str] = []
    observer = Observer(steps_before, tell=told.append)
    ended = False
    for status in statuses:
        ended = observer.seen({"status": status})
    return told, ended


def test_progress_is_told_once() -> None:
    running = {"phase": "Running", "progress": "7/11"}
    assert polled(running, running) == (["7/11 workers done"], False)


def test_the_steps_before_are_no_workers() -> None:
    told, _ = polled({"phase": "Running", "progress": "0/1"}, {"phase": "Running", "progress": "1/12"}, steps_before=1)
    assert told == ["0/1 steps before the workers done", "0/11 workers done"]


def test_pods_of_any_workflow_are_called_so() -> None:
    told: list[str] = []
    Observer(counted="pods", tell=told.append).seen({"status": {"phase": "Running", "progress": "1/2"}})
    assert told == ["1/2 pods done"]


def test_a_pending_workflow_tells_what_it_waits_for() -> None:
    told, ended = polled({}, {"phase": "Pending", "message": "Waiting for argo/Mutex/x lock"})
    assert told == ["The workflow is about to start", "The workflow is Pending: Waiting for argo/Mutex/x lock"]
    assert not ended


def test_the_end_is_told() -> None:
    assert polled({"phase": "Failed", "progress": "3/4"}) == (["The workflow has ended: Failed"], True)


def test_trouble_is_told_once_until_there_is_an_answer() -> None:
    told: list[str] = []
    observer = Observer(tell=told.append)
    observer.unanswered(ServerUnreachableError("no answer"))
    observer.unanswered(ServerUnreachableError("no answer"))
    observer.unanswered(ServerError("500"))
    observer.seen({"status": {"phase": "Running"}})
    observer.unanswered(ServerError("500"))
    assert [line.partition(":")[0] for line in told].count("No status for the moment, asking again") == 3


def test_polls_are_frequent_at_first_and_never_rarer_than_asked_for() -> None:
    first = list(islice(pauses(5.0), 20))
    assert first[0] == 0.5
    assert first == sorted(first)
    assert first[-1] == 5.0
    assert list(islice(pauses(0.1), 3)) == [0.1, 0.1, 0.1]


def polls_within(seconds: int, *, watched: bool, woken_at: int = -1) -> list[int]:
    now = 0
    rhythm, found = Rhythm(5.0, clock=lambda: float(now)), []
    for now in range(0, seconds, 5):
        if now == woken_at:
            rhythm.wake()
        if rhythm.due(watched=watched):
            found.append(now)
    return found


def test_without_a_watch_every_look_is_a_poll() -> None:
    assert polls_within(20, watched=False) == [0, 5, 10, 15]


def test_beside_a_watch_polls_are_rare_and_the_first_comes_at_once() -> None:
    assert polls_within(130, watched=True) == [0, 60, 120]


def test_who_is_woken_polls_at_once() -> None:
    assert polls_within(60, watched=True, woken_at=25) == [0, 25]


def test_what_it_waits_for_is_told_once_until_that_changes() -> None:
    told: list[str] = []
    observer = Observer(tell=told.append)
    for waits in (["a", "b"], ["a"], ["c"], [], ["c"]):
        observer.looked(waits)
    assert told == [f"The workflow stands still: {reason}" for reason in ("a", "b", "c", "c")]


def test_a_workflow_is_gone_when_it_was_missing_twice_in_a_row() -> None:
    observer = Observer(tell=lambda _: None)
    assert not observer.unanswered(NotFoundError("404"))
    observer.seen({"status": {"phase": "Running"}})
    assert not observer.unanswered(NotFoundError("404"))
    assert observer.unanswered(NotFoundError("404"))


def test_trouble_lasts_until_there_is_an_answer() -> None:
    observer = Observer(tell=lambda _: None)
    assert not observer.in_trouble
    observer.unanswered(ServerError("500"))
    assert observer.in_trouble
    observer.seen({"status": {"phase": "Running"}})
    assert not observer.in_trouble


def test_a_proxys_page_says_nothing_about_the_workflow() -> None:
    assert not Observer(tell=lambda _: None).unanswered(NotAnArgoServerError("<html>"))


def test_what_asking_again_cannot_mend_is_raised() -> None:
    with pytest.raises(PermissionDeniedError):
        Observer(tell=lambda _: None).unanswered(PermissionDeniedError("403"))
