"""The services of ``docker-compose.yaml`` run here as the file has them: commands, environment, health checks, order.

Instead of containers there is one set of Linux namespaces: the network has the services' names and addresses, and /opt
the volumes. What the images add is this machine's: Python with the package, and PostgreSQL.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import psutil
import pytest
from tests.whole_airflow import wait_for

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
BINARIES = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
SERVERS = ("airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer", "argo-embedded")
# One start of Airflow's command line takes seconds, and here there are seven of them on a small machine.
START_SECONDS = 300.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def namespaces_are_allowed() -> bool:
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        return False
    trial = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "t", "/opt"]
    return subprocess.run(trial, capture_output=True, check=False).returncode == 0


class Host:
    """Namespaces in place of containers. Everything in them dies with it."""

    def __init__(self, compose: Any, folder: Path) -> None:
        self.compose, self.folder = compose, folder
        self.started: list[subprocess.Popen[bytes]] = []
        address = compose["services"]["postgres"]["networks"]["default"]["ipv4_address"]
        names = " ".join([*compose["services"], "argo-server"]).replace("postgres", "")
        (folder / "hosts").write_text(f"127.0.0.1 localhost {names}\n{address} postgres\n", encoding="utf-8")
        lines = ["set -e", "ip link set lo up", f"ip address add {address}/32 dev lo", "mount -t tmpfs opt /opt"]
        lines += [f"mount --bind {folder}/hosts /etc/hosts", *self._mounts(), "echo ready", "exec sleep infinity"]
        self.process = subprocess.Popen(
            [
                "unshare",
                "--net",
                "--mount",
                "--pid",
                "--fork",
                "--kill-child",
                "--mount-proc",
                "sh",
                "-c",
                "\n".join(lines),
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"
        (inside,) = psutil.Process(self.process.pid).children()
        self.enter = ["nsenter", f"--target={inside.pid}", "--net", "--mount", "--pid"]

    def _mounts(self) -> Iterator[str]:
        volumes = {
            volume for name in ("airflow-init", *SERVERS) for volume in self.compose["services"][name]["volumes"]
        }
        for volume in sorted(volumes):
            source, target, *_ = volume.split(":")
            path = ROOT / source if source.startswith("./") else self.folder / "volumes" / source
            path.mkdir(parents=True, exist_ok=True)
            yield f"mkdir -p {target} && mount --bind {path} {target}"

    def environment(self, service: Any) -> dict[str, str]:
        """What the image and the service set, and nothing of this process."""
        assert BINARIES is not None
        return {
            "PATH": f"{Path(sys.executable).parent}:{BINARIES}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "HOME": "/opt/airflow",
            "LANG": "C.UTF-8",
            "AIRFLOW_HOME": "/opt/airflow",
            "PYTHONPATH": str(ROOT / "plugin"),
            "PYTHONWARNINGS": "ignore",
            **service.get("environment", {}),
        }

    def start(self, name: str, command: list[str] | None = None, **environment: str) -> subprocess.Popen[bytes]:
        service = self.compose["services"][name]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*self.enter, *(command or service["command"])],
                env={**self.environment(service), **environment},
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.started.append(process)
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-3000:]

    def run(self, name: str, command: list[str] | None = None, **environment: str) -> None:
        assert self.start(name, command, **environment).wait() == 0, self.log(name)

    def healthy(self, name: str) -> bool:
        how, *command = self.compose["services"][name]["healthcheck"]["test"]
        assert how == "CMD"
        return self.start(name, command).wait() == 0

    def call(self, method: str, path: str, body: Any = None, token: str = "") -> Any:
        """Ask Airflow's REST API from inside; None if it does not answer, or not well."""
        command = ["curl", "--silent", "--fail", "-X", method, f"http://localhost:8080/{path}"]
        command += ["-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {token}"]
        command += [] if body is None else ["-d", json.dumps(body)]
        done = subprocess.run([*self.enter, *command], capture_output=True, text=True, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def stop(self) -> None:
        """End the first process in the namespaces, and so all."""
        with self.process:
            self.process.kill()
        for process in self.started:
            process.wait()


def soon(what: str, found: Callable[[], T], why: Callable[[], str] = str) -> T:
    return wait_for(what, START_SECONDS, found, partial(time.sleep, 1), why)


def start_postgres(host: Host) -> None:
    """What the image does: a cluster, where 127.0.0.1 is trusted and others need a password, and the script."""
    data = host.folder / "postgres"
    data.mkdir()
    shutil.chown(data, "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    host.run("postgres", [*as_postgres, "initdb", "-D", str(data), "--auth=trust", "--no-sync"])
    with (data / "pg_hba.conf").open("a", encoding="utf-8") as rules:
        rules.write("host all all all scram-sha-256\n")
    options = ["-c", "listen_addresses=*", "-c", "fsync=off", "-k", str(data)]
    host.start("postgres", [*as_postgres, "postgres", "-D", str(data), *options])
    ready = ["pg_isready", "--quiet", "--host", str(data)]
    soon("PostgreSQL", lambda: host.start("postgres", ready).wait() == 0, lambda: host.log("postgres"))
    assert not host.healthy("postgres")
    host.run("postgres", ["sh", str(ROOT / "deploy/compose/databases.sh")], PGHOST=str(data))
    assert host.healthy("postgres")


@pytest.fixture(scope="module")
def host(compose: Any) -> Iterator[Host]:
    if BINARIES is None or not namespaces_are_allowed():
        pytest.skip("needs root, Linux namespaces and PostgreSQL")
    # Not below /tmp, which every worker has for itself; and where the user postgres may go.
    folder = Path(f"/var/tmp/airflow-argo-compose-{os.getpid()}")
    folder.mkdir()
    host = Host(compose, folder)
    try:
        yield host
    finally:
        host.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_the_services_become_healthy_and_run_the_demo(host: Host, variables: dict[str, str]) -> None:
    start_postgres(host)
    host.run("airflow-init")
    for name in SERVERS:
        host.start(name)
    for name in SERVERS:
        soon(name, lambda name=name: host.healthy(name), lambda name=name: host.log(name))

    user = {"username": "admin", "password": "wrong"}
    assert host.call("POST", "auth/token", user) is None
    answer = host.call("POST", "auth/token", {**user, "password": variables["AIRFLOW_ADMIN_PASSWORD"]})
    token = answer["access_token"]

    def api(method: str, path: str, body: Any = None) -> Any:
        return host.call(method, f"api/v2/{path}", body, token)

    soon("the DAG", lambda: api("GET", "dags/pull_rows"))
    api("PATCH", "dags/pull_rows", {"is_paused": False})
    conf = {"rows": 250, "rows_per_worker": 100}
    run = api("POST", "dags/pull_rows/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]
    ended = soon("the run", lambda: _ended(api("GET", f"dags/pull_rows/dagRuns/{run}")))
    tasks = api("GET", f"dags/pull_rows/dagRuns/{run}/taskInstances")["task_instances"]
    assert ended == "success", tasks
    report = api("GET", f"dags/pull_rows/dagRuns/{run}/taskInstances/report/xcomEntries/return_value")
    assert report["value"] in ({"workers": 3, "rows": 250}, json.dumps({"workers": 3, "rows": 250}))
    assert len(list((host.folder / "volumes/storage").glob("*/part-*.jsonl"))) == 3


def _ended(run: Any) -> str:
    return run["state"] if run and run["state"] in ("success", "failed") else ""
