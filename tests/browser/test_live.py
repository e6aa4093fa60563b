"""The whole way, in a whole Airflow: from the trigger form to the success of what was retried in the tab."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.whole_airflow import AirflowApi, standalone, wait_for

from .conftest import shot

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


@pytest.fixture
def home() -> Path:
    folder = Path(os.environ["AIRFLOW_HOME"]) / "live"
    (folder / "dags").mkdir(parents=True)
    (folder / "dags" / "live.py").write_text(DAG.format(home=folder))
    return folder


@pytest.fixture
def airflow(home: Path, argo_url: str, connection_json: Callable[..., str]) -> Iterator[AirflowApi]:
    with standalone(home, home / "dags", connection_json(argo_url)) as api:
        yield api


def test_from_the_trigger_form_to_the_success_of_what_was_retried(
    airflow: AirflowApi, home: Path, open_page: Any
) -> None:
    wait_for("the DAG", 120, lambda: airflow("GET", "dags")["dags"])
    airflow("PATCH", "dags/live", is_paused=False)
    page = open_page(f"{airflow.url}/dags/live")
    page.get_by_role("button", name="Trigger").first.click()
    page.locator('[name="element_cities"]').fill("Bern\nbad-city\nŌsaka")
    shot(page, "trigger-form")
    page.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    runs = wait_for("the run", 120, lambda: airflow("GET", "dags/live/dagRuns")["dag_runs"])
    pull = f"dags/live/dagRuns/{runs[0]['dag_run_id']}/taskInstances/pull"

    page.goto(f"{airflow.url}/dags/live/runs/{runs[0]['dag_run_id']}/tasks/pull/plugin/argo")
    page.locator('[data-testid=argo-meta][data-phase="Running"]').wait_for(timeout=120_000)
    wait_for("the deferred task", 60, lambda: airflow("GET", pull)["state"] == "deferred")
    assert page.get_by_test_id("argo-worker").count() == 3
    shot(page, "live")
    (home / "go").touch()
    page.locator('[data-testid=argo-meta][data-phase="Failed"]').wait_for()
    page.get_by_test_id("argo-open-log").first.click()
    page.get_by_test_id("argo-log").wait_for()
    assert "no route to the warehouse" in page.get_by_test_id("argo-log").inner_text()
    wait_for("the task's next try", 60, lambda: airflow("GET", pull)["state"] == "up_for_retry")

    (home / "gate").touch()
    page.get_by_test_id("argo-retry").click()
    page.get_by_test_id("argo-confirm-yes").click()

    page.locator('[data-testid=argo-meta][data-phase="Succeeded"]').wait_for()
    wait_for("the task's success", 150, lambda: airflow("GET", pull)["state"] == "success")
    results = airflow("GET", f"{pull}/xcomEntries/return_value?deserialize=true")["value"]
    assert results == ["Bern", "bad-city", "Ōsaka"]
    shot(page, "succeeded")
