"""The tab on a task instance, as a person sees and uses it."""

from __future__ import annotations

from typing import Any

from airflow_argo.argo.fan_out import fan_out

from .conftest import Airflow, Argo, shot

SCRIPT = """
echo "pulling $ITEM"
case "$ITEM" in *bad*) echo "no route to the warehouse" >&2; exit 3;; esac
echo '{"rows": 10}' > /tmp/result
"""
WORKER = {
    "container": {"image": "alpine", "command": ["sh", "-c"], "args": [SCRIPT]},
    "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
}


def spec(items: list[Any]) -> dict[str, Any]:
    return dict(fan_out(worker=WORKER, items=items)["spec"])


def test_the_failed_worker_and_why_are_two_clicks_away(airflow: Airflow, argo: Argo, open_page: Any) -> None:
    items = [f"city-{number}" if number != 7 else "bad-city" for number in range(24)]
    airflow.rows.record("bad", argo.run("bad", spec(items), "look-bad-1"))
    page = open_page(airflow.page("bad"), airflow=airflow)

    page.get_by_test_id("argo-progress").wait_for()
    assert page.get_by_test_id("argo-progress").inner_text() == "24 of 24 workers done"
    first = page.get_by_test_id("argo-worker").first
    assert "bad-city" in first.inner_text()
    shot(page, "light")

    first.get_by_test_id("argo-open-log").click()

    page.get_by_test_id("argo-log").wait_for()
    assert "no route to the warehouse" in page.get_by_test_id("argo-log").inner_text()
    shot(page, "failed-log")
