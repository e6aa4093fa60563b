"""CronWorkflows in virtual time: a clock that only the test moves, workflows that end when the test says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from airflow_argo.local.admission import Admission
from airflow_argo.local.controller import Controller
from airflow_argo.local.cron import rules
from airflow_argo.local.cron.admission import checked_cron
from airflow_argo.local.cron.keeper import KIND, CronKeeper
from airflow_argo.local.engine.messages import Event, Step
from airflow_argo.local.store import Store
from airflow_argo.local.templates import Templates

NEW_YEAR = 1_767_225_600.0  # 2026-01-01T00:00:00Z
SPEC = {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}


class Idle:
    """An execution that does nothing: the test says when it is over."""

    def __init__(self, workflow: dict[str, Any]) -> None:
        workflow["status"]["phase"] = "Running"

    def start(self, now: float) -> Step:
        return Step()

    def handle(self, event: Event, now: float) -> Step:
        return Step()


class NoWorkers:
    def forget(self, uid: str) -> None:
        pass

    async def close(self) -> None:
        pass


class World:
    def __init__(self, store: Store) -> None:
        self.now = NEW_YEAR
        self.store = store
        self.admission = Admission(Templates(store, lambda: self.now), lambda manifest: [])
        self.controller = Controller(store, NoWorkers(), Idle, lambda: self.now)  # type: ignore[arg-type]
        self.keeper = self.started()

    def started(self) -> CronKeeper:
        return CronKeeper(self.store, self.controller, self.admission, lambda: self.now)

    def create(self, **spec: Any) -> None:
        given = {"schedules": ["* * * * *"], "timezone": "UTC", "workflowSpec": SPEC, **spec}
        manifest = {"metadata": {"name": "c"}, "spec": given}
        self.keeper.create("argo", checked_cron(self.admission, manifest, "argo"))

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.now += 60
            self.keeper.look()

    def end(self, name: str, phase: str = "Succeeded") -> None:
        workflow = self.controller.find("argo", name)
        workflow["status"].update(phase=phase, finishedAt="2026-01-01T00:00:00Z")
        self.store.save_workflow(workflow)
        self.controller._running.drop(workflow["metadata"])

    @property
    def names(self) -> list[str]:
        return [workflow["metadata"]["name"] for workflow in self.controller.workflows("argo")]

    @property
    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.keeper.get("argo", "c")["status"]
        return status


@pytest.fixture
async def world() -> AsyncIterator[World]:
    store = Store()
    world = World(store)
    yield world
    await world.controller.close()
    store.close()


FIRST, SECOND, THIRD = (f"c-{int(NEW_YEAR) + 60 * minute}" for minute in (1, 2, 3))


async def test_it_runs_when_it_is_due(world: World) -> None:
    world.create(workflowMetadata={"labels": {"mine": "1"}, "annotations": {"note": "n"}})
    world.minutes(2)

    assert world.names == [FIRST, SECOND]
    metadata = world.controller.find("argo", FIRST)["metadata"]
    assert metadata["labels"] == {"mine": "1", "workflows.argoproj.io/cron-workflow": "c"}
    assert metadata["annotations"]["workflows.argoproj.io/scheduled-time"] == "2026-01-01T00:01:00Z"
    assert (metadata["ownerReferences"][0]["kind"], metadata["ownerReferences"][0]["name"]) == ("CronWorkflow", "c")
    assert world.status["lastScheduledTime"] == "2026-01-01T00:02:00Z"
    assert [row["name"] for row in world.status["active"]] == [FIRST, SECOND]


async def test_the_same_minute_of_two_schedules_is_one_run(world: World) -> None:
    world.create(schedules=["* * * * *", "*/1 * * * *"])
    world.minutes(1)

    assert world.names == [FIRST]


async def test_forbid_waits_for_the_one_before(world: World) -> None:
    world.create(concurrencyPolicy="Forbid")
    world.minutes(2)
    assert world.names == [FIRST]
    world.end(FIRST)
    world.keeper.sync()
    world.minutes(1)
    assert world.names == [FIRST, THIRD]


async def test_replace_terminates_the_one_before(world: World) -> None:
    world.create(concurrencyPolicy="Replace")
    world.minutes(2)

    assert world.controller.find("argo", FIRST)["spec"]["shutdown"] == "Terminate"
    assert "shutdown" not in world.controller.find("argo", SECOND)["spec"]


async def test_suspended_it_does_not_run(world: World) -> None:
    world.create()
    world.keeper.set_suspended("argo", "c", True)
    world.minutes(1)
    assert world.names == []
    world.keeper.set_suspended("argo", "c", False)
    world.minutes(1)
    assert world.names == [SECOND]


@pytest.mark.parametrize(
    ("when", "runs"),
    [
        ("{{= cronworkflow.lastScheduledTime == nil }}", 1),
        ("{{= cronworkflow.lastScheduledTime == nil || (now() - cronworkflow.lastScheduledTime).Seconds() > 1 }}", 2),
        ("{{cronworkflow.succeeded}} == 0", 2),
        ("'{{cronworkflow.name}}' != 'c'", 0),
    ],
)
async def test_when(world: World, when: str, runs: int) -> None:
    world.create(when=when)
    world.minutes(2)

    assert len(world.names) == runs


async def test_a_when_that_cannot_be_evaluated_is_a_condition(world: World) -> None:
    world.create(when="{{cronworkflow.nothing}} == 1")
    world.minutes(1)

    (condition,) = world.status["conditions"]
    assert (condition["type"], world.status["failed"]) == ("SubmissionError", 1)
    assert condition["message"].startswith("run policy error: ")


async def test_the_stop_strategy_ends_it(world: World) -> None:
    world.create(stopStrategy={"expression": "cronworkflow.failed >= 1"})
    world.minutes(1)
    world.end(FIRST, "Failed")
    world.keeper.sync()
    assert "labels" not in world.keeper.get("argo", "c")["metadata"]
    world.minutes(2)

    assert world.keeper.get("argo", "c")["metadata"]["labels"] == {rules.COMPLETED_LABEL: "true"}
    assert world.names == [FIRST]
    assert (world.status["phase"], world.status["failed"], world.status["active"]) == ("Stopped", 1, None)


@pytest.mark.parametrize(
    "spec",
    [
        {"when": "{{= cronworkflow.labels.team == 'x' }}"},
        {"stopStrategy": {"expression": "cronworkflow.failed > 9"}},
    ],
)
async def test_an_expression_leaves_the_labels_alone(world: World, spec: dict[str, Any]) -> None:
    given = {"schedules": ["* * * * *"], "timezone": "UTC", "workflowSpec": SPEC, **spec}
    manifest = {"metadata": {"name": "c", "labels": {"team": "x"}}, "spec": given}
    world.keeper.create("argo", checked_cron(world.admission, manifest, "argo"))
    world.minutes(2)

    assert world.names == [FIRST, SECOND]
    assert world.keeper.get("argo", "c")["metadata"]["labels"] == {"team": "x"}


async def test_history_limits(world: World) -> None:
    world.create(successfulJobsHistoryLimit=1)
    world.minutes(3)
    for name in (FIRST, SECOND):
        world.end(name)
    world.keeper.sync()

    assert world.names == [FIRST, THIRD]
    assert world.status["succeeded"] == 2


@pytest.mark.parametrize(("deadline", "runs"), [(None, 1), (30, 1), (90, 2)])
async def test_after_a_restart_a_missed_run_is_made_up_for_within_the_deadline(
    world: World, deadline: int | None, runs: int
) -> None:
    world.create(**({} if deadline is None else {"startingDeadlineSeconds": deadline}))
    world.minutes(1)
    world.now += 10 * 60 + 45
    world.keeper = world.started()
    world.keeper.open()

    assert len(world.names) == runs
    assert world.names[-1] == (f"c-{int(NEW_YEAR) + 660}" if runs == 2 else FIRST)


async def test_after_a_restart_a_schedule_that_cannot_be_read_stops_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.create(startingDeadlineSeconds=600)
    world.minutes(1)
    cron = world.keeper.get("argo", "c")
    cron["spec"]["schedules"] = ["* * * * *", "unreadable"]
    rules.note_schedule(cron)
    world.store.replace(KIND, cron)
    world.now += 120

    world.keeper = world.started()
    world.keeper.open()

    assert "CronWorkflow c: its schedule cannot be read" in caplog.text


async def test_it_takes_its_workflows_with_it(world: World) -> None:
    world.create()
    world.minutes(2)
    world.keeper.delete("argo", "c")

    assert world.names == []
    world.minutes(1)
    assert world.names == []
