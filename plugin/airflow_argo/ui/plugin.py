"""The Airflow plugin; imported in every task process, so it imports next to nothing."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_argo.links import ArgoWorkflowLink


class ArgoPlugin(AirflowPlugin):
    """Puts the *Argo workflow* button on task instances."""

    name = "argo"
    operator_extra_links: list[Any] = [ArgoWorkflowLink()]  # noqa: RUF012  Airflow declares it so
