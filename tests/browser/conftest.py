"""A real browser before a real Airflow: its API server, task instances in its database, and an Argo Server behind."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
from tests.whole_airflow import Program, free_port, program, wait_for

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.status import is_finished

from .chromium import MISSING, chromium, headless

USERS = {"ada": "admin", "vera": "viewer"}
START_SECONDS = 120.0
SHOTS = os.environ.get("SCREENSHOTS", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = chromium()
    if program is None:
        pytest.skip(MISSING)
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with headless(program) as found:
        yield found


# --- the Argo Server's side


class Argo:
    """The embedded server, as the operators use it."""

    def __init__(self, url: str, rows: Any) -> None:
        self.url = url
        self._rows = rows

    def run(
        self, task_id: str, spec: dict[str, Any], name: str, *, wait: bool = True, map_index: int = -1
    ) -> dict[str, Any]:
        """Run a workflow that belongs to a task."""
        manifest = {"metadata": {"name": name, "annotations": self._rows.owner(task_id, map_index)}, "spec": spec}
        with ArgoClient(ServerAddress(self.url)) as client:
            workflow = client.send(api.create_workflow("argo", manifest))
            return self.ended(name) if wait else workflow

    def ended(self, name: str) -> dict[str, Any]:
        with ArgoClient(ServerAddress(self.url)) as client:
            until = time.monotonic() + 60
            while not is_finished(workflow := client.send(api.get_workflow("argo", name))):
                assert time.monotonic() < until, workflow.get("status")
                time.sleep(0.1)
            return workflow


@pytest.fixture(scope="session")
def argo(argo_url: str, rows: Any) -> Argo:
    return Argo(argo_url, rows)


# --- Airflow's side


class Airflow:
    """Airflow's API server and what is in its database."""

    def __init__(self, url: str, home: Path, rows: Any) -> None:
        self.url = url
        self.home = home
        self.rows = rows

    def page(self, task_id: str, map_index: int | None = None) -> str:
        """The address of the tab."""
        mapped = "" if map_index is None else f"mapped/{map_index}/"
        return f"{self.url}/dags/{self.rows.dag_id}/runs/{quote(self.rows.run_id)}/tasks/{task_id}/{mapped}plugin/argo"

    def token(self, user: str) -> str:
        body = {"username": user, "password": user}
        answer = requests.post(f"{self.url}/auth/token", json=body, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["access_token"])


@pytest.fixture(scope="session")
def airflow(rows: Any, connection_json: Callable[..., str], argo_url: str, _stand_in: Any) -> Iterator[Airflow]:
    """Airflow's API server."""
    home = Path(os.environ["AIRFLOW_HOME"])
    connections = {
        "AIRFLOW_CONN_ARGO_DEFAULT": connection_json(argo_url, password="secret-token"),
        "AIRFLOW_CONN_ARGO_STAND_IN": connection_json(_stand_in.url, password="secret-token"),
        "AIRFLOW_CONN_ARGO_AWAY": connection_json("http://127.0.0.1:9", password="secret-token"),
    }
    with api_server(home, rows, "", connections) as server:
        yield server


@pytest.fixture
def below_base_path(airflow: Airflow, connection_json: Callable[..., str], _stand_in: Any) -> Iterator[Airflow]:
    """Another one, as behind a proxy that gives it a path."""
    connections = {"AIRFLOW_CONN_ARGO_STAND_IN": connection_json(_stand_in.url)}
    with api_server(airflow.home, airflow.rows, "/af", connections) as server:
        yield server


@pytest.fixture
def many(rows: Any) -> Callable[[str, int], dict[str, Any]]:
    """Makes a running fan-out of any size that belongs to the task of its name."""

    def made(task_id: str, count: int) -> dict[str, Any]:
        began = datetime.now(timezone.utc) - timedelta(seconds=600)

        def moment(seconds: float) -> str:
            return (began + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

        def worker(index: int) -> dict[str, Any]:
            start = 560 * index / count
            long = 5 + (index * 37) % 23 + (60 if index % 997 == 5 else 0)
            running = start + long > 590
            return {
                "id": f"{task_id}-{index}",
                "name": f"{task_id}.worker({index}:x)",
                "displayName": f"worker({index}:x)",
                "type": "Pod",
                "templateName": "worker",
                "boundaryID": task_id,
                "phase": "Running" if running else "Failed" if index % 1999 == 7 else "Succeeded",
                "message": "main: Error (exit code 3)" if index % 1999 == 7 else "",
                "startedAt": moment(start),
                "finishedAt": None if running else moment(start + long),
                "inputs": {"parameters": [{"name": "item", "value": f'"item-{index}"'}]},
                "outputs": {"parameters": [{"name": "result", "value": '{"rows": 10}'}], "exitCode": "0"},
            }

        root = {"id": task_id, "name": task_id, "displayName": task_id, "type": "DAG", "phase": "Running"}
        workers = {f"{task_id}-{index}": worker(index) for index in range(count)}
        return {
            "metadata": {
                "name": task_id,
                "namespace": "argo",
                "uid": f"uid-{task_id}-{time.monotonic_ns()}",
                "resourceVersion": "1",
                "annotations": rows.owner(task_id),
            },
            "spec": {"entrypoint": "fan-out", "templates": [{"name": "worker"}]},
            "status": {"phase": "Running", "startedAt": moment(0), "nodes": {task_id: root, **workers}},
        }

    return made


@contextmanager
def api_server(home: Path, rows: Any, base_path: str, more: dict[str, str]) -> Iterator[Airflow]:
    port = free_port()
    passwords = home / "simple_auth_manager_passwords.json.generated"
    passwords.write_text(json.dumps({user: user for user in USERS}))
    url = f"http://localhost:{port}{base_path}"
    environment = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-the-tests-that-is-long-enough-for-hs512-" * 2,
        "AIRFLOW__API__SECRET_KEY": "another-secret-of-the-tests",
        **more,
    }
    module = ["airflow", "api-server", "--port", str(port), "--apps", "core"]
    with program(module, home / f"api-server-{port}.log", environment) as server:
        wait_for("Airflow's API server", START_SECONDS, lambda: _answers(server, url))
        yield Airflow(url, home, rows)


def _answers(server: Program, url: str) -> bool:
    server.still_runs()
    try:
        return requests.get(f"{url}/api/v2/version", timeout=5).ok
    except requests.RequestException:
        return False


# --- the person before it


@pytest.fixture
def open_page(browser: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Opens an address as a user; every fault that the page reports fails the test."""
    contexts, faults = [], []

    def open_it(url: str, *, airflow: Airflow | None = None, user: str = "ada", dark: bool = False, **more: Any) -> Any:
        size = {"width": 1440, "height": 1000}
        context = browser.new_context(color_scheme="dark" if dark else "light", viewport=size, **more)
        contexts.append(context)
        if airflow is not None:
            path = urlsplit(airflow.url).path or "/"
            cookie = {"name": "_token", "value": airflow.token(user), "domain": "localhost", "path": path}
            context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: message.type == "error" and faults.append(message.text))
        page.goto(url)
        return page

    open_it.faults = faults  # type: ignore[attr-defined]
    yield open_it
    for context in contexts:
        context.close()
    # What the browser says of an answer that a test provokes, and Airflow of a page that is closed.
    others = ("Failed to load resource", "TI summaries stream error")
    own = [fault for fault in faults if not fault.startswith(others)]
    assert own == []


def shot(page: Any, name: str) -> None:
    """Keep what the page looks like, where SCREENSHOTS names a directory."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
