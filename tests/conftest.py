"""What more than one part of the tests needs: a real Airflow, and an embedded Argo Server."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import threading
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import pytest

# How long an example takes depends on who else uses the machine; pytest-timeout ends what hangs.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# Before anything imports Airflow, which reads them then. Not below /tmp: every worker has a /tmp of its own.
_HOME = Path(tempfile.mkdtemp(prefix="airflow-argo-tests-", dir="/var/tmp"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)
os.environ.update(
    AIRFLOW_HOME=str(_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__LOGGING__LOGGING_LEVEL="INFO",
    AIRFLOW__LOGGING__COLORED_CONSOLE_LOG="False",
    STORAGE_DIR=str(_HOME / "storage"),
)
os.environ.pop("DATABASE_URL", None)
for _name in [name for name in os.environ if name.startswith("AIRFLOW_CONN_")]:
    del os.environ[_name]


@pytest.fixture(scope="session")
def argo_url() -> Iterator[str]:
    """An embedded Argo Server."""
    from airflow_argo.local.testing import running_server

    with running_server() as url:
        yield url


@pytest.fixture(name="connection_json", scope="session")
def _connection_json() -> Callable[..., str]:
    """Makes an Airflow connection for the server at an address."""
    return connection_json


def connection_json(url: str, **extra: Any) -> str:
    host, _, port = url.rpartition(":")
    password = extra.pop("password", None)
    fields = {"conn_type": "argo", "host": host, "port": int(port), "password": password}
    return json.dumps({**fields, "extra": {"namespace": "argo", "patience": 0, **extra}})


@dataclass
class Instance:
    """A task instance after its run."""

    state: str
    xcoms: dict[str, Any]

    @property
    def result(self) -> Any:
        return self.xcoms.get("return_value")


@dataclass
class Run:
    """A DAG run that has ended, and what was logged."""

    state: str
    log: str
    tasks: dict[str, list[Instance]] = field(default_factory=dict)

    def __getitem__(self, task_id: str) -> Instance:
        """The task's instance, where it is not mapped."""
        (instance,) = self.tasks[task_id]
        return instance


RunDag = Callable[..., Run]


@pytest.fixture(scope="session")
def airflow_database() -> Path:
    """Airflow's own database, made once; and an empty DAGs folder."""
    from airflow.utils.db import initdb

    (_HOME / "dags").mkdir()
    (_HOME / "storage").mkdir()
    with airflows_own_warnings():
        initdb()
    return _HOME / "dags"


@contextmanager
def airflows_own_warnings() -> Iterator[None]:
    """Lets Airflow warn about what it does itself; a warning about our code is still an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.filterwarnings("error", module=r"airflow_argo(\.|$)")
        yield


@pytest.fixture
def run_dag(
    airflow_database: Path, argo_url: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[RunDag]:
    """Runs a DAG to its end in a real Airflow, as ``airflow dags test`` does, against the embedded Argo Server.

    The DAG is a file, or the lines below ``with DAG(…) as dag:``.
    """
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json(argo_url))
    made: list[Path] = []

    def run(source: str | Path, attribute: str = "dag", **conf: Any) -> Run:
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else _dag_file(source)
        path = airflow_database / f"dag_{uuid.uuid4().hex}.py"
        path.write_text(text, encoding="utf-8")
        made.append(path)
        capfd.readouterr()
        with airflows_own_warnings():
            dag_run = getattr(_imported(path), attribute).test(run_conf=conf or None)
            instances = dag_run.get_task_instances()
        log = "".join(capfd.readouterr())
        found = Run(dag_run.state, log)
        for instance in sorted(instances, key=lambda each: each.map_index):
            found.tasks.setdefault(instance.task_id, []).append(Instance(str(instance.state), _xcoms(instance)))
        return found

    yield run
    for path in made:
        path.unlink()


def _dag_file(body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
    return (
        "from airflow.sdk import DAG, Param, task\n"
        "from airflow_argo.operators import ArgoFanOutOperator, ArgoWorkflowOperator\n\n"
        f"with DAG('test_{uuid.uuid4().hex[:8]}', schedule=None) as dag:\n{lines}\n"
    )


def _imported(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _xcoms(instance: Any) -> dict[str, Any]:
    keys = ("return_value", "workers", "workflow", "collect", "_link_ArgoWorkflowLink")
    where = {"task_ids": instance.task_id, "map_indexes": instance.map_index}
    found = {key: instance.xcom_pull(key=key, **where) for key in keys}
    return {key: value for key, value in found.items() if value is not None}


class StandIn:
    """An Argo Server that gives what a test puts there; for workflows that are too large to run here."""

    def __init__(self) -> None:
        self.workflows: dict[str, dict[str, Any]] = {}
        self.logs: dict[str, list[str]] = {}
        self.failing = ""
        self.asked: list[str] = []
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
        self.asked.append(path)
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


@pytest.fixture
def stand_in(_stand_in: StandIn) -> Iterator[StandIn]:
    """A stand-in for an Argo Server."""
    yield _stand_in
    _stand_in.failing = ""
    _stand_in.asked.clear()


@pytest.fixture(scope="session", name="_stand_in")
def _running_stand_in() -> Iterator[StandIn]:
    server = StandIn()
    yield server
    server.stop()


class TaskRows:
    """A DAG run in Airflow's database, whose tasks say that they have workflows."""

    dag_id, run_id = "look", "manual__2026-01-01T00:00:00+00:00"
    tasks = ("none", "good", "bad", "large", "hostile", "steps", "away", "foreign", "spare")

    def owner(self, task_id: str, map_index: int = -1) -> dict[str, str]:
        """The annotation of a workflow that a task has made."""
        from airflow_argo.attachment import OWNER_ANNOTATION

        return {OWNER_ANNOTATION: json.dumps([self.dag_id, self.run_id, task_id, map_index, 0])}

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
            dag_id=self.dag_id,
            task_id=task_id,
            run_id=self.run_id,
            map_index=map_index,
        )


_LOOKED_AT = f"""
from airflow.sdk import DAG, task
from airflow.providers.standard.operators.empty import EmptyOperator

with DAG("{TaskRows.dag_id}", schedule=None) as dag:
    for name in {TaskRows.tasks!r}:
        EmptyOperator(task_id=name)

    @task
    def mapped(x):
        return x

    mapped.expand(x=[0, 1])
"""


def _seed(dags: Path) -> None:
    """Put a DAG run with deferred task instances into the database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
    from airflow.models.dag import DagModel
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    (dags / "look.py").write_text(_LOOKED_AT)
    DagBundlesManager().sync_bundles_to_db()
    bag = DagBag(dags, bundle_name="dags-folder", bundle_path=dags)
    assert not bag.import_errors
    sync_bag_to_db(bag, "dags-folder", None)
    now = datetime.now(timezone.utc)
    with create_session() as session:
        session.get(DagModel, TaskRows.dag_id).is_paused = False
        dag = SerializedDagModel.get(TaskRows.dag_id, session=session).dag
        run = dag.create_dagrun(
            run_id=TaskRows.run_id,
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
def rows(airflow_database: Path) -> TaskRows:
    """Task instances, running, without anything that runs them."""
    with airflows_own_warnings():
        _seed(airflow_database)
    return TaskRows()
