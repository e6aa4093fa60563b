"""Starts a part of Airflow after importing what its task processes would each import anew: forks inherit it."""

from __future__ import annotations

import sys
from importlib import import_module

_OF_TASKS = (
    "airflow.sdk.execution_time.task_runner",
    "airflow.sdk.execution_time.supervisor",
    "airflow.dag_processing.dagbag",
    "airflow.providers_manager",
    "airflow_argo.operators",
    "airflow_argo.operators.completion",
    "airflow_argo.triggers.workflow",
    "airflow_argo.hooks.submission",
    "airflow_argo.argo.client",
    "airflow_argo.argo.lint",
)


def main() -> None:
    for name in _OF_TASKS:
        import_module(name)
    from airflow.__main__ import main as run_airflow

    sys.argv[0] = "airflow"
    run_airflow()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main()
