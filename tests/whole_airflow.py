"""Airflow's programs, as processes of their own, and Airflow's REST API, as a user of it has it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import requests

T = TypeVar("T")

_START_SECONDS = 200.0
_STOP_SECONDS = 30.0
_A_MOMENT = partial(time.sleep, 0.3)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(
    what: str,
    seconds: float,
    found: Callable[[], T],
    rest: Callable[[], object] = _A_MOMENT,
    why: Callable[[], str] = str,
) -> T:
    """The first value that is true.

    :param rest: what passes the time between two looks.
    :param why: what is told of it if none comes.
    :raises TimeoutError: naming what did not come.
    """
    until = time.monotonic() + seconds
    while not (value := found()):
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds:.0f} s {why()}")
        rest()
    return value


class AirflowApi:
    """Airflow's REST API, where everyone is an admin."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    def is_healthy(self) -> bool:
        try:
            health = requests.get(f"{self.url}/api/v2/monitor/health", timeout=5).json()
        except (requests.RequestException, ValueError):
            return False
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return all((health.get(part) or {}).get("status") == "healthy" for part in parts)

    def log_in(self) -> None:
        token = self.session.get(f"{self.url}/auth/token", timeout=30).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        answer = self.session.request(method, f"{self.url}/api/v2/{path}", json=body or None, timeout=60)
        if not answer.ok:
            raise requests.HTTPError(f"{answer.status_code} for {method} {path}: {answer.text[:500]}")
        return answer.json() if answer.content else None


class Program:
    """A module of this Python that runs as a program in a session of its own."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log

    def still_runs(self) -> None:
        """See that it has not ended.

        :raises RuntimeError: with the end of its log, if it has.
        """
        if self._process.poll() is not None:
            raise RuntimeError(f"{self._log.stem} ended: {self._log.read_text(encoding='utf-8')[-3000:]}")

    def stop(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        try:
            self._process.wait(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@contextmanager
def program(module: list[str], log: Path, environment: Mapping[str, str]) -> Iterator[Program]:
    """Run a module with its arguments, and stop it with all that it has started.

    :param environment: what it has besides this process's.
    """
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
                "PYTHONWARNINGS": "ignore",
                **environment,
            },
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    running = Program(process, log)
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def standalone(home: Path, dags: Path, connection: str, **environment: str) -> Iterator[AirflowApi]:
    """Run ``airflow standalone`` until it is healthy, and then as long as it is needed.

    :param home: its ``AIRFLOW_HOME``, which there is.
    :param connection: the connection ``argo_default``.
    """
    port = free_port()
    url = f"http://localhost:{port}"
    settings = {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW_CONN_ARGO_DEFAULT": connection,
    }
    api = AirflowApi(url)
    with program(["airflow", "standalone"], home / "standalone.log", {**settings, **environment}) as airflow:

        def healthy() -> bool:
            airflow.still_runs()
            return api.is_healthy()

        wait_for("a healthy Airflow", _START_SECONDS, healthy)
        api.log_in()
        yield api
