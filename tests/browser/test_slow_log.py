"""A log that takes its time."""

from __future__ import annotations

from typing import Any

from airflow_argo.local.testing import running_server

from .test_page import started


def test_the_workflow_goes_on_while_a_log_is_slow(open_page: Any) -> None:
    with running_server() as url:
        started(url, "slow", "sleep 60")
        page = open_page(f"{url}/workflows/argo/slow")
        page.get_by_test_id("argo-open-log").first.wait_for()
        # Never answered.
        page.route("**/log?*", lambda route: None)
        page.get_by_test_id("argo-open-log").first.click()
        for _ in range(3):
            with page.expect_request("**/state?*", timeout=10_000):
                pass
