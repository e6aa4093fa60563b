"""The results of a fan-out in Argo become mapped tasks in Airflow.

``@task.argo`` makes a function the worker: each item is one call of it, in a pod of its own, and what it returns is one
element of the task's result.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param, task

with DAG(
    "map_over_results",
    schedule=None,
    doc_md=__doc__,
    tags=["argo", "example"],
    params={
        "words": Param(
            ["fan", "out", "{{braces}}"],
            type="array",
            items={"type": "string"},
            title="Words",
            description="One worker measures one word.",
        )
    },
) as dag:

    @task.argo(image="python:3.12-slim", items="{{ params.words }}")
    def measure(word: str, unit: str) -> dict[str, object]:
        return {"word": word, "length": f"{len(word)} {unit}"}

    @task
    def announce(measured: dict[str, object]) -> str:
        text = f"{measured['word']}: {measured['length']}"
        print(text)
        return text

    announce.expand(measured=measure(unit="letters"))
