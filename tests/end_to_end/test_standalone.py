"""The use case through a whole running Airflow: triggered over its REST API, deferred, resumed, XComs read back.

Against the embedded Argo Server, or the one that ARGO_URL names.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from tests.whole_airflow import AirflowApi, standalone, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).resolve().parents[2]
RUN_SECONDS = 180.0


@pytest.fixture(scope="module")
def airflow(argo_url: str, connection_json: Callable[..., str]) -> Iterator[AirflowApi]:
    home = Path(os.environ["AIRFLOW_HOME"]) / "standalone"
    storage = home / "storage"
    storage.mkdir(parents=True)
    connection = connection_json(os.environ.get("ARGO_URL", argo_url))
    more = {"AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE": "True", "STORAGE_DIR": str(storage)}
    with standalone(home, ROOT / "dags", connection, **more) as api:
        yield api


def test_the_use_case_is_triggered_deferred_resumed_and_its_results_read_back(airflow: AirflowApi) -> None:
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


def _trigger_log(airflow: AirflowApi, instance: str) -> str:
    lines = airflow("GET", f"{instance}/logs/1?full_content=true")["content"]
    return "\n".join(line["event"] for line in lines if "triggers" in str(line.get("logger")))


def _has(airflow: AirflowApi, dag_id: str) -> bool:
    return any(dag["dag_id"] == dag_id for dag in airflow("GET", "dags")["dags"])


def test_marking_a_deferred_task_as_failed_stops_its_workflow(airflow: AirflowApi, argo_url: str) -> None:
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
