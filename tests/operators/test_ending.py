from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from airflow_argo.argo.address import ServerAddress
from airflow_argo.operators.ending import Ending

INSTANCE: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1, try_number=1, max_tries=2)
LAST_TRY: Any = SimpleNamespace(**{**vars(INSTANCE), "try_number": 3})
WITHOUT_RETRIES: Any = SimpleNamespace(**{**vars(INSTANCE), "max_tries": 0})


@pytest.fixture
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Stands in for Airflow's supervisor, the outermost edge."""

    def say(state: Any) -> None:
        def states(**_: Any) -> Any:
            return {"run": {"task": state() if callable(state) else state}}

        monkeypatch.setattr("airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states", states)

    return say


class Workflow:
    """A workflow that waits, on the embedded server."""

    def __init__(self, url: str) -> None:
        self.address = ServerAddress(url)
        self._all = f"{url}/api/v1/workflows/argo"
        manifest = {
            "metadata": {"generateName": "ending-"},
            "spec": {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]},
        }
        answer = requests.post(self._all, json={"workflow": manifest}, timeout=10)
        self.name = answer.json()["metadata"]["name"]

    @property
    def shutdown(self) -> str | None:
        spec = requests.get(f"{self._all}/{self.name}", timeout=10).json()["spec"]
        return spec.get("shutdown")  # type: ignore[no-any-return]

    def delete(self) -> None:
        requests.delete(f"{self._all}/{self.name}", timeout=10)


@pytest.fixture
def workflow(argo_url: str) -> Iterator[Workflow]:
    made = Workflow(argo_url)
    yield made
    made.delete()


def ending_of(workflow: Workflow | None, action: str = "stop", instance: Any = INSTANCE) -> Ending:
    made = Ending(instance, action, logging.getLogger(__name__))
    if workflow is not None:
        made.concerns(workflow.address, "argo", workflow.name)
    return made


@pytest.mark.parametrize(
    ("state", "action", "shutdown"),
    [
        ("failed", "stop", "Stop"),
        ("restarting", "terminate", "Terminate"),
        ("failed", "leave", None),
        ("running", "stop", None),
        ("up_for_retry", "stop", None),
    ],
)
def test_the_workflow_ends_with_a_task_that_a_user_ended(
    workflow: Workflow, says: Any, state: str, action: str, shutdown: str | None
) -> None:
    says(state)
    ending_of(workflow, action).asked_for()
    assert workflow.shutdown == shutdown


def test_a_task_whose_time_is_over_needs_no_reason(workflow: Workflow, says: Any) -> None:
    says("running")
    ending = ending_of(workflow)
    ending.is_due()
    ending.asked_for()
    assert workflow.shutdown == "Stop"


def test_what_airflow_did_not_tell_in_time_is_asked_again(
    workflow: Workflow, says: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_argo.operators.ending._SECONDS_TO_ASK", 0.01)
    busy = threading.Event()
    says(lambda: busy.wait() and "failed")
    ending = ending_of(workflow)
    ending.asked_for()
    assert workflow.shutdown is None
    busy.set()
    monkeypatch.undo()
    says("failed")
    ending.go_on()
    assert workflow.shutdown == "Stop"


def test_a_workflow_that_was_just_being_created_ends_as_soon_as_it_is_there(workflow: Workflow, says: Any) -> None:
    says("failed")
    ending = ending_of(None)
    ending.asked_for()
    ending.concerns(workflow.address, "argo", workflow.name)
    assert workflow.shutdown == "Stop"


def test_going_on_ends_nothing_that_nobody_ended(workflow: Workflow, says: Any) -> None:
    says("failed")
    ending_of(workflow).go_on()
    assert workflow.shutdown is None


@pytest.mark.parametrize(
    ("instance", "state", "shutdown"),
    [
        (INSTANCE, "running", None),  # the next try goes on with it
        (INSTANCE, None, "Stop"),  # the run was deleted
        (LAST_TRY, "running", "Stop"),
        (WITHOUT_RETRIES, "running", "Stop"),
    ],
)
def test_a_task_that_fails_leaves_no_workflow_for_which_nobody_waits(
    workflow: Workflow, says: Any, instance: Any, state: str | None, shutdown: str | None
) -> None:
    says(state)
    ending_of(workflow, instance=instance).task_failed()
    assert workflow.shutdown == shutdown


def test_a_workflow_that_has_ended_by_itself_is_left_alone(workflow: Workflow) -> None:
    ending = ending_of(workflow, instance=LAST_TRY)
    ending.is_over()
    ending.task_failed()
    assert workflow.shutdown is None


def out_of_time(ending: Ending) -> None:
    ending.is_due()
    ending.asked_for()


@pytest.mark.parametrize("ends", [Ending.task_failed, out_of_time])
def test_a_server_that_is_away_does_not_hide_why_the_task_ends(
    ends: Callable[[Ending], None], caplog: pytest.LogCaptureFixture
) -> None:
    ending = Ending(LAST_TRY, "stop", logging.getLogger(__name__))
    ending.concerns(ServerAddress("http://127.0.0.1:9"), "argo", "wf")
    ends(ending)
    assert "has not been asked to end it" in caplog.text


def test_who_waits_sees_within_seconds_that_a_user_has_ended_the_task(workflow: Workflow, says: Any) -> None:
    now, asked = 0.0, []

    def state() -> str:
        asked.append(now)
        return "running" if now < 3 else "failed"

    says(state)
    made = Ending(INSTANCE, "stop", logging.getLogger(__name__), clock=lambda: now)
    made.concerns(workflow.address, "argo", workflow.name)
    for tenths in range(60):
        now = tenths / 10
        made.look()
        if workflow.shutdown:
            break
    assert (workflow.shutdown, asked) == ("Stop", [2.0, 4.0])


def test_a_task_whose_state_nobody_tells_goes_on(workflow: Workflow, says: Any) -> None:
    def state() -> str:
        raise OSError("no line")

    says(state)
    made = Ending(INSTANCE, "stop", logging.getLogger(__name__), clock=iter(range(0, 100, 10)).__next__)
    made.concerns(workflow.address, "argo", workflow.name)
    made.look()
    assert workflow.shutdown is None
