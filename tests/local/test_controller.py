"""The controller with an engine of a few lines and workers that only take notes."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.controller import Controller
from airflow_argo.local.engine.messages import (
    Event,
    PodFinished,
    PodReport,
    PodStarted,
    Shutdown,
    StartPod,
    Step,
    StopPod,
    Suspend,
    Tick,
)
from airflow_argo.local.execution.pod import Pod, PodKey
from airflow_argo.local.operations import Operations
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.running import Turn
from airflow_argo.local.store import Store
from airflow_argo.local.workers import Tell


class Engine:
    """Runs one pod for each template; the workflow ends as the last pod does."""

    def __init__(self, workflow: dict[str, Any]) -> None:
        self.workflow = workflow
        self.events: list[list[Event]] = []

    def start(self, now: float) -> Step:
        status = self.workflow["status"]
        status.setdefault("nodes", {})
        status["phase"] = "Running"
        self.workflow["metadata"]["labels"] = {"workflows.argoproj.io/phase": "Running"}
        commands = []
        for template in self.workflow["spec"]["templates"]:
            name = template["name"]
            if status["nodes"].get(name, {}).get("phase", "Pending") == "Pending":
                status["nodes"][name] = {"id": name, "type": "Pod", "phase": "Pending"}
                commands.append(StartPod(name, f"pod-{name}", template, None, False))
        return Step(list(commands), set(status["nodes"]), wake_at=self.workflow["spec"].get("wakeAt"))

    def handle(self, event: Event, now: float) -> Step:
        nodes = self.workflow["status"]["nodes"]
        match event:
            case PodStarted(node_id):
                nodes[node_id]["phase"] = "Running"
                return Step(changed={node_id})
            case PodFinished(node_id, report):
                if self.workflow["spec"].get("fault"):
                    raise ZeroDivisionError("a fault")
                nodes[node_id].update(phase="Failed" if report.exit_code else "Succeeded", message=report.error)
                return self._end_if_all_ended(node_id)
            case Shutdown():
                return Step([StopPod(name) for name in nodes])
            case Tick():
                self.workflow["status"]["message"] = "ticked"
        return Step()

    def _end_if_all_ended(self, node_id: str) -> Step:
        status = self.workflow["status"]
        finished = all(node["phase"] in ("Succeeded", "Failed") for node in status["nodes"].values())
        if finished:
            status.update(phase="Succeeded", finishedAt="2026-01-01T00:00:00Z")
        return Step(changed={node_id}, finished=finished)


class Workers:
    def __init__(self) -> None:
        self.tells: dict[PodKey, Tell] = {}
        self.stopped: list[PodKey] = []
        self.forgotten: list[str] = []
        self.closed = False

    def start(self, pod: Pod, tell: Tell) -> None:
        self.tells[pod.key] = tell

    def stop(self, key: PodKey) -> None:
        self.stopped.append(key)

    def forget(self, uid: str) -> None:
        self.forgotten.append(uid)

    async def close(self) -> None:
        self.closed = True

    def finish(self, uid: str, node_id: str, exit_code: int = 0) -> None:
        self.tells[PodKey(uid, node_id)](PodFinished(node_id, PodReport(exit_code)))


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.close()


@pytest.fixture
def workers() -> Workers:
    return Workers()


@pytest.fixture
async def controller(store: Store, workers: Workers) -> AsyncIterator[Controller]:
    controller = Controller(store, workers, Engine)
    yield controller
    await controller.close()


def manifest(name: str = "w", *templates: str, **spec: Any) -> dict[str, Any]:
    bodies = [{"name": template} for template in templates or ("a",)]
    metadata: dict[str, Any] = {"namespace": "argo", "name": name}
    return {"metadata": metadata, "spec": {"templates": bodies, **spec}, "status": {}}


async def until(controller: Controller, condition: Callable[[], object]) -> None:
    """Wait for change after change until one has led to this."""

    async def changes() -> None:
        while not condition():
            await controller.journal.wait(controller.journal.version)

    await asyncio.wait_for(changes(), 5)


async def running(controller: Controller, workers: Workers, workflow: dict[str, Any]) -> dict[str, Any]:
    created = controller.create(workflow)
    await until(controller, lambda: created["status"].get("phase") == "Running")
    return created


def phase(controller: Controller, name: str = "w") -> str | None:
    found = controller.find("argo", name)["status"].get("phase")
    return None if found is None else str(found)


async def test_a_new_workflow_has_an_identity_and_no_phase(controller: Controller) -> None:
    created = controller.create(manifest())

    assert created["metadata"]["uid"]
    assert created["metadata"]["generation"] == 1
    assert created["metadata"]["creationTimestamp"].endswith("Z")
    assert phase(controller) is None
    assert "labels" not in created["metadata"]


async def test_the_first_step_of_a_new_workflow_can_be_waited_for(controller: Controller, workers: Workers) -> None:
    created = controller.create(manifest())
    before = phase(controller)
    await controller.first_step(created)

    assert (before, phase(controller)) == (None, "Running")

    workers.finish(created["metadata"]["uid"], "a")
    await until(controller, lambda: phase(controller) == "Succeeded")
    await asyncio.wait_for(controller.first_step(created), 5)


async def test_nobody_waits_for_the_first_step_of_a_deleted_workflow(controller: Controller) -> None:
    created = controller.create(manifest())
    waiting = asyncio.create_task(controller.first_step(created))
    await asyncio.sleep(0)
    controller.delete("argo", "w")

    await asyncio.wait_for(waiting, 5)


async def test_a_generated_name_is_cut_at_58_characters(controller: Controller) -> None:
    workflow = manifest()
    workflow["metadata"] = {"namespace": "argo", "generateName": "x" * 70}

    name = controller.create(workflow)["metadata"]["name"]

    assert name.startswith("x" * 58)
    assert len(name) == 63


async def test_a_taken_name_is_refused(controller: Controller) -> None:
    controller.create(manifest())

    with pytest.raises(Refusal, match=r'workflows\.argoproj\.io "w" already exists') as refused:
        controller.create(manifest())

    assert refused.value.status == 409


async def test_a_workflow_runs_to_its_end_and_is_stored(controller: Controller, workers: Workers, store: Store) -> None:
    created = await running(controller, workers, manifest("w", "a", "b"))
    uid = created["metadata"]["uid"]

    workers.finish(uid, "a")
    workers.finish(uid, "b")
    await until(controller, lambda: phase(controller) == "Succeeded")

    stored = store.workflow("argo", "w")
    assert stored is not None
    assert {name: node["phase"] for name, node in stored["status"]["nodes"].items()} == {
        "a": "Succeeded",
        "b": "Succeeded",
    }


async def test_pods_that_end_at_the_same_time_are_one_change(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest("w", *"abcdefgh"))
    before = controller.version

    for name in "abcdefgh":
        workers.finish(created["metadata"]["uid"], name)
    await until(controller, lambda: phase(controller) == "Succeeded")

    assert controller.version == before + 1


async def test_a_status_in_the_manifest_that_has_ended_never_runs(controller: Controller, workers: Workers) -> None:
    workflow = manifest()
    workflow["status"] = {"phase": "Succeeded", "message": "forged"}
    controller.create(workflow)
    await running(controller, workers, manifest("another"))

    assert list(workers.tells) == [PodKey(controller.find("argo", "another")["metadata"]["uid"], "a")]


async def test_the_engine_is_woken_when_it_wants(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest(wakeAt=0.0))

    await until(controller, lambda: created["status"].get("message") == "ticked")


async def test_a_fault_in_the_engine_ends_its_workflow_and_no_other(
    controller: Controller, workers: Workers, caplog: pytest.LogCaptureFixture
) -> None:
    bad = await running(controller, workers, manifest("bad", "a", "b", fault=True))
    good = await running(controller, workers, manifest("good"))

    workers.finish(bad["metadata"]["uid"], "a")
    workers.finish(good["metadata"]["uid"], "a")
    await until(controller, lambda: phase(controller, "good") == "Succeeded")

    found = controller.find("argo", "bad")
    assert found["status"]["phase"] == "Error"
    assert "ZeroDivisionError: a fault" in found["status"]["message"]
    assert found["metadata"]["labels"]["workflows.argoproj.io/phase"] == "Error"
    assert workers.stopped == [PodKey(bad["metadata"]["uid"], "b")]
    assert "the engine failed" in caplog.text


async def test_a_workflow_that_takes_long_keeps_no_other_from_its_turn(store: Store, workers: Workers) -> None:
    class OneStep(Turn):
        left = 0

        def begin(self) -> None:
            self.left = 1

        def has_time(self) -> bool:
            self.left -= 1
            return self.left >= 0

    class Slow(Engine):
        def go_on(self, now: float) -> Step:
            return Step(unfinished=self.workflow["metadata"]["name"] == "slow")

        def start(self, now: float) -> Step:
            super().start(now)
            return Step(unfinished=True)

    controller = Controller(store, workers, Slow, turn=OneStep())
    await running(controller, workers, manifest("slow"))
    await running(controller, workers, manifest("other"))
    await controller.close()


async def test_a_workflow_that_another_wakes_in_the_same_turn_keeps_its_timer(store: Store, workers: Workers) -> None:
    class Waking(Engine):
        def handle(self, event: Event, now: float) -> Step:
            if not isinstance(event, Suspend):
                return super().handle(event, now)
            if self.workflow["metadata"]["name"] == "first":
                wake("second")
            return Step(wake_at=now + 0.05)

    def wake(name: str) -> None:
        controller.save(controller.find("argo", name), Suspend())

    controller = Controller(store, workers, Waking)
    for name in ("first", "second"):
        await running(controller, workers, manifest(name))

    for name in ("first", "second"):
        wake(name)

    await until(controller, lambda: controller.find("argo", "second")["status"].get("message") == "ticked")
    await controller.close()


async def test_stop_is_told_to_the_engine_and_kept_in_the_spec(
    controller: Controller, workers: Workers, store: Store
) -> None:
    created = await running(controller, workers, manifest())

    answer = Operations(controller).shut_down("argo", "w", "Stop")
    await until(controller, lambda: workers.stopped)

    assert answer["spec"]["shutdown"] == "Stop"
    assert workers.stopped == [PodKey(created["metadata"]["uid"], "a")]
    stored = store.workflow("argo", "w")
    assert stored is not None
    assert stored["spec"]["shutdown"] == "Stop"


async def test_stopping_twice_changes_nothing(controller: Controller, workers: Workers) -> None:
    await running(controller, workers, manifest())
    first = Operations(controller).shut_down("argo", "w", "Stop")["metadata"]["resourceVersion"]

    assert Operations(controller).shut_down("argo", "w", "Stop")["metadata"]["resourceVersion"] == first


async def finished(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest())
    workers.finish(created["metadata"]["uid"], "a")
    await until(controller, lambda: phase(controller) == "Succeeded")


async def test_a_finished_workflow_cannot_be_stopped(controller: Controller, workers: Workers) -> None:
    await finished(controller, workers)

    with pytest.raises(Refusal) as refused:
        Operations(controller).shut_down("argo", "w", "Terminate")

    assert refused.value.status == 500
    assert refused.value.message == 'cannot shutdown a completed workflow: workflow: "w", namespace: "argo"'


async def test_a_finished_workflow_can_be_resumed_but_not_suspended(controller: Controller, workers: Workers) -> None:
    await finished(controller, workers)

    assert Operations(controller).resume("argo", "w")["status"]["phase"] == "Succeeded"
    with pytest.raises(Refusal, match="cannot suspend completed workflows") as refused:
        Operations(controller).suspend("argo", "w")
    assert refused.value.status == 400


async def test_suspend_and_resume_stand_in_the_spec(controller: Controller, workers: Workers) -> None:
    await running(controller, workers, manifest())

    assert Operations(controller).suspend("argo", "w")["spec"]["suspend"] is True
    assert "suspend" not in Operations(controller).resume("argo", "w")["spec"]


async def test_deleting_kills_the_pods_and_frees_the_name(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest())

    controller.delete("argo", "w")

    assert workers.stopped == [PodKey(created["metadata"]["uid"], "a")]
    assert workers.forgotten == [created["metadata"]["uid"]]
    with pytest.raises(Refusal, match=r'workflows\.argoproj\.io "w" not found'):
        controller.find("argo", "w")
    assert controller.create(manifest())["metadata"]["uid"] != created["metadata"]["uid"]


async def test_what_a_killed_pod_still_tells_is_not_heard(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest())
    controller.delete("argo", "w")
    again = await running(controller, workers, manifest())

    workers.finish(created["metadata"]["uid"], "a", exit_code=143)
    workers.finish(again["metadata"]["uid"], "a")
    await until(controller, lambda: phase(controller) == "Succeeded")

    assert controller.find("argo", "w")["status"]["nodes"]["a"]["phase"] == "Succeeded"


async def test_a_finished_workflow_goes_when_its_time_to_live_is_over(controller: Controller, workers: Workers) -> None:
    created = await running(controller, workers, manifest(ttlStrategy={"secondsAfterSuccess": 0}))
    workers.finish(created["metadata"]["uid"], "a")

    await until(controller, lambda: not list(controller.workflows("argo")))


async def test_latest_is_the_newest_of_the_namespace(controller: Controller) -> None:
    for name in ("first", "second"):
        controller.create(manifest(name))

    assert controller.find("argo", "@latest")["metadata"]["name"] == "second"
    with pytest.raises(Refusal, match="@latest"):
        controller.find("other", "@latest")


async def test_after_a_restart_running_workflows_go_on_without_their_pods(tmp_path: Path, workers: Workers) -> None:
    store = Store(tmp_path / "argo.db")
    before = Controller(store, workers, Engine)
    created = await running(before, workers, manifest("w", "a", "b", "c"))
    uid = created["metadata"]["uid"]
    workers.tells[PodKey(uid, "b")](PodStarted("b"))
    workers.finish(uid, "a")
    await until(before, lambda: created["status"]["nodes"]["a"]["phase"] == "Succeeded")
    await before.close()
    store.close()
    assert workers.closed

    store = Store(tmp_path / "argo.db")
    again = Workers()
    after = Controller(store, again, Engine)
    after.recover()
    await until(after, lambda: list(again.tells) == [PodKey(uid, "c")])
    again.finish(uid, "c")
    await until(after, lambda: phase(after) == "Succeeded")

    nodes = after.find("argo", "w")["status"]["nodes"]
    assert nodes["a"]["message"] == ""
    assert nodes["b"]["message"] == "pod deleted"
    await after.close()
    store.close()


async def test_events_reach_the_engine_in_their_order(store: Store, workers: Workers) -> None:
    seen: list[Event] = []

    class Noting(Engine):
        def handle(self, event: Event, now: float) -> Step:
            seen.append(event)
            return super().handle(event, now)

    controller = Controller(store, workers, Noting)
    created = await running(controller, workers, manifest())
    workers.tells[PodKey(created["metadata"]["uid"], "a")](PodStarted("a"))
    controller.save(created, Suspend(), spec=True)
    workers.finish(created["metadata"]["uid"], "a")
    await until(controller, lambda: phase(controller) == "Succeeded")

    assert seen == [PodStarted("a"), Suspend(), PodFinished("a", PodReport(0))]
    await controller.close()
