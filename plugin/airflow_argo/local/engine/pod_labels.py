"""The labels of a pod, which Kubernetes does not take as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.labels import value_fault
from airflow_argo.local.engine.errors import NodeError


def check_labels(pod_name: str, template: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    """Check the values of a pod's labels.

    :raises NodeError: if Kubernetes would refuse one.
    """
    for source in (spec.get("podMetadata"), template.get("metadata")):
        for value in ((source or {}).get("labels") or {}).values():
            fault = value_fault(str(value))
            if fault:
                raise NodeError(f'Pod "{pod_name}" is invalid: metadata.labels: Invalid value: "{value}": {fault}')
