"""The stream of events, over HTTP."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

WATCH = "/api/v1/workflow-events/argo"
FEW = "result.type,result.object.metadata.name,result.object.status.phase,error"
SUSPENDED = {"name": "main", "suspend": {}}


class Events:
    """The events of a stream, one after another."""

    def __init__(self, api: Any, **query: str) -> None:
        params = {"listOptions.timeoutSeconds": "20", "fields": FEW} | {
            key if key == "fields" else f"listOptions.{key}": value for key, value in query.items()
        }
        self._answer = api("GET", WATCH, params=params, stream=True)
        self._lines = self._answer.iter_lines(chunk_size=1)

    def next(self) -> tuple[str, str, str | None]:
        message = json.loads(next(self._lines))
        assert "result" in message, message
        found = message["result"]["object"]
        return message["result"]["type"], found["metadata"]["name"], found["status"].get("phase")

    def until(self, kind: str, phase: str | None) -> list[tuple[str, str, str | None]]:
        seen = [self.next()]
        while seen[-1][0] != kind or seen[-1][2] != phase:
            seen.append(self.next())
        return seen

    def close(self) -> None:
        self._answer.close()


@pytest.fixture
def watch(api: Any) -> Iterator[Callable[..., Events]]:
    opened: list[Events] = []

    def open_stream(**query: str) -> Events:
        opened.append(Events(api, **query))
        return opened[-1]

    yield open_stream
    for events in opened:
        events.close()


def version(api: Any) -> str:
    return str(api("GET", "/api/v1/workflows/argo").json()["metadata"]["resourceVersion"])


def test_a_workflow_is_added_without_a_phase_runs_ends_and_is_deleted(
    api: Any, watch: Callable[..., Events], sh: Callable[[str], dict[str, Any]]
) -> None:
    start = version(api)
    api.create("life", sh("true"), labels={"watch": "life"})
    # A stream that begins later hears of what happened since all the same.
    events = watch(labelSelector="watch=life", resourceVersion=start)
    seen = events.until("MODIFIED", "Succeeded") if api.wait("life") else []
    api("DELETE", "/api/v1/workflows/argo/life")

    assert events.next() == ("DELETED", "life", "Succeeded")
    assert seen[0][0] == "ADDED"
    assert {event[0] for event in seen[1:]} == {"MODIFIED"}


def test_who_creates_a_workflow_finds_it_running_and_who_watches_sees_it_before(
    api: Any, watch: Callable[..., Events]
) -> None:
    api.create("first", SUSPENDED, labels={"watch": "new"})
    events = watch(labelSelector="watch=new")
    events.until("ADDED", "Running")

    answered = api.create("second", SUSPENDED, labels={"watch": "new"}).json()
    found = api("GET", "/api/v1/workflows/argo/second").json()

    assert answered["status"].get("phase") is None
    assert found["status"]["phase"] == "Running"
    # On the way there is what else happened to the first.
    assert ("ADDED", "second", None) in events.until("MODIFIED", "Running")


def test_what_is_there_comes_first(api: Any, watch: Callable[..., Events]) -> None:
    for name in ("there-a", "there-b"):
        api.create(name, SUSPENDED, labels={"watch": "there"})
        api.wait(name, lambda workflow: workflow["status"].get("phase"))

    events = watch(labelSelector="watch=there")

    assert [events.next(), events.next()] == [("ADDED", "there-a", "Running"), ("ADDED", "there-b", "Running")]


def test_from_a_version_on_only_changes_come(api: Any, watch: Callable[..., Events]) -> None:
    api.create("changing", SUSPENDED)
    api.wait("changing", lambda workflow: workflow["status"].get("phase"))

    start = version(api)
    api("PUT", "/api/v1/workflows/argo/changing/resume", json={})
    events = watch(fieldSelector="metadata.name=changing", resourceVersion=start)

    assert events.until("MODIFIED", "Succeeded")[0][0] == "MODIFIED"


def test_a_running_workflow_that_is_deleted_was_running(api: Any, watch: Callable[..., Events]) -> None:
    api.create("doomed", SUSPENDED)
    api.wait("doomed", lambda workflow: workflow["status"].get("phase"))
    events = watch(fieldSelector="metadata.name=doomed")
    assert events.next() == ("ADDED", "doomed", "Running")

    api("DELETE", "/api/v1/workflows/argo/doomed")

    assert events.next() == ("DELETED", "doomed", "Running")


def test_a_bookmark_ends_the_initial_events_where_asked_for(api: Any) -> None:
    api.create("marked", labels={"watch": "marked"})
    api.wait("marked")
    query = {
        "listOptions.labelSelector": "watch=marked",
        "listOptions.sendInitialEvents": "true",
        "listOptions.allowWatchBookmarks": "true",
        "listOptions.resourceVersionMatch": "NotOlderThan",
        "listOptions.timeoutSeconds": "1",
    }

    messages = [json.loads(line) for line in api("GET", WATCH, params=query).text.splitlines()]

    assert [message.get("result", {}).get("type") for message in messages] == ["ADDED", "BOOKMARK", None]
    bookmark = messages[1]["result"]["object"]
    assert set(bookmark["metadata"]) == {"resourceVersion"}


def test_lines_end_in_a_newline_but_for_the_last_error(api: Any) -> None:
    api.create("framed", labels={"watch": "framed"})
    api.wait("framed")
    query = {"listOptions.labelSelector": "watch=framed", "listOptions.timeoutSeconds": "1", "fields": FEW}

    answer = api("GET", WATCH, params=query)

    first, error = answer.text.split("\n")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(first)["result"]["type"] == "ADDED"
    assert json.loads(error)["error"] == {
        "grpc_code": 8,
        "http_code": 429,
        "message": "EOF",
        "http_status": "Too Many Requests",
    }


def test_server_sent_events_are_framed_as_argo_frames_them(api: Any) -> None:
    api.create("framed-sse", labels={"watch": "sse"})
    api.wait("framed-sse")
    query = {"listOptions.labelSelector": "watch=sse", "listOptions.timeoutSeconds": "1", "fields": "result.type"}

    answer = api("GET", WATCH, params=query, headers={"Accept": "text/event-stream"})

    assert answer.headers["content-type"] == "text/event-stream"
    assert answer.text == 'data: {"result":{"type":"ADDED"}} \n\n\ndata: {} \n\n'


@pytest.mark.parametrize(
    ("fields", "first"),
    [
        ("result.type", {"result": {"type": "ADDED"}}),
        ("metadata.name", {}),
        (
            "result.object",
            {"result": {"object": {"metadata": {}, "spec": {"arguments": {}}, "status": {}}}},
        ),
        ("-result.object", {"result": {"type": "ADDED"}}),
    ],
)
def test_fields_are_applied_to_the_envelope_too(api: Any, fields: str, first: dict[str, Any]) -> None:
    api.create("enveloped")
    api.wait("enveloped")
    query = {"listOptions.fieldSelector": "metadata.name=enveloped", "listOptions.timeoutSeconds": "1"}

    line = json.loads(api("GET", WATCH, params={**query, "fields": fields}).text.splitlines()[0])

    for time in ("startedAt", "finishedAt"):
        line.get("result", {}).get("object", {}).get("status", {}).pop(time, None)
    assert line == first
    api("DELETE", "/api/v1/workflows/argo/enveloped")
