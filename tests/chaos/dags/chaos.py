"""One DAG for each cell: one task, which fans out to a few workers that write down what they did."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, get_parsing_context

from airflow_argo.operators import ArgoFanOutOperator

HERE = Path(os.environ["CHAOS_DIR"])

# A worker waits at its run's gate, so that a fault can take the time it needs, and gives up after five minutes.
WORKER = """
sleep $SECONDS_OF_WORK
n=0
while [ ! -e "$GATE" ]; do
  [ ! -e "$GATE.fail" ] || exit 3
  [ $n -lt 200 ] || exit 4
  n=$((n+1)); sleep 1.5
done
echo "$DAG $RUN $WORKFLOW $ITEM" >> "$LEDGER"
echo "{\\"item\\": $ITEM, \\"square\\": $((ITEM*ITEM))}" > /tmp/result
"""


def chaos_dag(dag_id: str, cell: dict[str, Any]) -> DAG:
    values = {
        "DAG": dag_id,
        "RUN": "{{workflow.parameters.run}}",
        "WORKFLOW": "{{workflow.name}}",
        "GATE": f"{HERE}/gates/{dag_id}.{{{{workflow.parameters.run}}}}",
        "LEDGER": f"{HERE}/ledger",
        "SECONDS_OF_WORK": str(cell["seconds"]),
    }
    with DAG(dag_id, schedule=None, max_active_runs=100, max_active_tasks=100) as dag:
        ArgoFanOutOperator(
            task_id="work",
            argo_conn_id=cell["conn_id"],
            items=list(range(cell["items"])),
            worker={
                "container": {
                    "image": "busybox",
                    "command": ["sh", "-c", WORKER],
                    "env": [{"name": name, "value": value} for name, value in values.items()],
                },
                "outputs": {"parameters": [{"name": "result", "valueFrom": {"path": "/tmp/result"}}]},
                **({"retryStrategy": {"limit": 5, "retryPolicy": "Always"}} if not cell["once"] else {}),
            },
            parameters={"run": "{{ run_id }}"},
            deferrable=cell["mode"] == "deferrable",
            poll_interval=2.0,
            retries=cell["retries"],
            retry_delay=timedelta(seconds=1),
            execution_timeout=timedelta(seconds=cell["timeout"]) if cell["timeout"] else None,
        )
    return dag


CELLS = json.loads((HERE / "cells.json").read_text(encoding="utf-8"))
WANTED = get_parsing_context().dag_id
for name in [WANTED] if WANTED and WANTED in CELLS else list(CELLS):
    globals()[name] = chaos_dag(name, CELLS[name])
