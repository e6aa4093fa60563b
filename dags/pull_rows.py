"""The main job: rows are generated into a shared database, and as many workers as they ask for pull them.

    generate ──▶ worker × ceil(rows / rows_per_worker) ──▶ report

One step generates rows, so that they are unique. Their number decides how many workers run side by side; each pulls its
own slice, processes it and dumps it to storage. Every row is processed exactly once, also when a worker is retried: a
worker writes its file in one go, under a name that its slice gives it.

These environment variables of Airflow say where things are. Both must be reachable from the workers, so not below /tmp,
which every worker has for itself:

* ``DATABASE_URL``: the shared database, as SQLAlchemy writes it. Without it, a SQLite file in the storage directory. It
  can be read in Airflow's and Argo's UI: for one with a password give ``DATABASE_SECRET`` instead, the name of a
  Kubernetes Secret whose key ``url`` holds it.
* ``STORAGE_DIR``: where the workers dump what they have processed. Without it, ``~/airflow-argo``.

``pull_rows`` waits for someone to press *Trigger*; ``pull_rows_nightly`` is the same on a schedule.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Param, task

from airflow_argo.operators import ArgoFanOutOperator

STORAGE_DIR = os.environ.get("STORAGE_DIR", str(Path.home() / "airflow-argo"))
DATABASE_URL = os.environ.get("DATABASE_URL", f"sqlite:///{STORAGE_DIR}/rows.db")

DATABASE_SECRET = os.environ.get("DATABASE_SECRET", "")

# Airflow's own image holds Python and SQLAlchemy. The embedded Argo Server runs the commands as they are.
IMAGE = os.environ.get("WORKER_IMAGE", "apache/airflow:3.3.2")

# Each run of the workflow has rows of its own; generating them again replaces them.
GENERATE = """
import os
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, delete, insert

engine = create_engine(os.environ["DATABASE_URL"])
metadata = MetaData()
rows = Table(
    "rows",
    metadata,
    Column("run", String(100), primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("value", Integer, nullable=False),
)
metadata.create_all(engine)
run, count = os.environ["RUN"], int(os.environ["ROWS"])
with engine.begin() as connection:
    connection.execute(delete(rows).where(rows.c.run == run))
    for start in range(0, count, 1000):
        chunk = range(start, min(start + 1000, count))
        connection.execute(insert(rows), [{"run": run, "id": number, "value": number * 7} for number in chunk])
with open("/tmp/rows", "w") as file:
    file.write(str(count))
print("generated", count, "rows")
"""

PULL = """
import json, os
from sqlalchemy import create_engine, text

offset, limit, run = int(os.environ["OFFSET"]), int(os.environ["LIMIT"]), os.environ["RUN"]
with create_engine(os.environ["DATABASE_URL"]).connect() as connection:
    query = text("SELECT id, value FROM rows WHERE run = :run ORDER BY id LIMIT :limit OFFSET :offset")
    pulled = connection.execute(query, {"run": run, "limit": limit, "offset": offset}).all()

folder = os.path.join(os.environ["STORAGE_DIR"], run)
os.makedirs(folder, exist_ok=True)
path = os.path.join(folder, f"part-{offset:09d}.jsonl")
with open(path + ".new", "w") as file:
    for number, value in pulled:
        file.write(json.dumps({"id": number, "square": value * value}) + "\\n")
os.replace(path + ".new", path)

with open("/tmp/result", "w") as file:
    json.dump({"rows": len(pulled), "file": path}, file)
print("pulled", len(pulled), "rows from", offset)
"""


def python_step(source: str, output: str) -> dict[str, Any]:
    """A template's body, in Argo's own words: a Python script with one output parameter."""
    values = {"STORAGE_DIR": "{{workflow.parameters.storage_dir}}", "RUN": "{{workflow.name}}"}
    database: dict[str, Any] = {"value": "{{workflow.parameters.database_url}}"}
    if DATABASE_SECRET:
        database = {"valueFrom": {"secretKeyRef": {"name": DATABASE_SECRET, "key": "url"}}}
    return {
        "script": {
            "image": IMAGE,
            "command": ["python"],
            "env": [
                {"name": "DATABASE_URL", **database},
                *({"name": name, "value": value} for name, value in values.items()),
            ],
            "source": source,
        },
        "outputs": {"parameters": [{"name": output, "valueFrom": {"path": f"/tmp/{output}"}}]},
    }


@task
def report(results: list[dict[str, Any]]) -> dict[str, int]:
    """What the workers did together."""
    total = {"workers": len(results), "rows": sum(result["rows"] for result in results)}
    print("{rows} rows by {workers} workers".format(**total))
    return total


def pull_rows_dag(dag_id: str, schedule: str | None) -> DAG:
    """The use case as a DAG."""
    with DAG(
        dag_id,
        schedule=schedule,
        catchup=False,
        doc_md=__doc__,
        tags=["argo", "example"],
        params={
            "rows": Param(
                1000,
                type="integer",
                minimum=0,
                maximum=1_000_000,
                title="Rows",
                description="How many rows to generate into the shared database. 0 is fine: then no worker runs.",
            ),
            "rows_per_worker": Param(
                100,
                type="integer",
                minimum=1,
                maximum=100_000,
                title="Rows per worker",
                description="How many rows one worker pulls. The number of workers is rounded up.",
            ),
        },
    ) as dag:
        workers = ArgoFanOutOperator(
            task_id="pull",
            rows="{{ params.rows }}",
            rows_per_worker="{{ params.rows_per_worker }}",
            generate=python_step(GENERATE, "rows"),
            worker={**python_step(PULL, "result"), "retryStrategy": {"limit": 2}},
            parameters={"storage_dir": STORAGE_DIR, **({} if DATABASE_SECRET else {"database_url": DATABASE_URL})},
        )
        report(workers.output)
    return dag


on_demand = pull_rows_dag("pull_rows", schedule=None)
nightly = pull_rows_dag("pull_rows_nightly", schedule="0 3 * * *")
