"""What more than one part of the tests needs: a real Airflow, and an embedded Argo Server."""

from __future__ import annotations

import atexit
import importlib.util
import json
import os
import shutil
import sys
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

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
