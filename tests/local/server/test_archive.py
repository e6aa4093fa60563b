"""The workflow archive, over HTTP; what is expected was seen on v4.1.2 (``archive.on-*`` of the recordings)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.local.server.conftest import Api

from airflow_argo.local.testing import running_server

NOBODY = "00000000-0000-0000-0000-000000000000"
STATUS = "workflows.argoproj.io/workflow-archiving-status"


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("archiving")
    with running_server(directory, workers=4) as url:
        yield url


def is_archived(workflow: dict[str, Any]) -> bool:
    return STATUS in workflow["metadata"].get("labels", {})


def steps(code: int) -> list[dict[str, Any]]:
    say = {
        "name": "say",
        "inputs": {"parameters": [{"name": "c"}]},
        "container": {"image": "busybox", "command": ["sh", "-c", "exit {{inputs.parameters.c}}"]},
    }
    calls = [
        {"name": name, "template": "say", "arguments": {"parameters": [{"name": "c", "value": value}]}}
        for name, value in (("one", "0"), ("two", "{{workflow.parameters.code}}"))
    ]
    return [{"name": "main", "steps": [calls]}, say]


def create(api: Api, name: str, code: int, **labels: str) -> dict[str, Any]:
    arguments = {"parameters": [{"name": "code", "value": str(code)}]}
    api.create(name, *steps(code), labels=labels, arguments=arguments)
    workflow: dict[str, Any] = api.wait(name, is_archived)
    return workflow


@pytest.fixture(scope="module")
def uids(url: str) -> dict[str, str]:
    """Four that are archived; all but the last are still live."""
    api = Api(url)
    made = {
        "arc-good": create(api, "arc-good", 0, team="data", kind="a"),
        "arc-bad": create(api, "arc-bad", 1, team="data", kind="b"),
        "arc-other": create(api, "arc-other", 0, team="ops"),
        "arc-gone": create(api, "arc-gone", 1),
    }
    assert api("DELETE", "/api/v1/workflows/argo/arc-gone").ok
    api.create("arc-wait", {"name": "main", "suspend": {}})
    api.wait("arc-wait", lambda each: each["status"].get("phase"))
    api.close()
    return {name: workflow["metadata"]["uid"] for name, workflow in made.items()}


ALL = ["arc-bad", "arc-gone", "arc-good", "arc-other"]


def names(answer: Any) -> list[str]:
    assert answer.ok, answer.text
    return sorted(item["metadata"]["name"] for item in answer.json()["items"] or [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"namespace": "argo"}, ALL),
        ({}, ALL),
        ({"namespace": "other"}, []),
        ({"listOptions.labelSelector": "team=data"}, ["arc-bad", "arc-good"]),
        ({"listOptions.labelSelector": "kind in (a,b),team,kind!=b"}, ["arc-good"]),
        ({"listOptions.fieldSelector": "metadata.name=arc-bad"}, ["arc-bad"]),
        ({"namePrefix": "arc-g"}, ["arc-gone", "arc-good"]),
        ({"nameFilter": "Contains", "listOptions.fieldSelector": "metadata.name=oo"}, ["arc-good"]),
        ({"listOptions.fieldSelector": "metadata.name=arc-wait"}, []),
    ],
)
def test_what_a_list_of_the_archive_holds(
    api: Api, uids: dict[str, str], query: dict[str, str], expected: list[str]
) -> None:
    assert names(api("GET", "/api/v1/archived-workflows", params=query)) == expected


def test_pages(api: Api, uids: dict[str, str]) -> None:
    first = api("GET", "/api/v1/archived-workflows", params={"listOptions.limit": "2"}).json()
    assert (len(first["items"]), first["metadata"]) == (2, {"continue": "2"})
    query = {"listOptions.limit": "2", "listOptions.continue": "2"}
    assert api("GET", "/api/v1/archived-workflows", params=query).json()["metadata"] == {}


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", f"archived-workflows/{NOBODY}", 404, "not found"),
        ("DELETE", f"archived-workflows/{NOBODY}", 404, "not found"),
        ("PUT", f"archived-workflows/{NOBODY}/retry", 404, "not found"),
        ("PUT", f"archived-workflows/{NOBODY}/resubmit", 404, "not found"),
        ("GET", "archived-workflows/-?name=arc-good&namespace=argo", 404, "not found"),
        ("GET", "archived-workflows?listOptions.continue=abc", 400, "listOptions.continue must be int"),
        ("GET", "archived-workflows?listOptions.limit=-1", 500, "runtime error: slice bounds out of range [:-1]"),
        (
            "GET",
            "archived-workflows-label-values?listOptions.labelSelector=team%3Ddata",
            400,
            "operation = is not supported",
        ),
        ("PUT", "workflows/argo/arc-gone/stop", 404, 'workflows.argoproj.io "arc-gone" not found'),
        ("PUT", "workflows/argo/arc-gone/retry", 404, 'workflows.argoproj.io "arc-gone" not found'),
        ("GET", f"workflows/argo/arc-gone?uid={NOBODY}", 404, 'workflows.argoproj.io "arc-gone" not found'),
    ],
)
def test_what_is_refused(api: Api, uids: dict[str, str], method: str, path: str, status: int, message: str) -> None:
    answer = api(method, f"/api/v1/{path}")

    assert (answer.status_code, answer.json()["message"]) == (status, message)


def test_labels(api: Api, uids: dict[str, str]) -> None:
    keys = api("GET", "/api/v1/archived-workflows-label-keys").json()["items"]
    assert {"team", "kind", "workflows.argoproj.io/phase", STATUS} <= set(keys)
    path = "/api/v1/archived-workflows-label-values"
    assert api("GET", path, params={"listOptions.labelSelector": "team"}).json() == {"items": ["data", "ops"]}
    assert api("GET", path, params={"listOptions.labelSelector": "nope"}).json() == {}


def test_lists_of_workflows_take_what_is_finished_from_the_archive(api: Api, uids: dict[str, str]) -> None:
    body = api("GET", "/api/v1/workflows/argo").json()
    rows = {item["metadata"]["name"]: item for item in body["items"]}

    assert sorted(rows) == sorted([*ALL, "arc-wait"])
    assert body["metadata"]["continue"] == "5"
    row = rows["arc-good"]
    assert row["metadata"]["labels"][STATUS] == "Persisted"
    assert row["spec"] == {"arguments": {"parameters": [{"name": "code", "value": "0"}]}}
    assert "nodes" not in row["status"]
    assert "nodes" in rows["arc-wait"]["status"]


def test_a_deleted_workflow_is_still_there_by_name_and_by_uid(api: Api, uids: dict[str, str]) -> None:
    by_name = api("GET", "/api/v1/workflows/argo/arc-gone").json()
    by_uid = api("GET", "/api/v1/workflows/argo/arc-good", params={"uid": uids["arc-gone"]}).json()

    assert by_name["metadata"]["labels"][STATUS] == "Persisted"
    assert len(by_name["status"]["nodes"]) == 4
    assert by_uid == by_name == api("GET", f"/api/v1/archived-workflows/{uids['arc-gone']}").json()


def test_retry_in_the_archive(api: Api, uids: dict[str, str]) -> None:
    path = "/api/v1/archived-workflows/{}/retry"
    live = api("PUT", path.format(uids["arc-bad"]))
    assert live.status_code == 409
    assert live.json()["message"] == "Workflow already exists on cluster, use argo retry {name} instead"

    back = api("PUT", path.format(uids["arc-gone"])).json()
    assert back["metadata"]["uid"] != uids["arc-gone"]
    assert {node["name"]: node["phase"] for node in back["status"]["nodes"].values()} == {
        "arc-gone": "Running",
        "arc-gone[0]": "Running",
        "arc-gone[0].one": "Succeeded",
    }
    assert api.wait("arc-gone")["status"]["phase"] == "Failed"
    api("DELETE", "/api/v1/workflows/argo/arc-gone")
    newest = api("GET", "/api/v1/workflows/argo/arc-gone").json()
    assert newest["metadata"]["uid"] == back["metadata"]["uid"]
    assert api("DELETE", f"/api/v1/archived-workflows/{back['metadata']['uid']}").ok


@pytest.mark.parametrize("path", ["workflows/argo/arc-gone", "archived-workflows/UID"])
def test_resubmit_of_a_deleted_workflow(api: Api, uids: dict[str, str], path: str) -> None:
    found = path.replace("UID", uids["arc-gone"])
    made = api("PUT", f"/api/v1/{found}/resubmit", json={"parameters": ["code=0"]}).json()

    assert made["metadata"]["generateName"] == "arc-gone-"
    assert STATUS not in made["metadata"]["labels"]
    workflow = api.wait(made["metadata"]["name"], is_archived)
    assert workflow["status"]["phase"] == "Succeeded"
    api("DELETE", f"/api/v1/workflows/argo/{made['metadata']['name']}")
    api("DELETE", f"/api/v1/archived-workflows/{made['metadata']['uid']}")


def test_what_is_deleted_in_the_archive_stays_live(api: Api) -> None:
    uid = create(api, "arc-both", 0)["metadata"]["uid"]
    assert api("DELETE", f"/api/v1/archived-workflows/{uid}").ok

    assert api("GET", "/api/v1/workflows/argo/arc-both").json()["metadata"]["labels"][STATUS] == "Archived"


def test_deleted_while_it_ran_it_is_not_archived(api: Api) -> None:
    api.create("arc-never", {"name": "main", "suspend": {}})
    api("DELETE", "/api/v1/workflows/argo/arc-never")

    assert api("GET", "/api/v1/workflows/argo/arc-never").status_code == 404
