"""Bad input costs no work: it is refused by name, and nothing is submitted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from airflow_argo.argo.errors import ManifestError
from airflow_argo.operators import ArgoFanOutOperator

FAN_OUT = """
worker = {
    "container": {"image": "alpine", "command": ["true"]},
    "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
}
ArgoFanOutOperator(task_id="task", worker=worker, %s)
"""


def submitted(url: str) -> set[str]:
    answer = requests.get(f"{url}/api/v1/workflows/argo", timeout=10).json()
    return {item["metadata"]["name"] for item in answer["items"] or ()}


@pytest.mark.parametrize(
    ("arguments", "params", "reason"),
    [
        ("rows='{{ params.rows }}', rows_per_worker=10", {"rows": -1}, "rows: -1 is too small"),
        ("rows='{{ params.rows }}', rows_per_worker=10", {"rows": 1.5}, "rows: 1.5 is no whole number"),
        ("rows='{{ params.rows }}', rows_per_worker=10", {"rows": "many"}, "rows: 'many' is no whole number"),
        ("rows='{{ params.rows }}', rows_per_worker=10", {"rows": None}, "rows: is missing"),
        ("rows='{{ params.get(\"rows\") }}', rows_per_worker=10", {}, "rows: is missing"),
        ("rows=10, rows_per_worker='{{ params.per }}'", {"per": 0}, "rows_per_worker: 0 is too small"),
        ("items='{{ params.list }}'", {"list": "[1, oops]"}, "items: is no JSON"),
        ("items='{{ params.list }}!'", {"list": ["a"]}, "tojson"),
        ("items='{{ params.list }}'", {"list": {"a": 1}}, "items: must be a list, not a dict"),
        ("items='{{ params.list }}'", {"list": '{"a": 1}'}, "items: is a JSON dict, not a list"),
        ("items=['x' * 200_000]", {}, "items[0]: is 200002 bytes long"),
        ("items=['x' * 100_000] * 20", {}, "KiB"),
        ("items=[1], parameters={'x': '{{ params.text }}'}", {"text": "{{workflow.name}}"}, "parameters.x"),
        ("items=[1], labels={'x': 'no spaces'}", {}, "labels"),
    ],
)
def test_a_fan_out_that_makes_no_sense_is_refused(
    run_dag: Any, argo_url: str, arguments: str, params: dict[str, Any], reason: str
) -> None:
    before = submitted(argo_url)
    run = run_dag(FAN_OUT % arguments + f"dag.params.update({params!r})")
    assert run["task"].state == "failed"
    assert reason in run.log
    assert submitted(argo_url) == before


WORKER = {
    "container": {"image": "alpine", "command": ["true"]},
    "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "nothing says how many workers to run"),
        ({"items": "{{ params.items }}", "rows": 1}, "items: cannot be combined with 'rows'"),
        ({"rows": "{{ params.rows }}"}, "rows_per_worker: is missing"),
        ({"generate": WORKER, "rows_per_worker": "{{ params.per }}"}, "generate: has no output parameter 'rows'"),
        ({"items": [1], "worker": {"comand": ["true"]}}, "worker: must be a dict that holds either"),
        ({"items": [1], "worker": {"container": {"env": [{"name": "ITEM"}]}}}, "worker.env.ITEM: is set by"),
        ({"items": [1], "worker": {"container": {}}, "collect": WORKER}, "worker: has no output parameter 'result'"),
    ],
)
def test_what_makes_no_sense_in_any_run_is_refused_when_the_dag_is_read(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(ManifestError, match=reason):
        ArgoFanOutOperator(**{"task_id": "task", "worker": WORKER, **arguments})


@pytest.mark.parametrize(
    ("workflow", "reason"),
    [
        ("'spec:\\n  entrypoint: [a\\n'", "line 3"),
        ("'no-such-file.yaml'", "no-such-file.yaml"),
        ("{'spec': {'entrypoint': 'nobody', 'templates': []}}", "nobody"),
        ("{'spec': {}}", "spec.entrypoint is required"),
        ("5", "int"),
        ("lambda: 5", "int"),
        ("[{'spec': {}}]", "list"),
        ("lambda: 'kind: ConfigMap\\nmetadata: {}\\n'", "ConfigMap"),
    ],
)
def test_a_manifest_that_argo_would_not_run_is_refused(run_dag: Any, argo_url: str, workflow: str, reason: str) -> None:
    before = submitted(argo_url)
    run = run_dag(f"ArgoWorkflowOperator(task_id='task', workflow={workflow})")
    assert run["task"].state == "failed"
    assert reason in run.log
    assert submitted(argo_url) == before


def test_a_missing_connection_says_how_to_make_one(run_dag: Any) -> None:
    run = run_dag(FAN_OUT % "items=[1], argo_conn_id='nowhere'")
    assert run["task"].state == "failed"
    assert "There is no Airflow connection 'nowhere'" in run.log
    assert "AIRFLOW_CONN_NOWHERE" in run.log


class _Answers(BaseHTTPRequestHandler):
    status, kind, body = 200, "text/html", b"<html><title>Please log in</title></html>"

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Refuses(_Answers):
    status, kind, body = 401, "application/json", b'{"code":16,"message":"token not valid"}'


@pytest.fixture
def other_server(request: pytest.FixtureRequest) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("other_server", "reason"),
    [(_Answers, "base_path"), (_Refuses, "token not valid")],
    indirect=["other_server"],
    ids=["html", "401"],
)
def test_a_server_that_is_not_the_right_one_says_what_to_check(
    run_dag: Any, connection_json: Any, monkeypatch: pytest.MonkeyPatch, other_server: str, reason: str
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", connection_json(other_server, password="s3cr3t-t0ken"))
    run = run_dag(FAN_OUT % "items=[1], argo_conn_id='other'")
    assert run["task"].state == "failed"
    assert reason in run.log
    assert "s3cr3t" not in run.log


def test_a_server_that_is_down_is_named(run_dag: Any, connection_json: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", connection_json("http://127.0.0.1:1"))
    run = run_dag(FAN_OUT % "items=[1], argo_conn_id='other'")
    assert run["task"].state == "failed"
    assert "http://127.0.0.1:1 cannot be reached" in run.log
    assert "host, port and scheme" in run.log


@pytest.mark.parametrize("arguments", ["retry_mode='never'", "on_kill='explode'"])
def test_an_unknown_choice_is_refused_when_the_dag_is_read(arguments: str) -> None:
    from airflow_argo.argo.errors import ManifestError
    from airflow_argo.operators import ArgoFanOutOperator

    name, value = arguments.split("=")
    with pytest.raises(ManifestError, match=name):
        ArgoFanOutOperator(task_id="task", worker={}, items=[1], **{name: value.strip("'")})


@pytest.mark.parametrize("plan", [{}, {"items": [1], "rows": 3, "rows_per_worker": 1}])
def test_a_plan_with_too_much_or_too_little_is_refused_when_the_dag_is_read(plan: dict[str, Any]) -> None:
    from airflow_argo.argo.errors import ManifestError
    from airflow_argo.operators import ArgoFanOutOperator

    with pytest.raises(ManifestError):
        ArgoFanOutOperator(task_id="task", worker={}, **plan)
