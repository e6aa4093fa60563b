"""The use case through a whole running Airflow: triggered over its REST API, deferred, resumed, XComs read back.

Against the embedded Argo Server, or the one that ARGO_URL names.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 150.0
RUN_SECONDS = 180.0


class Api:
    """Airflow's REST API, as a user of it has it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def log_in(self) -> None:
        token = self.session.get(f"{self.url}/auth/token", timeout=10).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/api/v2/{path}", json=body or None, timeout=30)
        answer.raise_for_status()
        return answer.json()


def wait_for(what: str, seconds: float, found: Callable[[], Any]) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = found()
        if value:
            return value
        time.sleep(0.5)
    pytest.fail(f"{what}: not within {seconds:.0f} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture(scope="module")
def airflow(argo_url: str, connection_json: Callable[..., str]) -> Iterator[Api]:
    home, port = Path(os.environ["AIRFLOW_HOME"]) / "standalone", free_port()
    home.mkdir()
    url = f"http://localhost:{port}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True",
        "AIRFLOW_CONN_ARGO_DEFAULT": connection_json(os.environ.get("ARGO_URL", argo_url)),
        "STORAGE_DIR": str(home / "storage"),
        "PYTHONWARNINGS": "ignore",
    }
    (home / "storage").mkdir()
    log = (home / "standalone.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "airflow", "standalone"],
        env=environment,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    api = Api(url)

    def healthy() -> bool:
        if process.poll() is not None:
            pytest.fail(f"airflow standalone ended: {(home / 'standalone.log').read_text()[-3000:]}")
        try:
            health = requests.get(f"{url}/api/v2/monitor/health", timeout=5).json()
        except requests.RequestException:
            return False
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)

    try:
        wait_for("a healthy Airflow", START_SECONDS, healthy)
        api.log_in()
        yield api
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        log.close()


def test_the_use_case_is_triggered_deferred_resumed_and_its_results_read_back(airflow: Api) -> None:
    known = {dag["dag_id"] for dag in wait_for("DAGs", 90, lambda: airflow("GET", "dags").get("dags"))}
    wait_for("the DAG", 90, lambda: "pull_rows" in known or _has(airflow, "pull_rows"))
    assert airflow("GET", "importErrors")["total_entries"] == 0
    airflow("PATCH", "dags/pull_rows", is_paused=False)
    run = airflow("POST", "dags/pull_rows/dagRuns", logical_date=None, conf={"rows": 1050, "rows_per_worker": 10})[
        "dag_run_id"
    ]
    here = f"dags/pull_rows/dagRuns/{run}"
    pull = f"{here}/taskInstances/pull"

    wait_for("the deferred task", 90, lambda: airflow("GET", pull)["state"] in ("deferred", "success", "failed"))
    assert airflow("GET", pull)["state"] == "deferred"
    links = airflow("GET", f"{pull}/links")["extra_links"]
    assert "/workflows/argo/pull-rows-pull-" in links["Argo workflow"]

    state = wait_for(
        "the end", RUN_SECONDS, lambda: (found := airflow("GET", here)["state"]) in ("success", "failed") and found
    )
    assert state == "success"
    results = airflow("GET", f"{pull}/xcomEntries/return_value?deserialize=true")["value"]
    assert len(results) == 105
    assert sum(result["rows"] for result in results) == 1050
    assert len(airflow("GET", f"{pull}/xcomEntries/workers?deserialize=true")["value"]) == 105
    assert airflow("GET", f"{here}/taskInstances/report/xcomEntries/return_value?deserialize=true")["value"] == {
        "workers": 105,
        "rows": 1050,
    }


def _trigger_log(airflow: Api, instance: str) -> str:
    lines = airflow("GET", f"{instance}/logs/1?full_content=true")["content"]
    return "\n".join(line["event"] for line in lines if "triggers" in str(line.get("logger")))


def _has(airflow: Api, dag_id: str) -> bool:
    return any(dag["dag_id"] == dag_id for dag in airflow("GET", "dags")["dags"])


def test_marking_a_deferred_task_as_failed_stops_its_workflow(airflow: Api, argo_url: str) -> None:
    wait_for("the DAG", 90, lambda: _has(airflow, "pull_rows"))
    airflow("PATCH", "dags/pull_rows", is_paused=False)
    run = airflow("POST", "dags/pull_rows/dagRuns", logical_date=None, conf={"rows": 3000, "rows_per_worker": 2})
    pull = f"dags/pull_rows/dagRuns/{run['dag_run_id']}/taskInstances/pull"
    wait_for("the deferred task", 90, lambda: airflow("GET", pull)["state"] == "deferred")
    name = airflow("GET", f"{pull}/xcomEntries/workflow?deserialize=true")["value"]["name"]
    wait_for("the triggerer at work", 120, lambda: "/1500 workers done" in _trigger_log(airflow, pull))

    airflow("PATCH", pull, new_state="failed")

    url = f"{os.environ.get('ARGO_URL', argo_url)}/api/v1/workflows/argo/{name}"
    ended = wait_for(
        "the stopped workflow",
        60,
        lambda: (found := requests.get(url, timeout=10).json())["spec"].get("shutdown") and found,
    )
    assert ended["spec"]["shutdown"] == "Stop"
