"""``make screenshots``: the documentation's pictures of the user interface, taken from the running product.

A real Airflow runs a fan-out against the embedded Argo Server, and a headless browser looks at it as a person does:
the form, the tab while workers run, the failed worker's log, the tree, and the embedded server's page.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page
from tests.browser.chromium import MISSING, chromium, headless
from tests.whole_airflow import AirflowApi, standalone, wait_for

from airflow_argo.local.testing import running_server

DAG = """
from airflow.sdk import DAG, Param
from airflow_argo.operators import ArgoFanOutOperator

SCRIPT = '''
city=$(echo "$ITEM" | tr -d '"')
echo "asking the station of $city"
sleep $((2 + ${#city} % 5))
case $city in [P-V]*) until [ -e HOME/go ]; do sleep 0.2; done;; esac
if [ "$city" = Atlantis ]; then
  echo "stations: 1,204 known, none of them in Atlantis" >&2
  exit 3
fi
echo "{\\\\"city\\\\": \\\\"$city\\\\", \\\\"readings\\\\": $((${#city} * 31))}" > /tmp/result
'''

cities = ["Bern", "Lisbon", "Nairobi", "Osaka", "Atlantis", "Quito", "Reykjavik", "Perth", "Tromso", "Valparaiso"]
title = "One worker is started for each city."
params = {"cities": Param(cities, type="array", title="Cities", description=title)}

with DAG("weather", schedule=None, params=params, tags=["example"]) as dag:
    ArgoFanOutOperator(
        task_id="measure",
        items="{{ params.cities }}",
        worker={
            "container": {"image": "alpine:3", "command": ["sh", "-c"], "args": [SCRIPT]},
            "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
        },
        parallelism=4,
        deferrable=True,
        poll_interval=1,
    )
"""

SIZE = {"width": 1280, "height": 860}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    program = chromium()
    if program is None:
        sys.exit(MISSING)
    with _home() as home, running_server() as argo:
        _, _, port = argo.rpartition(":")
        connection = f'{{"conn_type": "argo", "host": "http://127.0.0.1", "port": {port}}}'
        with standalone(home, home / "dags", connection) as airflow, headless(program) as browser:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.set_default_timeout(120_000)
            for name in _tour(airflow, home, argo, page):
                page.screenshot(path=folder / f"{name}.png")
                print(folder / f"{name}.png")
    return 0


def _tour(airflow: AirflowApi, home: Path, argo: str, page: Page) -> Iterator[str]:
    """The name of each view to keep, while the page shows it."""
    wait_for("the DAG", 120, lambda: airflow("GET", "dags")["dags"])
    airflow("PATCH", "dags/weather", is_paused=False)
    page.goto(f"{airflow.url}/dags/weather")
    page.get_by_role("button", name="Trigger").first.click()
    page.get_by_text("One worker is started for each city.").wait_for()
    yield "trigger-form"

    page.get_by_role("dialog").get_by_role("button", name="Trigger").click()
    (run,) = wait_for("the run", 60, lambda: airflow("GET", "dags/weather/dagRuns")["dag_runs"])
    page.goto(f"{airflow.url}/dags/weather/runs/{run['dag_run_id']}/tasks/measure/plugin/argo")
    page.get_by_text("5 of 10 workers done").wait_for()
    yield "tab-running"
    (home / "go").touch()

    page.locator('[data-testid=argo-meta][data-phase="Failed"]').wait_for()
    page.get_by_test_id("argo-open-log").first.click()
    page.get_by_test_id("argo-log").get_by_text("none of them in Atlantis").wait_for()
    page.get_by_test_id("argo-log").scroll_into_view_if_needed()
    yield "tab-failed"

    task = f"dags/weather/dagRuns/{run['dag_run_id']}/taskInstances/measure"
    workflow = airflow("GET", f"{task}/xcomEntries/workflow?deserialize=true")["value"]["name"]
    page.goto(f"{argo}/workflows/argo/{workflow}")
    page.get_by_test_id("argo-tab-tree").click()
    page.get_by_test_id("argo-node").first.wait_for()
    yield "page-tree"


@contextmanager
def _home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="airflow-argo-screenshots-", dir="/var/tmp"))
    (home / "dags").mkdir()
    (home / "dags" / "weather.py").write_text(DAG.replace("HOME", str(home)), encoding="utf-8")
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
