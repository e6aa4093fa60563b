"""The pods of a workflow as its nodes tell of them: names and labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.status import is_finished
from airflow_argo.local.engine import nodes
from airflow_argo.local.execution.pod import PodKey

_PREFIX = "workflows.argoproj.io/"


@dataclass(frozen=True, slots=True)
class PodRecord:
    """A pod that runs or ran.

    :param labels: those that Argo gives it.
    """

    key: PodKey
    name: str
    labels: Mapping[str, str]


def pods_of(workflow: Mapping[str, Any]) -> Iterator[PodRecord]:
    """All pods of a workflow but those that have not started; hits of a cache have none."""
    metadata = workflow["metadata"]
    for node_id, node in ((workflow.get("status") or {}).get("nodes") or {}).items():
        if node.get("type") != "Pod" or node.get("phase") == "Pending" or node.get("memoizationStatus", {}).get("hit"):
            continue
        ended = is_finished(workflow) or node.get("phase") in nodes.COMPLETED
        labels = {f"{_PREFIX}workflow": metadata["name"], f"{_PREFIX}completed": str(ended).lower()}
        name = nodes.pod_name(metadata["name"], node["name"], nodes.template_name(node))
        yield PodRecord(PodKey(metadata["uid"], node_id), name, labels)
