"""The labels of a pod, which Kubernetes does not take as they come."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_argo.local.engine.errors import NodeError

_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?")
_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', at most 63, and "
    "must start and end with an alphanumeric character"
)


def check_labels(pod_name: str, template: Mapping[str, Any], spec: Mapping[str, Any]) -> None:
    """Check the values of a pod's labels.

    :raises NodeError: if Kubernetes would refuse one.
    """
    for source in (spec.get("podMetadata"), template.get("metadata")):
        for value in ((source or {}).get("labels") or {}).values():
            if not _VALUE.fullmatch(str(value)):
                raise NodeError(f'Pod "{pod_name}" is invalid: metadata.labels: Invalid value: "{value}": {_RULE}')
