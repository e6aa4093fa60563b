"""``make demo``: the main job from the trigger to the XComs, on this machine.

The DAG ``dags/pull_rows.py`` runs in Airflow (as ``airflow dags test`` runs it) against an embedded Argo Server; then
the database and the storage are compared, row by row.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
STORAGE = DEMO / "storage"

console = Console(highlight=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="1050", help="how many rows to generate")
    parser.add_argument("--rows-per-worker", default="100", help="how many rows one worker pulls")
    options = parser.parse_args()

    configure()
    prepare_database()
    with embedded_server():
        started = time.monotonic()
        run = run_dag({"rows": number(options.rows), "rows_per_worker": number(options.rows_per_worker)})
        seconds = time.monotonic() - started
    return report(run, seconds)


def number(text: str) -> int | str:
    """What is no number goes on as it is: the DAG's params refuse it, as they do in the UI."""
    try:
        return int(text)
    except ValueError:
        return text


def configure() -> None:
    """Airflow reads its settings from the environment when it is imported."""
    os.environ.update(
        AIRFLOW_HOME=str(DEMO / "airflow"),
        AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
        AIRFLOW__CORE__LOAD_EXAMPLES="False",
        AIRFLOW__LOGGING__LOGGING_LEVEL="ERROR",
        # Only what the operators tell of their work.
        AIRFLOW__LOGGING__NAMESPACE_LEVELS="airflow.task.operators.airflow_argo=INFO",
        STORAGE_DIR=str(STORAGE),
        AIRFLOW__LOGGING__LOG_FORMAT="%(message)s",
        PYTHONWARNINGS="ignore",
    )
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{STORAGE}/rows.db")
    STORAGE.mkdir(parents=True, exist_ok=True)


def prepare_database() -> None:
    if (DEMO / "airflow" / ".ready").exists():
        return
    console.print("Preparing Airflow's own database in .demo, once; this takes a few seconds ...")
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, stdout=subprocess.DEVNULL)
    (DEMO / "airflow" / ".ready").touch()


@contextmanager
def embedded_server() -> Iterator[None]:
    from airflow_argo.local.testing import running_server

    with running_server(DEMO / "argo") as url:
        host, _, port = url.rpartition(":")
        connection = {"conn_type": "argo", "host": host, "port": int(port), "extra": {"namespace": "argo"}}
        os.environ["AIRFLOW_CONN_ARGO_DEFAULT"] = json.dumps(connection)
        console.print(f"The embedded Argo Server listens on {url}")
        yield


def run_dag(conf: dict[str, Any]) -> Any:
    sys.path.insert(0, str(ROOT / "dags"))
    console.print("Triggering the DAG 'pull_rows' with " + ", ".join(f"{key}={value}" for key, value in conf.items()))
    from airflow.exceptions import ParamValidationError
    from pull_rows import on_demand

    try:
        return on_demand.test(run_conf=conf)
    except ParamValidationError as error:
        sys.exit(f"The DAG refuses these params: {error}")


def report(run: Any, seconds: float) -> int:
    """The table, and the exactly-once check."""
    pull = run.get_task_instance("pull")
    workflow, results = xcom(pull, "workflow"), [found for found in xcom(pull, "return_value") or [] if found]
    if workflow is None:
        console.print("The task 'pull' failed before it submitted a workflow; see above.")
        return 1
    generated = Counter(generated_ids(workflow["name"]))
    processed = Counter(processed_ids(results))
    lost = sum((generated - processed).values())
    doubled = sum((processed - generated).values())

    table = Table(show_header=False, title=f"Workflow {workflow['name']}")
    for name, value in {
        "DAG run": run.state,
        "rows generated": generated.total(),
        "rows per worker": run.conf["rows_per_worker"],
        "workers": len(results),
        "rows processed": processed.total(),
        "rows lost": lost,
        "rows processed twice": doubled,
        "seconds": f"{seconds:.1f}",
        "storage": (STORAGE / workflow["name"]).relative_to(ROOT),
    }.items():
        table.add_row(name, str(value))
    console.print(table)
    good = run.state == "success" and not lost and not doubled and generated.total() == run.conf["rows"]
    console.print("Every row was processed exactly once." if good else "NOT every row was processed exactly once!")
    return 0 if good else 1


def xcom(instance: Any, key: str) -> Any:
    return instance.xcom_pull(task_ids=instance.task_id, key=key)


def generated_ids(run: str) -> list[int]:
    from sqlalchemy import create_engine, text

    with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
        return [row[0] for row in connection.execute(text("SELECT id FROM rows WHERE run = :run"), {"run": run})]


def processed_ids(results: list[dict[str, Any]]) -> Iterator[int]:
    for result in results:
        for line in Path(result["file"]).read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["id"]


if __name__ == "__main__":
    sys.exit(main())
