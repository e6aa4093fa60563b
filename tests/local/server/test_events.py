"""Events through the whole server: bindings are files below ``objects``."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.testing import running_server

BINDING = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowEventBinding
metadata: {name: greet, namespace: argo, labels: {kind: greeting}}
spec:
  event: {selector: 'discriminator == "hello" && payload.name != nil'}
  submit:
    workflowTemplateRef: {name: greeter}
    metadata: {name: '"hello-" + payload.name'}
    arguments: {parameters: [{name: who, valueFrom: {event: payload.name}}]}
"""


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("objects")


@pytest.fixture(scope="module")
def url(objects: Path) -> Iterator[str]:
    with running_server(objects=objects) as url:
        yield url


@pytest.fixture(autouse=True)
def only_this_binding(objects: Path, api: Any) -> Iterator[None]:
    (objects / "greet.yaml").write_text(BINDING)
    echo = {"name": "main", "inputs": {"parameters": [{"name": "who"}]}, "suspend": {"duration": "0"}}
    spec = {"entrypoint": "main", "arguments": {"parameters": [{"name": "who"}]}, "templates": [echo]}
    template = {"metadata": {"name": "greeter"}, "spec": spec}
    assert api("POST", "/api/v1/workflow-templates/argo", json={"template": template}).ok
    yield
    api("DELETE", "/api/v1/workflow-templates/argo/greeter")
    for path in objects.iterdir():
        path.unlink()


def started(api: Any) -> list[str]:
    query = {"listOptions.labelSelector": "workflows.argoproj.io/workflow-event-binding"}
    items = api("GET", "/api/v1/workflows/argo", params=query).json()["items"] or ()
    return [item["metadata"]["name"] for item in items]


def test_an_event_runs_the_template_of_its_binding(api: Any) -> None:
    answer = api("POST", "/api/v1/events/argo/hello", json={"name": "ada"})

    assert (answer.status_code, answer.json()) == (200, {})
    workflow = api.wait("hello-ada")
    assert workflow["status"]["phase"] == "Succeeded"
    root = workflow["status"]["nodes"]["hello-ada"]
    assert root["inputs"]["parameters"] == [{"name": "who", "value": "ada"}]


@pytest.mark.parametrize("path", ["argo/other", "argo/", "elsewhere/other"])
def test_an_event_that_nothing_is_bound_to_starts_nothing(api: Any, path: str) -> None:
    before = started(api)

    answer = api("POST", f"/api/v1/events/{path}", json={"name": "eve"})

    assert (answer.status_code, answer.json()) == (200, {})
    assert started(api) == before


def test_one_binding_that_fails_does_not_keep_another_from_its_work(api: Any, objects: Path) -> None:
    broken = BINDING.replace("name: greet,", "name: broken,").replace("payload.name != nil", "payload.")
    (objects / "broken.yaml").write_text(broken)

    answer = api("POST", "/api/v1/events/argo/hello", json={"name": "bob"})

    assert (answer.status_code, answer.json()["code"]) == (500, 13)
    assert answer.json()["message"].startswith(
        "failed to dispatch event: [failed to evaluate workflow template expression: unexpected end of expression"
    )
    api.wait("hello-bob")


@pytest.mark.parametrize("body", ["", "5", "null", "[1]", '"text"'])
def test_a_payload_may_be_any_json(api: Any, body: str) -> None:
    assert api("POST", "/api/v1/events/elsewhere/none", data=body).json() == {}


@pytest.mark.parametrize(
    ("body", "message"),
    [("notjson", "invalid character 'o' in literal null (expecting 'u')"), ('{"a":', "unexpected EOF")],
)
def test_a_payload_that_is_no_json_is_refused(api: Any, body: str, message: str) -> None:
    answer = api("POST", "/api/v1/events/argo/hello", data=body)

    assert (answer.status_code, answer.json()) == (400, {"code": 3, "message": message})


def test_a_missing_template_is_named(api: Any) -> None:
    api("DELETE", "/api/v1/workflow-templates/argo/greeter")

    answer = api("POST", "/api/v1/events/argo/hello", json={"name": "ada"})

    problem = 'failed to get workflow template: workflowtemplates.argoproj.io "greeter" not found'
    assert (answer.status_code, answer.json()["message"]) == (500, f"failed to dispatch event: [{problem}]")


def test_what_argo_finds_invalid_only_later_is_a_failed_workflow(api: Any, objects: Path) -> None:
    (objects / "greet.yaml").write_text(BINDING.partition("    arguments")[0])

    assert api("POST", "/api/v1/events/argo/hello", json={"name": "nobody"}).status_code == 200

    status = api("GET", "/api/v1/workflows/argo/hello-nobody").json()["status"]
    assert (status["phase"], status["message"]) == (
        "Failed",
        "invalid spec: spec.arguments.who.value or spec.arguments.who.valueFrom is required",
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, True),
        ({"listOptions.labelSelector": "kind=greeting"}, True),
        ({"listOptions.labelSelector": "kind!=greeting"}, False),
        ({"listOptions.fieldSelector": "metadata.name=greet"}, True),
        ({"listOptions.fieldSelector": "metadata.name!=greet"}, False),
    ],
)
def test_bindings_are_listed(api: Any, query: dict[str, str], found: bool) -> None:
    items = api("GET", "/api/v1/workflow-event-bindings/argo", params=query).json()["items"]

    assert [item["metadata"]["name"] for item in items or ()] == ["greet"] * found
    if items:
        assert items[0]["metadata"]["namespace"] == "argo"
        assert items[0]["spec"]["submit"]["workflowTemplateRef"] == {"name": "greeter"}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"listOptions.limit": "x"}, 'strconv.ParseInt: parsing "x": invalid syntax'),
        ({"listOptions.fieldSelector": "a=b"}, "field label not supported: a"),
    ],
)
def test_a_bad_query_is_refused(api: Any, query: dict[str, str], problem: str) -> None:
    answer = api("GET", "/api/v1/workflow-event-bindings/argo", params=query)

    assert (answer.status_code, answer.json()["code"]) == (400, 3)
    assert answer.json()["message"].endswith(problem)


def test_a_binding_that_cannot_be_read_is_named_with_its_line(api: Any, objects: Path) -> None:
    (objects / "bad.yaml").write_text(
        "kind: WorkflowEventBinding\nmetadata: {name: bad}\nspec:\n  event: {selector: 5}\n"
    )

    for method, path in (("GET", "workflow-event-bindings/argo"), ("POST", "events/argo/hello")):
        answer = api(method, f"/api/v1/{path}", json={})
        assert (answer.status_code, answer.json()["code"]) == (500, 13)
        assert "bad.yaml, line 4: WorkflowEventBinding 'bad': json: cannot unmarshal number" in answer.json()["message"]


def test_a_bad_binding_keeps_no_workflow_from_its_config_maps(api: Any, objects: Path, sh: Callable[..., Any]) -> None:
    (objects / "bad.yaml").write_text("kind: WorkflowEventBinding\nmetadata: {name: bad}\nspec: {event: 5}\n")

    api.create("beside-a-bad-binding", sh("true"))

    assert api.wait("beside-a-bad-binding")["status"]["phase"] == "Succeeded"
