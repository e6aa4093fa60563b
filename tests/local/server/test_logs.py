"""Logs, over HTTP."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

Sh = Callable[..., dict[str, Any]]


def lines(answer: Any) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line)["result"] for line in answer.text.splitlines()]


def log(api: Any, name: str, **query: str) -> Any:
    params = {"logOptions.container": "main", **{key.replace("_", "."): value for key, value in query.items()}}
    return api("GET", f"/api/v1/workflows/argo/{name}/log", params=params)


@pytest.fixture
def three_lines(api: Any, sh: Sh) -> str:
    api.create("three-lines", sh("printf 'one\\n\\nthree'"))
    api.wait("three-lines")
    return "three-lines"


def test_what_a_pod_wrote_an_empty_line_without_content(api: Any, three_lines: str) -> None:
    pod = {"podName": "three-lines"}

    assert lines(log(api, three_lines)) == [{"content": "one"} | pod, pod, {"content": "three"} | pod]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"grep": "^t.*e$"}, ["three"]),
        ({"logOptions_tailLines": "1"}, ["three"]),
        ({"logOptions_tailLines": "0"}, []),
        ({"logOptions_limitBytes": "2"}, ["on"]),
        ({"logOptions_limitBytes": "0"}, []),
        ({"logOptions_sinceSeconds": "0"}, []),
        ({"logOptions_sinceSeconds": "-1"}, []),
        ({"podName": "three-lines"}, ["one", "", "three"]),
        ({"podName": "another"}, []),
        ({"selector": "workflows.argoproj.io/workflow=three-lines"}, ["one", "", "three"]),
        ({"selector": "workflows.argoproj.io/completed=false"}, []),
        ({"logOptions_previous": "true"}, []),
        ({"logOptions_container": "wait"}, []),
        ({"logOptions_container": ""}, []),
        ({"logOptions_follow": "true"}, ["one", "", "three"]),
    ],
)
def test_what_is_asked_of_a_log(api: Any, three_lines: str, query: dict[str, str], expected: list[str]) -> None:
    assert [line.get("content", "") for line in lines(log(api, three_lines, **query))] == expected


def test_the_path_with_the_pod_name(api: Any, three_lines: str) -> None:
    path = f"/api/v1/workflows/argo/{three_lines}/{three_lines}/log"

    assert len(lines(api("GET", path, params={"logOptions.container": "main"}))) == 3


def test_the_log_of_all_pods_of_a_fan_out(api: Any, sh: Sh) -> None:
    worker = sh("echo worker {{inputs.parameters.i}}", "worker")
    worker["inputs"] = {"parameters": [{"name": "i"}]}
    call = {
        "name": "w",
        "template": "worker",
        "withItems": [0, 1, 2],
        "arguments": {"parameters": [{"name": "i", "value": "{{item}}"}]},
    }
    api.create("fanned", {"name": "main", "dag": {"tasks": [call]}}, worker)
    api.wait("fanned")

    found = lines(log(api, "fanned"))

    assert sorted(line["content"] for line in found) == ["worker 0", "worker 1", "worker 2"]
    assert len({line["podName"] for line in found}) == 3


def test_following_a_workflow_gives_the_lines_of_pods_that_start_later(api: Any, sh: Sh) -> None:
    steps = [[{"name": "a", "template": "first"}], [{"name": "b", "template": "second"}]]
    api.create("followed", {"name": "main", "steps": steps}, sh("echo 1", "first"), sh("echo 2", "second"))

    found = lines(log(api, "followed", logOptions_follow="true"))

    assert [line["content"] for line in found] == ["1", "2"]
    assert api("GET", "/api/v1/workflows/argo/followed").json()["status"]["phase"] == "Succeeded"


def test_a_broken_expression_is_refused(api: Any, three_lines: str) -> None:
    answer = log(api, three_lines, grep="([")

    assert answer.status_code == 500
    assert answer.json()["error"]["message"].startswith('failed to compile "([": error parsing regexp:')


def test_an_expression_that_backtracks_for_ever_does_not_stop_the_server(api: Any, three_lines: str) -> None:
    query = {"logOptions.container": "main", "grep": "(.*)*(.*)*(.*)*[^ -~]"}
    assert api("GET", f"/api/v1/workflows/argo/{three_lines}/log", params=query).text == ""


def test_a_time_cannot_be_given_over_http_as_on_the_real_server(api: Any, three_lines: str) -> None:
    query = {"logOptions.container": "main", "logOptions.sinceTime": "2026-01-01T00:00:00Z"}
    answer = api("GET", f"/api/v1/workflows/argo/{three_lines}/log", params=query)
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "field type *v1.Time is not supported in query parameters",
    )


def test_each_line_begins_with_its_time_where_that_is_wanted(api: Any, three_lines: str) -> None:
    found = [line["content"] for line in lines(log(api, three_lines, logOptions_timestamps="true"))]

    assert [line.partition(" ")[2] for line in found] == ["one", "", "three"]
    finished = api("GET", f"/api/v1/workflows/argo/{three_lines}").json()["status"]["finishedAt"]
    for line in found:
        assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z ", line)
        assert line <= f"{finished[:-1]}.999999999Z"


def test_what_is_older_can_be_left_out(api: Any, sh: Sh) -> None:
    api.create("aging", sh("echo old; sleep 2.1; echo new"))
    api.wait("aging")

    assert [line["content"] for line in lines(log(api, "aging", logOptions_sinceSeconds="1"))] == ["new"]
    assert len(lines(log(api, "aging", logOptions_sinceSeconds="600"))) == 2


@pytest.mark.parametrize("follow", ["false", "true"])
def test_the_lines_of_several_pods_come_in_the_order_of_their_times(api: Any, sh: Sh, follow: str) -> None:
    name = f"merged-{follow}"
    early, late = sh("echo 1; sleep 0.4; echo 3", "early"), sh("sleep 0.2; echo 2; sleep 0.4; echo 4", "late")
    tasks = [{"name": "a", "template": "late"}, {"name": "b", "template": "early"}]
    api.create(name, {"name": "main", "dag": {"tasks": tasks}}, early, late)
    api.wait(name)

    assert [line["content"] for line in lines(log(api, name, logOptions_follow=follow))] == ["1", "2", "3", "4"]


def test_a_deleted_workflow_has_no_log(api: Any, three_lines: str) -> None:
    api("DELETE", f"/api/v1/workflows/argo/{three_lines}")

    assert log(api, three_lines).status_code == 404


def test_a_carriage_return_ends_a_line_together_with_the_newline(api: Any, sh: Sh) -> None:
    api.create("returns", sh("printf 'one\\r\\ntw\\ro\\r\\n'"))
    api.wait("returns")
    assert [line["content"] for line in lines(log(api, "returns"))] == ["one", "tw\ro"]
