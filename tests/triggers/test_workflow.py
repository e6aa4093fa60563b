from __future__ import annotations

import asyncio
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
import requests

from airflow_argo.argo.aio import AsyncArgoClient
from airflow_argo.argo.errors import UnauthenticatedError
from airflow_argo.triggers import workflow as module
from airflow_argo.triggers.workflow import ArgoWorkflowTrigger


@pytest.fixture
def server(argo_url: str, connection_json: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json(argo_url, password="s3cr3t"))
    monkeypatch.setattr(module, "_FIRST_PAUSE", 0.0)
    return f"{argo_url}/api/v1/workflows/argo"


def submit(server: str, script: str, **metadata: Any) -> dict[str, Any]:
    container = {"image": "alpine", "command": ["sh", "-c"], "args": [script]}
    manifest = {
        "metadata": {"generateName": "trigger-", **metadata},
        "spec": {"entrypoint": "main", "templates": [{"name": "main", "container": container}]},
    }
    answer = requests.post(server, json={"workflow": manifest}, timeout=10)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()["metadata"]
    return found


def trigger(metadata: dict[str, Any], **more: Any) -> ArgoWorkflowTrigger:
    named = {"name": metadata["name"], "uid": metadata["uid"], "namespace": "argo"}
    return ArgoWorkflowTrigger(argo_conn_id="argo_default", poll_interval=0.05, **named, **more)


async def first_event(waiting: ArgoWorkflowTrigger) -> Any:
    async for event in waiting.run():
        return event.payload
    return None


@pytest.mark.parametrize(("script", "phase"), [("true", "Succeeded"), ("exit 3", "Failed")])
async def test_it_fires_once_the_workflow_has_ended(server: str, script: str, phase: str) -> None:
    metadata = submit(server, script)
    assert await first_event(trigger(metadata)) == {
        "status": "finished",
        "phase": phase,
        "name": metadata["name"],
        "namespace": "argo",
        "uid": metadata["uid"],
    }


async def test_the_tasks_time_is_kept_while_it_is_deferred(server: str) -> None:
    metadata = submit(server, "sleep 60")
    event = await first_event(trigger(metadata, deadline=time.time() + 0.2))
    assert event["status"] == "timeout"
    requests.delete(f"{server}/{metadata['name']}", timeout=10)


async def test_a_workflow_that_is_gone_is_told_as_such(server: str) -> None:
    metadata = submit(server, "true")
    requests.delete(f"{server}/{metadata['name']}", timeout=10).raise_for_status()
    event = await first_event(trigger(metadata))
    assert event["status"] == "gone"
    assert metadata["name"] in event["message"]


def test_what_is_stored_of_it_makes_it_again_and_holds_no_secret(server: str) -> None:
    made = trigger({"name": "wf", "uid": "u"}, steps_before=2, on_kill="terminate")
    path, kwargs = made.serialize()
    assert path == "airflow_argo.triggers.workflow.ArgoWorkflowTrigger"
    assert ArgoWorkflowTrigger(**kwargs).serialize() == made.serialize()
    assert "s3cr3t" not in str(kwargs)


def shutdown(server: str, metadata: dict[str, Any]) -> str | None:
    spec = requests.get(f"{server}/{metadata['name']}", timeout=10).json()["spec"]
    found: str | None = spec.get("shutdown")
    return found


async def test_the_end_is_known_at_once_however_rare_the_polls_are(server: str) -> None:
    waiting = trigger(submit(server, "sleep 1", labels={"airflow-argo/dag_id": "d"}))
    waiting.poll_interval = 300.0
    assert (await asyncio.wait_for(first_event(waiting), 30))["status"] == "finished"


async def test_a_server_that_hangs_does_not_make_the_task_late(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_: Any) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr("airflow_argo.argo.aio.AsyncArgoClient.send", hang)
    event = await first_event(trigger({"name": "wf", "uid": "u"}, deadline=time.time() + 0.2))
    assert event["status"] == "timeout"


async def test_a_token_that_was_replaced_in_the_connection_is_taken_up(
    server: str, argo_url: str, connection_json: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = submit(server, "sleep 0.2", labels={"airflow-argo/dag_id": "d"})
    send, refused = AsyncArgoClient.send, []

    async def only_the_new_one(self: AsyncArgoClient, call: Any) -> Any:
        answer = await send(self, call)
        if self.address.token == "s3cr3t" and refused:
            raise UnauthenticatedError("expired")
        refused.append(call)
        monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json(argo_url, password="n3w"))
        return answer

    monkeypatch.setattr(AsyncArgoClient, "send", only_the_new_one)
    assert (await first_event(trigger(metadata)))["status"] == "finished"


async def test_a_token_that_was_never_good_fails_the_task(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any) -> None:
        raise UnauthenticatedError("wrong")

    monkeypatch.setattr(AsyncArgoClient, "send", refuse)
    with pytest.raises(UnauthenticatedError):
        await first_event(trigger({"name": "wf", "uid": "u"}))


@pytest.mark.parametrize(("action", "expected"), [("stop", "Stop"), ("terminate", "Terminate"), ("leave", None)])
async def test_a_killed_task_ends_its_workflow(server: str, action: str, expected: str | None) -> None:
    metadata = submit(server, "sleep 60")
    await trigger(metadata, on_kill=action).on_kill()
    assert shutdown(server, metadata) == expected
    requests.delete(f"{server}/{metadata['name']}", timeout=10)


async def test_after_it_has_fired_nothing_is_stopped(server: str) -> None:
    finished, running = submit(server, "true"), submit(server, "sleep 60")
    fired = trigger(finished)
    await first_event(fired)
    fired.name = running["name"]
    await fired.on_kill()
    assert shutdown(server, running) is None
    requests.delete(f"{server}/{running['name']}", timeout=10)


@pytest.fixture
def airflow_says(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Stands in for Airflow's own calls to its supervisor: the outermost edge."""

    def say(state: Any, record: dict[str, Any] | None) -> None:
        async def xcom(**_: Any) -> Any:
            return record

        def states(**_: Any) -> Any:
            return {"run": {"task": state() if callable(state) else state}}

        monkeypatch.setattr("airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states", states)
        monkeypatch.setattr("airflow.sdk.execution_time.xcom.XCom.aget_one", xcom)

    return say


def of_a_task(waiting: ArgoWorkflowTrigger) -> ArgoWorkflowTrigger:
    instance: Any = SimpleNamespace(dag_id="dag", task_id="task", run_id="run", map_index=-1)
    waiting._task_instance = instance
    return waiting


@pytest.mark.parametrize(
    ("state", "record", "stopped"),
    [
        ("deferred", "same", False),  # another triggerer has taken it over: nobody killed the task
        ("deferred", "other", True),  # the task was cleared, and has deferred again on a workflow of its own
        ("deferred", None, True),  # a new try is about to begin
        ("running", "same", True),  # the try after a clear, which has not wiped the XComs yet
        ("queued", "same", True),  # cleared, and not started anew yet
        ("success", "same", True),
        ("failed", "same", True),
    ],
)
async def test_only_a_user_ends_a_workflow(
    server: str, airflow_says: Any, state: str, record: str | None, stopped: bool
) -> None:
    metadata = submit(server, "sleep 60")
    names = {"same": metadata["name"], "other": "another"}
    airflow_says(state, {"name": names[record]} if record else None)
    await of_a_task(trigger(metadata)).on_kill()
    assert (shutdown(server, metadata) == "Stop") == stopped
    requests.delete(f"{server}/{metadata['name']}", timeout=10)


async def test_the_workflow_is_stopped_though_airflow_cancels_that_every_second(server: str, airflow_says: Any) -> None:
    metadata, asked, answer = submit(server, "sleep 60"), threading.Event(), threading.Event()
    airflow_says(lambda: asked.set() or (answer.wait() and "failed"), None)
    killing = asyncio.create_task(of_a_task(trigger(metadata)).on_kill())
    await asyncio.to_thread(asked.wait)
    killing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await killing
    answer.set()
    await asyncio.gather(*module._endings)
    assert shutdown(server, metadata) == "Stop"
    requests.delete(f"{server}/{metadata['name']}", timeout=10)


async def test_a_workflow_that_a_later_try_has_retried_goes_on(server: str, airflow_says: Any) -> None:
    metadata = submit(server, "sleep 60")
    waiting = of_a_task(trigger(metadata))
    running = asyncio.create_task(first_event(waiting))
    requests.put(f"{server}/{metadata['name']}/stop", json={}, timeout=10).raise_for_status()
    assert (await running)["phase"] == "Failed"
    waiting._fired = False  # as on a triggerer that had not seen the end when it fell asleep
    await asyncio.to_thread(another_second)
    requests.put(f"{server}/{metadata['name']}/retry", json={}, timeout=10).raise_for_status()
    airflow_says("running", {"name": metadata["name"]})
    await waiting.on_kill()
    assert shutdown(server, metadata) is None
    requests.delete(f"{server}/{metadata['name']}", timeout=10)


def another_second() -> None:
    """Wait until the clock shows another second, in which Argo's times are."""
    now = int(time.time())
    while int(time.time()) == now:
        pass
