"""What a CronWorkflow has to be to get onto the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.local.admission import Admission
from airflow_argo.local.cron import rules
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.server.bodies import entry

_FIELDS: tuple[tuple[str, type], ...] = (
    ("concurrencyPolicy", str),
    ("suspend", bool),
    ("startingDeadlineSeconds", int),
    ("successfulJobsHistoryLimit", int),
    ("failedJobsHistoryLimit", int),
    ("timezone", str),
    ("workflowMetadata", dict),
    ("stopStrategy", dict),
    ("schedules", list),
    ("when", str),
)
_POINTERS = {"startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"}


def checked_cron(admission: Admission, manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Read and check a CronWorkflow: metadata, spec and status.

    :raises Refusal: HTTP 400 with Argo's text.
    """
    given = entry(manifest, "spec", dict, "CronWorkflow") or {}
    spec: dict[str, Any] = {}
    for name, kind in _FIELDS:
        value = entry(given, name, kind, "CronWorkflowSpec")
        if value or (value is not None and name in _POINTERS):
            spec[name] = value
    metadata = dict(entry(manifest, "metadata", dict, "CronWorkflow") or {})
    problem = rules.problem_of(metadata.get("name") or "", spec)
    if problem:
        raise invalid(problem)
    inner = entry(given, "workflowSpec", dict, "CronWorkflowSpec") or {}
    try:
        workflow = admission.checked({"metadata": {}, "spec": inner}, "", lookup=namespace)
    except Refusal as refusal:
        raise invalid(f"cannot validate Workflow: {refusal.message}") from refusal
    spec = {"workflowSpec": workflow["spec"], **spec}
    spec["workflowSpec"].setdefault("arguments", {})
    status = entry(manifest, "status", dict, "CronWorkflow") or {}
    return {"metadata": metadata, "spec": spec, "status": {**rules.empty_status(), **status}}
