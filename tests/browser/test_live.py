"""The whole way, in a whole Airflow: from the trigger form to the success of what was retried in the tab."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from .conftest import free_port, shot, wait_for

DAG = """
from datetime import timedelta
from airflow.sdk import DAG, Param
from airflow_argo.operators import ArgoFanOutOperator

SCRIPT = '''
echo "pulling $ITEM"
until [ -e {home}/go ]; do sleep 0.1; done
case "$ITEM" in *bad*) [ -e {home}/gate ] || {{ echo "no route to the warehouse" >&2; exit 3; }};; esac
echo "$ITEM" > /tmp/result
'''

with DAG("live", schedule=None, params={{"cities": Param(["Bern", "bad-city"], type="array", title="Cities")}}) as dag:
    ArgoFanOutOperator(
        task_id="pull",
        items="{{{{ params.cities }}}}",
        worker={{
            "container": {{"image": "alpine", "command": ["sh", "-c"], "args": [SCRIPT]}},
            "outputs": {{"parameters": [{{"name": "result", "valueFrom": {{"path": "/tmp/result"}}}}]}},
        }},
        deferrable=True,
        poll_interval=1,
        retries=1,
        retry_delay=timedelta(seconds=45),
    )
"""


class Standalone:
    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.home = home
        token = requests.get(f"{url}/auth/token", timeout=10).json()["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        url = f"{self.url}/api/v2/{path}"
        answer = requests.request(method, url, json=body or None, headers=self._headers, timeout=30)
        answer.raise_for_status()
        return answer.json()


@pytest.fixture
def standalone(argo_url: str, connection_json: Callable[..., str]) -> Iterator[Standalone]:
    home, port = Path(os.environ["AIRFLOW_HOME"]) / "live", free_port()
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "live.py").write_text(DAG.format(home=home))
    url = f"http://localhost:{port}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(home / "dags"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW_CONN_ARGO_DEFAULT": connection_json(argo_url),
        "PYTHONWARNINGS": "ignore",
    }
    with (home / "standalone.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "standalone"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for("a healthy Airflow", lambda: _healthy(process, url), 200)
        yield Standalone(url, home)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _healthy(process: subprocess.Popen[bytes], url: str) -> bool:
    assert process.poll() is None, "airflow standalone ended"
    try:
        health = requests.get(f"{url}/api/v2/monitor/health", timeout=5).json()
    except requests.RequestException:
        return False
    parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
    return all((health.get(part) or {}).get("status") == "healthy" for part in parts)


def test_from_the_trigger_form_to_the_success_of_what_was_retried(standalone: Standalone, open_page: Any) -> None:
    wait_for("the DAG", lambda: standalone("GET", "dags")["dags"])
    standalone("PATCH", "dags/live", is_paused=False)
    page = open_page(f"{standalone.url}/dags/live")
    page.get_by_role("button", name="Trigger").first.click()
    page.locator('[name="element_cities"]').fill("Bern\nbad-city\nŌsaka")
    shot(page, "trigger-form")
    page.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    runs = wait_for("the run", lambda: standalone("GET", "dags/live/dagRuns")["dag_runs"])
    pull = f"dags/live/dagRuns/{runs[0]['dag_run_id']}/taskInstances/pull"

    page.goto(f"{standalone.url}/dags/live/runs/{runs[0]['dag_run_id']}/tasks/pull/plugin/argo")
    page.locator('[data-testid=argo-meta][data-phase="Running"]').wait_for(timeout=120_000)
    wait_for("the deferred task", lambda: standalone("GET", pull)["state"] == "deferred", 60)
    assert page.get_by_test_id("argo-worker").count() == 3
    shot(page, "live")
    (standalone.home / "go").touch()
    page.locator('[data-testid=argo-meta][data-phase="Failed"]').wait_for()
    page.get_by_test_id("argo-open-log").first.click()
    page.get_by_test_id("argo-log").wait_for()
    assert "no route to the warehouse" in page.get_by_test_id("argo-log").inner_text()
    wait_for("the task's next try", lambda: standalone("GET", pull)["state"] == "up_for_retry", 60)

    (standalone.home / "gate").touch()
    page.get_by_test_id("argo-retry").click()
    page.get_by_test_id("argo-confirm-yes").click()

    page.locator('[data-testid=argo-meta][data-phase="Succeeded"]').wait_for()
    wait_for("the task's success", lambda: standalone("GET", pull)["state"] == "success", 150)
    results = standalone("GET", f"{pull}/xcomEntries/return_value?deserialize=true")["value"]
    assert results == ["Bern", "bad-city", "Ōsaka"]
    shot(page, "succeeded")
