"""Everything that a round needs, running: Airflow's parts, the Argo Server, the proxy between them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from tests.chaos.cells import Cell
from tests.chaos.database import database
from tests.chaos.processes import Part, airflow_environment, wait_for
from tests.chaos.proxy import Proxy
from tests.chaos.request_faults import Killer, rules
from tests.chaos.servers import ArgoApi, ChaosAirflow
from tests.whole_airflow import free_port

_PODS = 200
_START_SECONDS = 240.0


class Stage:
    """One Airflow and one Argo Server for all rounds.

    :param home: an empty folder for all of it; not below /tmp, for every worker has a /tmp of its own.
    :param argo_url: an Argo Server that runs already, needs no token, and whose workers see this folder.
    """

    def __init__(
        self, home: Path, cells: list[Cell], token: str, tell: Callable[[str], None], argo_url: str = ""
    ) -> None:
        self.home = home
        self.token = token
        self._tell = tell
        self._cells = cells
        self.ledger = home / "ledger"
        self.gates = home / "gates"
        self.outputs = home / "outputs"
        self.database = database(home)
        api_port, argo_port, proxy_port = free_port(), free_port(), free_port()
        connections = {cell.conn_id: self._connection(cell, argo_port, proxy_port) for cell in cells}
        self._environment = airflow_environment(home, api_port, self.database.url, connections)
        self.airflow = ChaosAirflow(f"http://localhost:{api_port}")
        self.is_guest = bool(argo_url)
        self.argo_api = ArgoApi(argo_url or f"http://127.0.0.1:{argo_port}", token)
        self.argo = self._part(
            "argo-server",
            [
                "airflow_argo.local",
                *("--port", str(argo_port), "--dir", str(home / "argo")),
                *("--workers", str(_PODS), "--token-file", str(home / "token")),
            ],
        )
        self.api_server = self._part("api-server", ["airflow", "api-server"])
        self.scheduler = self._part("scheduler", ["tests.chaos.warm", "scheduler", "--skip-serve-logs"])
        self.dag_processor = self._part("dag-processor", ["airflow", "dag-processor"])
        self.triggerers = [
            self._part(f"triggerer-{number}", ["airflow", "triggerer", "--skip-serve-logs"]) for number in (1, 2)
        ]
        killer = Killer(lambda: self.scheduler.pid)
        by_fault = rules(killer)
        mine = {cell.dag_id: by_fault[cell.fault.name] for cell in cells if cell.fault.name in by_fault}
        self.proxy = Proxy(self.argo_api.url, proxy_port, mine)

    def __enter__(self) -> Stage:
        for folder in (self.gates, self.outputs):
            folder.mkdir(parents=True)
        self.ledger.touch()
        (self.home / "token").write_text(self.token, encoding="utf-8")
        plan = {cell.dag_id: cell.for_dag() for cell in self._cells}
        (self.home / "cells.json").write_text(json.dumps(plan), encoding="utf-8")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self) -> None:
        self._tell(f"Starting PostgreSQL, the Argo Server and Airflow below {self.home} ...")
        self.database.start()
        self.proxy.start()
        self.start_argo()
        with (self.outputs / "migrate.log").open("wb") as log:
            migrate = [sys.executable, "-m", "airflow", "db", "migrate"]
            subprocess.run(migrate, env=self._environment, check=True, stdout=log, stderr=log)
        for part in (self.api_server, self.dag_processor, self.scheduler, *self.triggerers):
            part.start()
        wait_for("a healthy Airflow", _START_SECONDS, self._is_healthy, pause=1.0)
        self.airflow.log_in()
        wanted = {cell.dag_id for cell in self._cells}
        wait_for("the DAGs", _START_SECONDS, lambda: wanted <= self.airflow.dags(), pause=1.0)
        errors = self.airflow.import_errors()
        if errors:
            raise RuntimeError(f"the DAG file does not load: {errors}")
        self._tell("Airflow is healthy.")

    def stop(self) -> None:
        for part in (self.scheduler, *self.triggerers, self.dag_processor, self.api_server, self.argo):
            part.kill()
        self.proxy.stop()
        self.database.stop()

    def start_argo(self) -> None:
        if not self.is_guest:
            self.argo.start()
        wait_for("the Argo Server", 60, self.argo_api.is_there, pause=0.2)
        for cell in self._cells if self.is_guest else ():
            # An earlier play on a server that runs already had the same names: its workflows would be taken over.
            self.argo_api.delete(cell.dag_id)

    def open_gate(self, cell: Cell, run: str) -> None:
        self.gate(cell, run).touch()

    def gate(self, cell: Cell, run: str) -> Path:
        return self.gates / f"{cell.dag_id}.{run}"

    def failing(self, cell: Cell, run: str) -> Path:
        """The file that makes a run's workers fail, as long as it is there."""
        return self.gates / f"{cell.dag_id}.{run}.fail"

    def _is_healthy(self) -> bool:
        for part in (self.api_server, self.dag_processor, self.scheduler, *self.triggerers):
            if not part.is_alive():
                raise RuntimeError(f"{part.name} ended: {part.log_text()[-3000:]}")
        return self.airflow.is_healthy()

    def _part(self, name: str, arguments: list[str]) -> Part:
        return Part(name, arguments, self._environment, self.outputs)

    def _connection(self, cell: Cell, argo_port: int, proxy_port: int) -> str:
        extra = {"namespace": "argo"} if cell.fault.direct else {"namespace": "argo", "base_path": cell.dag_id}
        return json.dumps(
            {
                "conn_type": "argo",
                "host": "http://127.0.0.1",
                "port": argo_port if cell.fault.direct else proxy_port,
                "password": self.token,
                "extra": extra,
            }
        )
