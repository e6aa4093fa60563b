from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.errors import NotFoundError, RequestRefusedError
from airflow_argo.attachment import OWNER_ANNOTATION, Attempt, RetryMode
from airflow_argo.hooks.submission import NameTakenError, attach_or_create, end_older


@pytest.fixture
def client(argo_url: str) -> Iterator[ArgoClient]:
    with ArgoClient(ServerAddress(argo_url), patience=0) as found:
        yield found


@pytest.fixture
def attempt(request: pytest.FixtureRequest) -> Attempt:
    return Attempt("dag", request.node.name, "task", -1, 0)


class Submission:
    """Submits for one attempt, and remembers what was made and said."""

    def __init__(self, client: ArgoClient, attempt: Attempt, script: str, owner: str | None = None) -> None:
        self.client, self.attempt, self.script = client, attempt, script
        self.owner = attempt.owner if owner is None else owner
        self.made: list[str] = []
        self.said: list[str] = []

    def manifest(self, name: str) -> dict[str, Any]:
        self.made.append(name)
        container = {"image": "alpine", "command": ["sh", "-c"], "args": [self.script]}
        return {
            "metadata": {
                "name": name,
                "labels": self.attempt.labels,
                "annotations": {**self.attempt.annotations, OWNER_ANNOTATION: self.owner},
            },
            "spec": {"entrypoint": "main", "templates": [{"name": "main", "container": container}]},
        }

    def __call__(self, retry_mode: RetryMode = "failed_nodes", known_before: str = "") -> dict[str, Any]:
        return attach_or_create(
            self.client,
            "argo",
            self.attempt,
            self.manifest,
            retry_mode,
            self.said.append,
            known_before=known_before,
        )

    def wait(self, name: str) -> str:
        events = self.client.stream(api.watch_workflows("argo", label_selector=""))
        for event in events:
            workflow = event["object"]
            if workflow["metadata"]["name"] == name and (workflow.get("status") or {}).get("finishedAt"):
                return str(workflow["status"]["phase"])
        return ""


def test_the_first_try_creates_and_the_next_one_attaches(client: ArgoClient, attempt: Attempt) -> None:
    submit = Submission(client, attempt, "sleep 60")
    first, second = submit(), submit()
    assert first["metadata"]["uid"] == second["metadata"]["uid"]
    assert len(submit.made) == 1
    assert "this task attempt has none yet" in submit.said[0]
    assert "waiting for it" in submit.said[1]
    client.send(api.delete_workflow("argo", first["metadata"]["name"]))


def test_a_workflow_that_has_succeeded_is_not_run_again(client: ArgoClient, attempt: Attempt) -> None:
    submit = Submission(client, attempt, "true")
    name = submit()["metadata"]["name"]
    assert submit.wait(name) == "Succeeded"
    assert submit()["status"]["phase"] == "Succeeded"
    assert submit.made == [name]
    assert "collecting its results" in submit.said[-1]


def test_a_fresh_retry_starts_the_next_workflow_once(client: ArgoClient, attempt: Attempt) -> None:
    submit = Submission(client, attempt, "exit 1")
    first = submit("fresh")["metadata"]["name"]
    submit.wait(first)
    submit.script = "sleep 60"
    second = submit("fresh")["metadata"]["name"]
    again = submit("fresh")["metadata"]["name"]
    assert second == again == f"{first}-2"
    assert submit.made == [first, second]
    client.send(api.delete_workflow("argo", second))


def test_a_name_that_belongs_to_something_else_is_left_alone(client: ArgoClient, attempt: Attempt) -> None:
    Submission(client, attempt, "sleep 60", owner="somebody")()
    with pytest.raises(NameTakenError, match="belongs to somebody"):
        Submission(client, attempt, "true")()
    client.send(api.delete_workflow("argo", attempt.workflow_name()))


def test_a_template_that_is_not_there_fails_the_task_at_once(client: ArgoClient, attempt: Attempt) -> None:
    said: list[str] = []

    def manifest(name: str) -> dict[str, Any]:
        return {"metadata": {"name": name}, "spec": {"workflowTemplateRef": {"name": "nowhere"}}}

    with pytest.raises(NotFoundError, match='"nowhere" not found'):
        attach_or_create(client, "argo", attempt, manifest, "failed_nodes", said.append)
    assert len(said) == 1


def test_of_many_at_once_one_creates_and_all_attach(argo_url: str, attempt: Attempt) -> None:
    def one(_: int) -> str:
        with ArgoClient(ServerAddress(argo_url), patience=0) as client:
            return str(Submission(client, attempt, "sleep 60")()["metadata"]["uid"])

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(one, range(16)))) == 1
    with ArgoClient(ServerAddress(argo_url)) as client:
        client.send(api.delete_workflow("argo", attempt.workflow_name()))


def test_a_workflow_that_is_being_stopped_is_waited_for_and_then_retried(client: ArgoClient, attempt: Attempt) -> None:
    submit = Submission(client, attempt, "trap '' TERM; sleep 2")
    name = submit()["metadata"]["name"]
    client.send(api.stop_workflow("argo", name))
    submit()
    assert any("waiting for its end" in line for line in submit.said) or "Failed" in submit.said[-1]
    assert "running its failed nodes again" in submit.said[-1]
    client.send(api.delete_workflow("argo", name))


def test_a_task_that_was_cleared_while_it_ran_starts_anew_and_its_retry_attaches_to_that(
    client: ArgoClient, attempt: Attempt
) -> None:
    name = Submission(client, attempt, "sleep 60")()["metadata"]["name"]
    client.send(api.stop_workflow("argo", name))
    cleared = Submission(client, replace(attempt, clears=attempt.clears + 1), "sleep 60")
    assert cleared()["metadata"]["name"] == cleared()["metadata"]["name"] == f"{name}-2"
    assert cleared.made == [f"{name}-2"]
    for each in (name, f"{name}-2"):
        client.send(api.delete_workflow("argo", each))


def test_a_workflow_that_an_earlier_try_had_and_that_is_gone_is_said_to_be(
    client: ArgoClient, attempt: Attempt
) -> None:
    submit = Submission(client, attempt, "true")
    name = submit(known_before=attempt.workflow_name())["metadata"]["name"]
    assert "gone" in submit.said[0]
    client.send(api.delete_workflow("argo", name))


@pytest.mark.parametrize(("action", "expected"), [("stop", "Stop"), ("terminate", "Terminate")])
def test_what_runs_of_a_cleared_tasks_earlier_generations_is_ended(
    client: ArgoClient, attempt: Attempt, action: str, expected: str
) -> None:
    cleared = replace(attempt, generation=attempt.generation + 2, clears=1)
    others = [attempt, replace(attempt, map_index=7), cleared]
    names = [Submission(client, each, "sleep 60")()["metadata"]["name"] for each in others]
    said: list[str] = []
    end_older(client, "argo", cleared, action, said.append)
    found = [client.send(api.get_workflow("argo", name)) for name in names]
    assert [workflow["spec"].get("shutdown") for workflow in found] == [expected, None, None]
    assert [bool(workflow["status"].get("finishedAt")) for workflow in found] == [True, False, False]
    assert len(said) == 1
    for name in names:
        client.send(api.delete_workflow("argo", name))


def test_a_workflow_that_does_not_end_holds_up_a_cleared_task_only_so_long(
    client: ArgoClient, attempt: Attempt
) -> None:
    submission = Submission(client, attempt, "sleep 60")

    def with_a_slow_exit(name: str) -> dict[str, Any]:
        made = submission.manifest(name)
        made["spec"] |= {"onExit": "slow", "templates": [*made["spec"]["templates"], slow]}
        return made

    slow = {"name": "slow", "container": {"image": "alpine", "command": ["sleep", "60"]}}
    attach_or_create(client, "argo", attempt, with_a_slow_exit, "failed_nodes", submission.said.append)
    name = attempt.workflow_name()
    said: list[str] = []
    slept: list[float] = []
    end_older(
        client, "argo", replace(attempt, generation=9), "stop", said.append, slept.append, lambda: 10.0 * len(slept)
    )
    assert [line.partition(": ")[0] for line in said] == [
        f"Workflow {name}",
        "Not ended within 90 s, which is not waited for",
    ]
    assert sum(slept) == 9
    client.send(api.delete_workflow("argo", name))


def test_what_the_server_refuses_is_told(client: ArgoClient, attempt: Attempt) -> None:
    submit = Submission(client, attempt, "{{=")
    with pytest.raises(RequestRefusedError):
        submit()


def test_after_a_failure_the_next_try_runs_the_failed_nodes_of_the_same_workflow_again(
    client: ArgoClient, attempt: Attempt
) -> None:
    submit = Submission(client, attempt, "exit 3")
    first = submit()
    assert submit.wait(first["metadata"]["name"]) == "Failed"
    second = submit()
    assert second["metadata"]["uid"] == first["metadata"]["uid"]
    assert "phase" not in second["status"]
    assert len(submit.made) == 1
    assert "running its failed nodes again" in submit.said[-1]
