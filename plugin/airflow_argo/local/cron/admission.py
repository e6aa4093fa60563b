"""What a CronWorkflow has to be to get onto the server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import decode
from airflow_argo.argo.lint.encode import encode
from airflow_argo.local.admission import Admission
from airflow_argo.local.cron import rules
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.server.bodies import entry


def decoded_cron(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Read a CronWorkflow as Go does.

    :raises Refusal: HTTP 400 in Go's words.
    """
    try:
        cron = decode(manifest, "CronWorkflow", ("CreateCronWorkflowRequest", ("cronWorkflow",)))
        return encode(cron, "CronWorkflow")
    except ManifestError as error:
        raise invalid(error.message) from error


def checked_cron(admission: Admission, manifest: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """Read and check a CronWorkflow: metadata, spec and status.

    :raises Refusal: HTTP 400 with Argo's text.
    """
    cron = decoded_cron(manifest)
    metadata, spec = cron["metadata"], cron["spec"]
    inner = spec.pop("workflowSpec")
    problem = rules.problem_of(metadata.get("name") or "", spec)
    if problem:
        raise invalid(problem)
    try:
        workflow = admission.checked({"metadata": {}, "spec": inner}, "", lookup=namespace)
    except Refusal as refusal:
        raise invalid(f"cannot validate Workflow: {refusal.message}") from refusal
    spec = {"workflowSpec": workflow["spec"], **spec}
    spec["workflowSpec"].setdefault("arguments", {})
    status = entry(manifest, "status", dict, "CronWorkflow") or {}
    return {"metadata": metadata, "spec": spec, "status": {**rules.empty_status(), **status}}
