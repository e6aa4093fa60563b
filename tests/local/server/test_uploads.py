"""A file is uploaded for an artifact of a template, and a submit takes it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

Sh = Callable[..., dict[str, Any]]


@pytest.fixture
def template(api: Any, sh: Sh) -> Iterator[str]:
    main = sh("cp /tmp/rows /tmp/copy")
    main["inputs"] = {"artifacts": [{"name": "rows", "path": "/tmp/rows"}]}
    main["outputs"] = {"parameters": [{"name": "copy", "valueFrom": {"path": "/tmp/copy"}}]}
    arguments = {
        "artifacts": [
            {"name": "rows", "s3": {"key": "sample"}, "archive": {"none": {}}},
            {"name": "fixed", "raw": {"data": "x"}},
        ]
    }
    spec = {"entrypoint": "main", "arguments": arguments, "templates": [main]}
    made = api("POST", "/api/v1/workflow-templates/argo", json={"template": {"metadata": {"name": "up"}, "spec": spec}})
    assert made.ok, made.text
    yield "up"
    api("DELETE", "/api/v1/workflow-templates/argo/up")


def submit(api: Any, *artifacts: str, **options: Any) -> Any:
    options = {"name": "uploaded", "artifacts": list(artifacts), **options}
    body = {"resourceKind": "WorkflowTemplate", "resourceName": "up", "submitOptions": options}
    return api("POST", "/api/v1/workflows/argo/submit", json=body)


@pytest.mark.parametrize("file_name", ["rows.csv", "../../rows.csv", "C:\\data\\rows.csv"])
def test_an_uploaded_file_reaches_the_worker(api: Any, template: str, file_name: str) -> None:
    answer = api("POST", f"/upload-artifacts/argo/{template}/rows", files={"file": (file_name, b"1;2")})

    assert answer.status_code == 200, answer.text
    assert answer.json()["name"] == "rows"
    key = answer.json()["key"]
    assert key.startswith("uploads/argo/")
    assert key.endswith("/rows.csv")
    submitted = submit(api, f"rows={key}")
    assert submitted.json()["spec"]["arguments"]["artifacts"] == [
        {"name": "rows", "archive": {"none": {}}, "s3": {"key": key}}
    ]
    status = api.wait("uploaded")["status"]
    assert status["nodes"]["uploaded"]["outputs"]["parameters"][0]["value"] == "1;2", status
    api("DELETE", "/api/v1/workflows/argo/uploaded")


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("argo/up", 400, "Invalid path. Expected: /upload-artifacts/{namespace}/{workflowTemplateName}/{artifactName}"),
        ("argo/no/rows", 404, 'Failed to get WorkflowTemplate argo/no: workflowtemplates.argoproj.io "no" not found'),
        ("other/up/rows", 404, 'Failed to get WorkflowTemplate other/up: workflowtemplates.argoproj.io "up" not found'),
        ("argo/up/nope", 404, "Artifact 'nope' not found in WorkflowTemplate argo/up arguments.artifacts"),
        ("argo/up/fixed", 500, "Failed to set artifact key: key unsupported: cannot set key for raw artifact"),
    ],
)
def test_an_upload_that_fits_nowhere_is_refused(api: Any, template: str, path: str, status: int, text: str) -> None:
    answer = api("POST", f"/upload-artifacts/{path}", files={"file": ("f", b"x")})

    assert (answer.status_code, answer.text) == (status, f"{text}\n")


@pytest.mark.parametrize(
    ("request_of", "status", "text"),
    [
        ({"data": b"x"}, 400, "Failed to parse multipart form: request Content-Type isn't multipart/form-data"),
        ({"files": {"other": ("f", b"x")}}, 400, "Failed to get file from form: http: no such file"),
        ({"files": {"file": ("..", b"x")}}, 500, "Internal Server Error"),
        ({"files": {"file": ("/", b"x")}}, 400, "Invalid filename"),
        (
            {"data": b"--b\r\nbroken", "headers": {"Content-Type": "multipart/form-data; boundary=b"}},
            400,
            "Failed to get file from form: http: no such file",
        ),
        ({"data": b"x", "headers": {"Content-Type": "multipart/form-data"}}, 400, "Failed to parse multipart form: "),
    ],
)
def test_a_body_that_is_no_form_with_a_file_is_refused(
    api: Any, template: str, request_of: dict[str, Any], status: int, text: str
) -> None:
    answer = api("POST", f"/upload-artifacts/argo/{template}/rows", **request_of)

    assert answer.status_code == status, answer.text
    assert answer.text.startswith(text)


def test_only_a_post_uploads(api: Any) -> None:
    answer = api("GET", "/upload-artifacts/argo/up/rows")

    assert (answer.status_code, answer.text) == (405, "Method not allowed\n")


@pytest.mark.parametrize(
    ("override", "status", "text"),
    [
        ("rows", 400, "expected artifact of the form: NAME=KEY. Received: rows"),
        ("nope=k", 400, "artifact override(s) matched no artifact: nope"),
        (
            "rows=../secret",
            400,
            'invalid artifact key override for rows: artifact key "../secret" must start with "uploads/argo/"',
        ),
    ],
)
def test_a_submit_takes_no_other_keys(api: Any, template: str, override: str, status: int, text: str) -> None:
    answer = submit(api, override)

    assert (answer.status_code, answer.json()["message"]) == (status, text)


def test_a_submit_with_artifacts_names_a_missing_template(api: Any) -> None:
    answer = submit(api, "rows=k")

    problem = 'failed to get WorkflowTemplate for artifact override: workflowtemplates.argoproj.io "up" not found'
    assert (answer.status_code, answer.json()["message"]) == (404, problem)
