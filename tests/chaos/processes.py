"""Airflow's parts and the Argo Server, each a process of its own, which can be killed or stopped alone."""

from __future__ import annotations

import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import psutil
from tests import whole_airflow

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]


GIVE_UP = threading.Event()
"""Ends all waiting, when someone wants the whole to end."""


class GivenUpError(Exception):
    """Nobody waits any more."""


def wait_for(what: str, seconds: float, found: Callable[[], T], pause: float = 0.5) -> T:
    """The first value that is true.

    :raises TimeoutError: naming what did not come.
    :raises GivenUpError: when everything is to end.
    """

    def rest() -> None:
        if GIVE_UP.wait(pause):
            raise GivenUpError(what)

    return whole_airflow.wait_for(what, seconds, found, rest)


class Part:
    """A program in a session of its own, which can be started again."""

    def __init__(self, name: str, arguments: list[str], environment: Mapping[str, str], logs: Path) -> None:
        self.name = name
        self._arguments = [sys.executable, "-m", *arguments]
        self._environment = dict(environment)
        self._log = logs / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else -1

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._arguments,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self._log.parent,
            )

    def family(self) -> list[psutil.Process]:
        """The process and all that descend from it; none if it was never started."""
        if self._process is None:
            return []
        with contextlib.suppress(psutil.NoSuchProcess):
            first = psutil.Process(self.pid)
            return [first, *first.children(recursive=True)]
        return []

    def signal_all(self, number: signal.Signals) -> None:
        """Send a signal to the whole family at once, also to those that lead a process group of their own."""
        for process in self.family():
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def kill(self) -> None:
        self.signal_all(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def kill_alone(self) -> None:
        """Kill the process, not its children."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def terminate_group(self, seconds: float) -> None:
        """What a rolling restart does: SIGTERM to all, some patience, SIGKILL to what is left."""
        family = self.family()
        os.killpg(self.pid, signal.SIGTERM)
        psutil.wait_procs(family, timeout=seconds)
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        if self._process:
            self._process.wait()

    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log_text(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""


def airflow_environment(home: Path, port: int, database_url: str, connections: Mapping[str, str]) -> dict[str, str]:
    """The settings of an Airflow that notices soon that something died."""
    url = f"http://localhost:{port}"
    settings: dict[str, Any] = {
        "CORE__DAGS_FOLDER": Path(__file__).parent / "dags",
        "CORE__LOAD_EXAMPLES": False,
        "CORE__DAGS_ARE_PAUSED_AT_CREATION": False,
        "CORE__EXECUTOR": "LocalExecutor",
        "CORE__PARALLELISM": 48,
        "CORE__FERNET_KEY": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": True,
        "CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "API__PORT": port,
        "API__BASE_URL": url,
        "API__SECRET_KEY": secrets.token_hex(32),
        "API__WORKERS": 1,
        "API_AUTH__JWT_SECRET": secrets.token_hex(64),
        "DATABASE__SQL_ALCHEMY_CONN": database_url,
        "DATABASE__SQL_ALCHEMY_CONN_ASYNC": database_url,
        # With the default of 15 an API server that fifty tasks talk to at once stood still for a minute.
        "DATABASE__SQL_ALCHEMY_POOL_SIZE": 40,
        "DATABASE__SQL_ALCHEMY_MAX_OVERFLOW": 40,
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 3600,
        "DAG_PROCESSOR__REFRESH_INTERVAL": 3600,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 40,
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": 5,
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": 15,
        "SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": 20,
        "TRIGGERER__JOB_HEARTBEAT_SEC": 2,
        "TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": 12,
        "LOGGING__COLORED_CONSOLE_LOG": False,
        "USAGE_DATA_COLLECTION__ENABLED": False,
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW_")}
    return {
        **kept,
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
        "PYTHONPATH": f"{ROOT / 'plugin'}:{ROOT}",
        "PYTHONWARNINGS": "ignore",
        "AIRFLOW_HOME": str(home),
        "CHAOS_DIR": str(home),
        **{f"AIRFLOW__{name}": str(value) for name, value in settings.items()},
        **{f"AIRFLOW_CONN_{name.upper()}": value for name, value in connections.items()},
    }
