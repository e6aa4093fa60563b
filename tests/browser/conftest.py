"""A real browser before a real Airflow: its API server, task instances in its database, and an Argo Server behind."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient, ServerAddress
from airflow_argo.argo.status import is_finished
from airflow_argo.attachment import OWNER_ANNOTATION

DAG_ID, RUN_ID = "look", "manual__2026-01-01T00:00:00+00:00"
TASKS = ("none", "good", "bad", "large", "hostile", "steps", "away", "foreign", "spare")
USERS = {"ada": "admin", "vera": "viewer"}
START_SECONDS = 120.0
SHOTS = os.environ.get("SCREENSHOTS", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(400))


def chromium() -> str | None:
    return next(filter(None, (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine (Debian's package: chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield found
        found.close()


# --- the Argo Server's side


class StandIn:
    """An Argo Server that gives what a test puts there; for workflows that are too large to run here."""

    def __init__(self) -> None:
        self.workflows: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[str]] = {}
        self.failing = ""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def put(self, workflow: dict[str, Any]) -> dict[str, Any]:
        self.workflows[workflow["metadata"]["name"]] = workflow
        return workflow

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        if self.failing:
            return 503, {"code": 14, "message": self.failing}
        parts = path.strip("/").split("/")
        workflow = self.workflows.get(parts[4]) if len(parts) > 4 else None
        if workflow is None:
            return 404, {"code": 5, "message": f"workflows.argoproj.io {parts[-1]!r} not found"}
        if "fields" in query:
            status = {key: value for key, value in workflow["status"].items() if key != "nodes"}
            return 200, {"metadata": workflow["metadata"], "status": status}
        return 200, workflow

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = parse_qs(parts.query)
                if parts.path.endswith("/log"):
                    lines = server.logs.get(query["podName"][0], [])
                    events = [json.dumps({"result": {"content": line, "podName": "p"}}) for line in lines]
                    self._send(200, "".join(f"data: {event}\n\n" for event in events), "text/event-stream")
                else:
                    status, body = server._answer(parts.path, query)
                    self._send(status, json.dumps(body), "application/json")

            def _send(self, status: int, text: str, kind: str) -> None:
                body = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Grpc-Metadata-Argo-Version", "v4.1.2")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture(scope="session")
def stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.stop()


def owner(task_id: str, map_index: int = -1) -> dict[str, str]:
    return {OWNER_ANNOTATION: json.dumps([DAG_ID, RUN_ID, task_id, map_index, 0])}


class Argo:
    """The embedded server, as the operators use it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def run(self, task_id: str, spec: dict[str, Any], name: str, *, wait: bool = True) -> dict[str, Any]:
        """Run a workflow that belongs to a task."""
        manifest = {"metadata": {"name": name, "annotations": owner(task_id)}, "spec": spec}
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
def argo(argo_url: str) -> Argo:
    return Argo(argo_url)


# --- Airflow's side


class Airflow:
    """Airflow's API server and what is in its database."""

    def __init__(self, url: str, home: Path) -> None:
        self.url = url
        self.home = home

    def page(self, task_id: str, map_index: int | None = None) -> str:
        """The address of the tab."""
        mapped = "" if map_index is None else f"mapped/{map_index}/"
        return f"{self.url}/dags/{DAG_ID}/runs/{quote(RUN_ID)}/tasks/{task_id}/{mapped}plugin/argo"

    def token(self, user: str) -> str:
        body = {"username": user, "password": user}
        answer = requests.post(f"{self.url}/auth/token", json=body, timeout=10)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def record(
        self, task_id: str, workflow: dict[str, Any], conn_id: str = "argo_default", map_index: int = -1
    ) -> None:
        """Put the XCom that the operator stores."""
        from airflow.models.xcom import XComModel

        from airflow_argo.argo.results import summary

        uid = workflow["metadata"]["uid"]
        link = f"http://argo.example/workflows/argo/{workflow['metadata']['name']}?uid={uid}"
        XComModel.set(
            key="workflow",
            value=summary(workflow, link, "argo", conn_id),
            dag_id=DAG_ID,
            task_id=task_id,
            run_id=RUN_ID,
            map_index=map_index,
        )


DAG_FILE = f"""
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("{DAG_ID}", schedule=None) as dag:
    for name in {TASKS!r}:
        EmptyOperator(task_id=name)

    @task
    def mapped(x):
        return x

    mapped.expand(x=[0, 1])
"""


def seed(dags: Path) -> None:
    """Put a DAG run with deferred task instances into the database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    (dags / "look.py").write_text(DAG_FILE)
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dags, bundle_name="dags-folder", bundle_path=dags)
    assert not bag.import_errors
    sync_bag_to_db(bag, "dags-folder", None)
    now = datetime.now(timezone.utc)
    with create_session() as session:
        session.get(DagModel, DAG_ID).is_paused = False
        dag = SerializedDagModel.get(DAG_ID, session=session).dag
        run = dag.create_dagrun(
            run_id=RUN_ID,
            run_type=DagRunType.MANUAL,
            logical_date=now,
            data_interval=(now, now),
            run_after=now,
            state="running",
            triggered_by=DagRunTriggeredByType.TEST,
            conf={},
            session=session,
        )
        for instance in run.get_task_instances(session=session):
            instance.state, instance.start_date, instance.try_number = "running", now, 1


@pytest.fixture(scope="session")
def airflow(
    airflow_database: Path, connection_json: Callable[..., str], argo_url: str, stand_in: StandIn
) -> Iterator[Airflow]:
    """Airflow's API server."""
    seed(airflow_database)
    home = Path(os.environ["AIRFLOW_HOME"])
    connections = {
        "AIRFLOW_CONN_ARGO_DEFAULT": connection_json(argo_url, password="secret-token"),
        "AIRFLOW_CONN_ARGO_STAND_IN": connection_json(stand_in.url, password="secret-token"),
        "AIRFLOW_CONN_ARGO_AWAY": connection_json("http://127.0.0.1:9", password="secret-token"),
    }
    with api_server(home, free_port(), "", connections) as server:
        yield server


@contextmanager
def api_server(home: Path, port: int, base_path: str, more: dict[str, str]) -> Iterator[Airflow]:
    passwords = home / "simple_auth_manager_passwords.json.generated"
    passwords.write_text(json.dumps({user: user for user in USERS}))
    url = f"http://localhost:{port}{base_path}"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{user}:{role}" for user, role in USERS.items()),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-the-tests-that-is-long-enough-for-hs512-" * 2,
        "AIRFLOW__API__SECRET_KEY": "another-secret-of-the-tests",
        "PYTHONWARNINGS": "ignore",
        **more,
    }
    log_path = home / f"api-server-{port}.log"
    with log_path.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server", "--port", str(port), "--apps", "core"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            wait_for("Airflow's API server", lambda: _answers(process, url, log_path))
            yield Airflow(url, home)
        finally:
            process.terminate()
            process.wait(timeout=60)


def _answers(process: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    if process.poll() is not None:
        pytest.fail(f"the API server ended: {log.read_text()[-3000:]}")
    try:
        return requests.get(f"{url}/api/v2/version", timeout=5).ok
    except requests.RequestException:
        return False


def wait_for(what: str, found: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := found():
            return value
        time.sleep(0.2)
    pytest.fail(f"{what}: not within {seconds:.0f} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


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
    # What the browser itself says of an answer that a test provokes.
    own = [fault for fault in faults if not fault.startswith("Failed to load resource")]
    assert own == []


def shot(page: Any, name: str) -> None:
    """Keep what the page looks like, where SCREENSHOTS names a directory."""
    if SHOTS:
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(SHOTS) / f"{name}.png"))
