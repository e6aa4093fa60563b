"""The Argo Server's requests and answers, without any I/O.

An operation is a function that builds a :class:`Call`; a transport sends it and hands the :class:`Answer` to
:func:`read`, which returns the value or raises the kind of ``ArgoError`` that the answer means.
"""

from __future__ import annotations

from airflow_argo.argo.api.answers import parsed, problem_in, read, read_stream_head
from airflow_argo.argo.api.calls import Answer, Call, encode_body
from airflow_argo.argo.api.kinds import Problem, clip, error_for
from airflow_argo.argo.api.operations import (
    STATUS_FIELDS,
    create_workflow,
    delete_workflow,
    end_workflow,
    get_workflow,
    info,
    lint_workflow,
    list_workflows,
    resume_workflow,
    retry_workflow,
    stop_workflow,
    submit_workflow,
    suspend_workflow,
    terminate_workflow,
    userinfo,
    version,
    watch_workflows,
    workflow_log,
    workflow_status,
)

__all__ = [
    "STATUS_FIELDS",
    "Answer",
    "Call",
    "Problem",
    "clip",
    "create_workflow",
    "delete_workflow",
    "encode_body",
    "end_workflow",
    "error_for",
    "get_workflow",
    "info",
    "lint_workflow",
    "list_workflows",
    "parsed",
    "problem_in",
    "read",
    "read_stream_head",
    "resume_workflow",
    "retry_workflow",
    "stop_workflow",
    "submit_workflow",
    "suspend_workflow",
    "terminate_workflow",
    "userinfo",
    "version",
    "watch_workflows",
    "workflow_log",
    "workflow_status",
]
