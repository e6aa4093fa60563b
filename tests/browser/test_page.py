"""The embedded server's own page."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from tests.whole_airflow import wait_for

from airflow_argo.local.testing import running_server

from .conftest import shot


def started(url: str, name: str, script: str) -> None:
    """Start a workflow that loops over three texts."""
    item = {"parameters": [{"name": "item", "value": "{{item}}"}]}
    say = {"name": "say", "template": "say", "withItems": ["a", "<b>b</b>", "c"], "arguments": item}
    container = {"image": "alpine", "command": ["sh", "-c"], "args": [script]}
    templates = [
        {"name": "all", "steps": [[say]]},
        {"name": "say", "inputs": {"parameters": [{"name": "item"}]}, "container": container},
    ]
    manifest = {"metadata": {"name": name}, "spec": {"entrypoint": "all", "templates": templates}}
    answer = requests.post(f"{url}/api/v1/workflows/argo", json={"workflow": manifest}, timeout=10)
    answer.raise_for_status()


@contextmanager
def server_with(token: Path) -> Iterator[str]:
    """The embedded server as a program of its own, with a token."""
    command = [sys.executable, "-m", "airflow_argo.local", "--port", "0", "--token-file", str(token)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


def test_a_failed_worker_is_found_and_retried_on_the_page(open_page: Any) -> None:
    with running_server() as url:
        started(url, "paged", "echo here; false")
        page = open_page(f"{url}/")
        page.get_by_role("link", name="paged").click()
        page.locator('[data-testid=argo-meta][data-phase="Failed"]').wait_for()
        shot(page, "page")
        page.get_by_test_id("argo-tab-workers").click()
        page.get_by_test_id("argo-search").fill("<b>")
        # The page lets nobody evaluate texts, not even a test.
        wait_for("the one worker", 30, lambda: page.get_by_test_id("argo-worker").count() == 1)
        assert page.locator("[data-testid=argo-search]:focus").count() == 1
        page.get_by_test_id("argo-open-log").click()
        page.get_by_test_id("argo-log").wait_for()
        assert page.locator("main b").count() == 0

        page.get_by_test_id("argo-retry").click()
        page.get_by_test_id("argo-confirm-yes").click()

        page.get_by_test_id("argo-done").wait_for()
        assert "Retrying 3 failed workers" in page.get_by_test_id("argo-done").inner_text()


def test_a_server_with_a_token_gives_nothing_without_it(open_page: Any, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("the-token")
    with server_with(token) as url:
        page = open_page(f"{url}/workflows")
        page.get_by_test_id("argo-token").fill("another")
        page.keyboard.press("Enter")
        page.get_by_text("The server does not take this token.").wait_for()
        page.get_by_test_id("argo-token").fill("the-token")
        page.keyboard.press("Enter")

        page.get_by_text("There are no workflows yet.").wait_for()
        assert "the-token" not in page.content()
        assert requests.get(f"{url}/view/api/workflows", timeout=10).status_code == 401
