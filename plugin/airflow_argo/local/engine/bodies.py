"""From a template's type to what executes it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_argo.local.engine.calls import Body, Job, Owner
from airflow_argo.local.engine.container_set import ContainerSetBody
from airflow_argo.local.engine.dag import DagBody
from airflow_argo.local.engine.http import HttpBody
from airflow_argo.local.engine.merging import template_type
from airflow_argo.local.engine.pods import PodBody
from airflow_argo.local.engine.retry import RetryBody
from airflow_argo.local.engine.steps import StepsBody
from airflow_argo.local.engine.suspend import SuspendBody

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Frame, Run

BODIES: dict[str, type[Body]] = {
    "container": PodBody,
    "script": PodBody,
    "containerSet": ContainerSetBody,
    "data": PodBody,
    "http": HttpBody,
    "suspend": SuspendBody,
    "steps": StepsBody,
    "dag": DagBody,
}


class Bodies:
    """Starts the parts of a workflow."""

    kinds = frozenset(BODIES)

    def start(self, run: Run, parent: Frame, owner: Owner, job: Job, strategy: Mapping[str, Any] | None) -> None:
        """Start what a job's template says, as attempts of a Retry node where there is a retry strategy."""
        if strategy is not None:
            RetryBody(run, parent, owner, job, strategy).begin()
        else:
            BODIES[template_type(job.template)](run, parent, owner, job).begin()
