"""The server as a whole: how it starts, what it keeps, whom it answers, how it ends."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.testing import running_server

Sh = Callable[..., dict[str, Any]]
COMMAND = [sys.executable, "-m", "airflow_argo.local", "--port", "0"]


@contextlib.contextmanager
def server_process(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server as a program of its own, and its URL."""
    with subprocess.Popen([*COMMAND, *options], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, server.stdout.readline().strip()
        finally:
            server.kill()


def test_it_says_what_it_is(api: Any) -> None:
    answer = api("GET", "/api/v1/version")

    assert answer.json()["version"].startswith("v4.1.2+embedded")
    assert answer.headers["grpc-metadata-argo-version"] == answer.json()["version"]


def test_a_workflow_runs_and_gives_its_output(api: Any, sh: Sh) -> None:
    template = sh("echo -n hello > /tmp/result")
    template["outputs"] = {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]}
    created = api.create("outputs", template)
    assert created.status_code == 200
    assert created.json()["status"] == {"startedAt": None, "finishedAt": None}

    node = api.wait("outputs")["status"]["nodes"]["outputs"]

    assert node["phase"] == "Succeeded"
    assert node["outputs"]["parameters"][0]["value"] == "hello"


def test_a_running_workflow_is_stopped(api: Any, sh: Sh) -> None:
    api.create("stopped", sh("exec sleep 60"))
    api.wait(
        "stopped", lambda workflow: workflow["status"].get("nodes", {}).get("stopped", {}).get("phase") == "Running"
    )

    assert api("PUT", "/api/v1/workflows/argo/stopped/stop", json={}).json()["spec"]["shutdown"] == "Stop"

    status = api.wait("stopped")["status"]
    assert (status["phase"], status["message"]) == ("Failed", "Stopped with strategy 'Stop'")


def test_what_the_engine_cannot_do_is_refused_by_name(api: Any) -> None:
    answer = api.create("refused", {"name": "main", "resource": {"action": "get", "manifest": "kind: Pod"}})

    assert answer.status_code == 400
    assert "embedded Argo Server does not support" in answer.json()["message"]
    assert "templates.main.resource" in answer.json()["message"]


def test_a_body_that_is_too_large_is_refused_and_the_server_lives(api: Any) -> None:
    answer = api("POST", "/api/v1/workflows/argo", data=b" " * (33 * 1024 * 1024))

    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Request entity too large")
    assert api("GET", "/api/v1/version").ok


@pytest.mark.parametrize("body", [b'{"workflow": "x"}', b"[" * 10**6, b"\xff\xfe", b'{"workflow":{"spec":[1]}}'])
def test_a_malformed_body_is_refused_and_the_server_lives(api: Any, body: bytes) -> None:
    assert api("POST", "/api/v1/workflows/argo", data=body).status_code == 400
    assert api("GET", "/api/v1/version").ok


def test_lint_tells_what_cannot_be_read_from_what_is_not_valid(api: Any) -> None:
    unreadable = {"workflow": {"spec": {"entrypoint": 3}}}
    invalid = {"workflow": {"spec": {"entrypoint": "main", "templates": [{"name": "other", "suspend": {}}]}}}
    answers = [api("POST", "/api/v1/workflows/argo/lint", json=body) for body in (unreadable, invalid)]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, 3), (500, 2)]


def test_templates_of_all_namespaces_are_listed(api: Any) -> None:
    template = {"metadata": {"name": "everywhere"}, "spec": {"templates": [{"name": "a", "suspend": {}}]}}
    api("POST", "/api/v1/workflow-templates/elsewhere", json={"template": template}).raise_for_status()
    listed = api("GET", "/api/v1/workflow-templates/").json()["items"]
    assert ("elsewhere", "everywhere") in [(each["metadata"]["namespace"], each["metadata"]["name"]) for each in listed]


def test_answers_do_not_wait_for_an_acknowledgement(api: Any) -> None:
    took = []
    for _ in range(5):
        begin = time.monotonic()
        api("GET", "/api/v1/version").raise_for_status()
        took.append(time.monotonic() - begin)
    assert min(took) < 0.035, "TCP waits 40 ms for a delayed ACK where TCP_NODELAY is not set"


def test_two_servers_do_not_share_a_directory(tmp_path: Path) -> None:
    with (
        running_server(tmp_path),
        pytest.raises(ArgoError, match="another embedded server"),
        running_server(tmp_path),
    ):
        pass


def test_after_a_restart_finished_workflows_and_templates_are_there(tmp_path: Path, sh: Sh) -> None:
    manifest = {"metadata": {"name": "kept"}, "spec": {"entrypoint": "main", "templates": [sh("echo written")]}}
    log = "/api/v1/workflows/argo/kept/log?logOptions.container=main"
    with running_server(tmp_path) as url:
        requests.post(f"{url}/api/v1/workflows/argo", json={"workflow": manifest}, timeout=10)
        requests.post(f"{url}/api/v1/workflow-templates/argo", json={"template": manifest}, timeout=10)
        before = requests.get(f"{url}{log}&logOptions.follow=true", timeout=30).text
        workflow = requests.get(f"{url}/api/v1/workflows/argo/kept", timeout=10).json()
    assert "written" in before

    with running_server(tmp_path) as url:
        assert requests.get(f"{url}/api/v1/workflows/argo/kept", timeout=10).json() == workflow
        assert requests.get(f"{url}{log}", timeout=10).text == before
        assert requests.get(f"{url}/api/v1/workflow-templates/argo/kept", timeout=10).ok


def test_after_a_restart_what_ran_has_lost_its_pod(tmp_path: Path, sh: Sh) -> None:
    manifest = {"metadata": {"name": "lost"}, "spec": {"entrypoint": "main", "templates": [sh("exec sleep 60")]}}
    watch = "/api/v1/workflow-events/argo?listOptions.fieldSelector=metadata.name=lost&listOptions.timeoutSeconds=20"

    def wait(url: str, phase: str) -> dict[str, Any]:
        with requests.get(f"{url}{watch}", stream=True, timeout=30) as answer:
            for line in answer.iter_lines(chunk_size=1):
                status: dict[str, Any] = json.loads(line)["result"]["object"]["status"]
                if status.get("nodes", {}).get("lost", {}).get("phase") == phase:
                    return status
        raise AssertionError(f"never {phase}")

    with running_server(tmp_path) as url:
        requests.post(f"{url}/api/v1/workflows/argo", json={"workflow": manifest}, timeout=10)
        wait(url, "Running")

    with running_server(tmp_path) as url:
        assert wait(url, "Error")["nodes"]["lost"]["message"] == "pod deleted"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_server_and_its_workers(number: signal.Signals, sh: Sh) -> None:
    # Kubernetes makes one dollar sign of two.
    template = sh("echo $$$$; exec sleep 60")
    manifest = {"metadata": {"name": "w"}, "spec": {"entrypoint": "main", "templates": [template]}}
    log = "/api/v1/workflows/argo/w/log?logOptions.container=main&logOptions.follow=true"
    with server_process() as (server, url):
        requests.post(f"{url}/api/v1/workflows/argo", json={"workflow": manifest}, timeout=10).raise_for_status()
        with requests.get(f"{url}{log}", stream=True, timeout=30) as lines:
            worker = int(json.loads(next(lines.iter_lines(chunk_size=1)))["result"]["content"])
        os.kill(worker, 0)

        server.send_signal(number)

        assert server.wait(timeout=20) == 0
        assert server.stdout is not None
        assert server.stdout.read() == ""
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def test_a_token_is_asked_for_where_one_is_set(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("secret\n")
    with server_process("--host", "0.0.0.0", "--token-file", str(tmp_path / "token")) as (_, url):
        workflows = url.replace("0.0.0.0", "127.0.0.1") + "/api/v1/workflows/argo"
        given = (None, "Bearer wrong", "Bearer secret")
        statuses = [
            requests.get(workflows, headers={"Authorization": header}, timeout=10).status_code for header in given
        ]

    assert statuses == [401, 401, 200]


def test_an_open_address_without_a_token_is_refused() -> None:
    done = subprocess.run([*COMMAND, "--host", "0.0.0.0"], capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert done.stdout == ""
    assert "--token-file" in done.stderr


def test_a_port_that_is_taken_is_said(url: str) -> None:
    port = url.rpartition(":")[2]
    command = [sys.executable, "-m", "airflow_argo.local", "--port", port]

    done = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert done.returncode == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.stderr


def test_it_starts_without_airflow() -> None:
    code = "import sys, airflow_argo.local.testing, airflow_argo.local.main; print('airflow' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)

    assert done.stdout == "False\n"


def test_lint_refuses_what_cannot_be_decoded_as_a_bad_request(api: Any) -> None:
    body = {"workflow": {"metadata": {"name": 5}}}

    answer = api("POST", "/api/v1/workflows/argo/lint", json=body)

    text = "json: cannot unmarshal number into Go struct field ObjectMeta.workflow.metadata.name of type string"
    assert (answer.status_code, answer.json()) == (400, {"code": 3, "message": text})


@pytest.mark.parametrize(
    ("cron", "message"),
    [
        ({"spec": {"schedules": [None]}}, "cron schedule  is malformed: empty spec string"),
        (
            {"metadata": {"name": 5}},
            "json: cannot unmarshal number into Go struct field ObjectMeta.cronWorkflow.metadata.name of type string",
        ),
    ],
)
def test_a_malformed_cron_workflow_is_refused(api: Any, cron: dict[str, Any], message: str) -> None:
    answer = api("POST", "/api/v1/cron-workflows/argo", json={"cronWorkflow": cron})

    assert (answer.status_code, answer.json()) == (400, {"code": 3, "message": message})


def test_a_base_url_that_ends_in_a_slash_works(api: Any) -> None:
    assert api("GET", "//api/v1/version").json()["version"].startswith("v4")

    answer = api("POST", "//api/v1/workflows/argo/lint?x=y", data="{}", allow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, "/api/v1/workflows/argo/lint?x=y")


def test_nodes_stay_where_only_a_part_of_one_is_left_out(api: Any) -> None:
    api.create("parts")
    api.wait("parts")

    for fields in ("-status.nodes.parts.displayName", "-"):
        nodes = api("GET", "/api/v1/workflows/argo/parts", params={"fields": fields}).json()["status"]["nodes"]
        assert nodes["parts"]["phase"] == "Succeeded"
    listed = api("GET", "/api/v1/workflows/argo", params={"fields": "-items.status.nodes.parts.displayName"}).json()
    (parts,) = (item for item in listed["items"] if item["metadata"]["name"] == "parts")
    assert "displayName" not in parts["status"]["nodes"]["parts"]


@pytest.mark.parametrize("path", ["workflow-templates/argo", "cluster-workflow-templates", "cron-workflows/argo"])
def test_templates_and_crons_are_listed_by_name(api: Any, path: str) -> None:
    spec = {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}
    is_cron = path.startswith("cron")
    for name in ("by-name-a", "by-name-b"):
        given = {"schedules": ["0 0 1 1 *"], "workflowSpec": spec} if is_cron else spec
        body = {"cronWorkflow" if is_cron else "template": {"metadata": {"name": name}, "spec": given}}
        assert api("POST", f"/api/v1/{path}", json=body).status_code == 200

    def names(selector: str) -> list[str]:
        items = api("GET", f"/api/v1/{path}", params={"listOptions.fieldSelector": selector}).json()["items"] or []
        return [name for name in (item["metadata"]["name"] for item in items) if name.startswith("by-name")]

    assert names("metadata.name=by-name-a") == ["by-name-a"]
    assert names("metadata.name!=by-name-a") == ["by-name-b"]
    answer = api("GET", f"/api/v1/{path}", params={"listOptions.fieldSelector": "status.phase=x"})
    assert answer.status_code == 400
    assert answer.json()["message"].endswith("field label not supported: status.phase")


def test_trying_to_delete_a_cron_workflow_leaves_it(api: Any) -> None:
    spec = {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}
    cron = {"metadata": {"name": "tried"}, "spec": {"schedules": ["0 0 1 1 *"], "workflowSpec": spec}}
    api("POST", "/api/v1/cron-workflows/argo", json={"cronWorkflow": cron})
    one = "/api/v1/cron-workflows/argo/tried"

    assert api("DELETE", one, params={"deleteOptions.dryRun": "All"}).json() == {}
    assert api("GET", one).status_code == 200
    assert api("DELETE", one).status_code == 200
    assert api("GET", one).status_code == 404


def test_a_cron_workflow_that_is_not_there_is_not_found_whatever_is_sent(api: Any) -> None:
    body = {"cronWorkflow": {"metadata": {"name": "nobody"}}}

    answer = api("PUT", "/api/v1/cron-workflows/argo/nobody", json=body)

    assert (answer.status_code, answer.json()["message"]) == (404, 'cronworkflows.argoproj.io "nobody" not found')


@pytest.mark.parametrize("namespace", ["Upper", "a..b", "-a", "a_b", "x" * 64])
def test_nothing_is_created_in_a_namespace_that_cannot_be(api: Any, namespace: str) -> None:
    spec = {"entrypoint": "main", "templates": [{"name": "main", "suspend": {}}]}
    for path, member, given in (
        ("workflows", "workflow", spec),
        ("workflow-templates", "template", spec),
        ("cron-workflows", "cronWorkflow", {"schedules": ["0 0 1 1 *"], "workflowSpec": spec}),
    ):
        body = {member: {"metadata": {"name": "nowhere"}, "spec": given}}
        answer = api("POST", f"/api/v1/{path}/{namespace}", json=body)
        assert (answer.status_code, answer.json()["message"]) == (404, f'namespaces "{namespace}" not found')


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "workflows/argo", {"instanceID": 5}, "number into Go struct field WorkflowCreateRequest.instanceID"),
        (
            "POST",
            "workflows/argo",
            {"createOptions": {"dryRun": [1]}},
            "CreateOptions.createOptions.dryRun of type string",
        ),
        (
            "PUT",
            "workflows/argo/w/stop",
            {"name": 5},
            "number into Go struct field WorkflowStopRequest.name of type string",
        ),
        (
            "PUT",
            "workflows/argo/w/resubmit",
            {"parameters": "x"},
            "WorkflowResubmitRequest.parameters of type []string",
        ),
        ("PUT", "archived-workflows/u/retry", {"uid": 5}, "RetryArchivedWorkflowRequest.uid of type string"),
        (
            "POST",
            "workflow-templates/argo",
            {"createOptions": 5},
            "WorkflowTemplateCreateRequest.createOptions of type",
        ),
        ("PUT", "workflow-templates/argo/t", {}, "WorkflowTemplate is not found in Request body"),
    ],
)
def test_a_wrong_member_is_refused_before_anything_is_looked_for(
    api: Any, method: str, path: str, body: dict[str, Any], message: str
) -> None:
    answer = api(method, f"/api/v1/{path}", json=body)

    assert answer.status_code == 400
    assert message in answer.json()["message"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "workflow-templates/argo/", 404),
        ("DELETE", "cluster-workflow-templates/", 404),
        ("GET", "cron-workflows/argo/", 500),
        ("DELETE", "workflows/argo/", 500),
    ],
)
def test_an_empty_name_is_answered_as_by_argo(api: Any, method: str, path: str, status: int) -> None:
    assert api(method, f"/api/v1/{path}").status_code == status


def test_a_watch_may_leave_out_a_name(api: Any) -> None:
    api.create("watched-a", labels={"watched": "1"})
    api.create("watched-b", labels={"watched": "1"})
    query = {
        "listOptions.fieldSelector": "metadata.name!=watched-a,metadata.namespace=argo",
        "listOptions.labelSelector": "watched",
        "listOptions.timeoutSeconds": "1",
        "fields": "result.object.metadata.name",
    }

    answer = api("GET", "/api/v1/workflow-events/argo", params=query)

    names = {
        json.loads(line).get("result", {}).get("object", {}).get("metadata", {}).get("name")
        for line in answer.text.splitlines()
    }
    assert names - {None} == {"watched-b"}
