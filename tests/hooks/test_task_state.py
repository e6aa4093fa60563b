from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_argo.hooks.task_state import UNKNOWN, abandoned_by_user, state_within

INSTANCE: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=None)


@pytest.fixture
def airflow_says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands in for Airflow's supervisor, the outermost edge."""

    def say(answer: Any) -> None:
        def states(**_: Any) -> Any:
            return answer() if callable(answer) else {"run": answer}

        monkeypatch.setattr("airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states", states)

    return say


@pytest.mark.parametrize("state", ["failed", "success", "restarting", "removed", "skipped", None])
def test_a_user_has_ended_a_task_in_these_states(state: str | None) -> None:
    assert abandoned_by_user(state)


@pytest.mark.parametrize("state", ["running", "deferred", "up_for_retry", "queued", "scheduled", UNKNOWN])
def test_a_task_that_goes_on_elsewhere_was_ended_by_nobody(state: str) -> None:
    assert not abandoned_by_user(state)


@pytest.mark.parametrize(
    ("answer", "state"), [({"task": "failed"}, "failed"), ({"task_3": "running"}, "running"), ({}, None)]
)
def test_airflow_is_asked(airflow_says: Any, answer: dict[str, str], state: str | None) -> None:
    airflow_says(answer)
    assert state_within(INSTANCE, 5.0) == state


def test_an_airflow_that_does_not_answer_in_time_is_not_waited_for(airflow_says: Any) -> None:
    never = threading.Event()
    airflow_says(lambda: never.wait() and {})
    assert state_within(INSTANCE, 0.01) == UNKNOWN
    never.set()


def test_an_airflow_that_is_gone_tells_nothing(airflow_says: Any) -> None:
    def broken() -> Any:
        raise OSError("the line is cut")

    airflow_says(broken)
    assert state_within(INSTANCE, 5.0) == UNKNOWN
