"""What a pod's report means for its node: phase, message and outputs."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine import blame
from airflow_argo.local.engine.messages import PodReport

DELETED = "pod deleted"

_DEADLINE_MESSAGE = "Pod was active on the node longer than the specified deadline"
_OUTPUT_FILES = "/var/run/argo/outputs/parameters"
_EXECUTOR_EXIT_CODE = 64


def judge(report: PodReport, template: Mapping[str, Any]) -> tuple[str, str]:
    """Tell the phase and the message of a pod that has ended; main is blamed before what saves its outputs."""
    if report.deadline_exceeded:
        return "Failed", _DEADLINE_MESSAGE
    if report.containers:
        return blame.judge(report.containers, template, _first_unread(report, template))
    if report.exit_code is None:
        return "Error", report.error or DELETED
    if report.exit_code:
        message = f"main: Error (exit code {report.exit_code})"
        return "Failed", f"{message}: {report.error}" if report.error else message
    unread = _first_unread(report, template)
    if unread:
        return "Error", f"wait: Error (exit code {_EXECUTOR_EXIT_CODE}): {unread}"
    return "Succeeded", ""


def _first_unread(report: PodReport, template: Mapping[str, Any]) -> str:
    for parameter in _declared(template):
        source = parameter.get("valueFrom") or {}
        reason = report.unreadable.get(parameter["name"])
        if reason and source.get("default") is None:
            return reason if reason.startswith("open ") else f"open {_OUTPUT_FILES}{source.get('path', '')}: {reason}"
    return ""


def outputs(report: PodReport, template: Mapping[str, Any]) -> dict[str, Any] | None:
    """Collect the outputs of a pod, which exist whether it succeeded or not.

    Of parameters that could not be read the first one without a default, and what follows it, stay without a value.
    """
    found: dict[str, Any] = {}
    if report.exit_code is None:
        return None
    found["exitCode"] = str(report.exit_code)
    if report.result is not None:
        found["result"] = report.result
    if _declared(template):
        found["parameters"] = _parameters(report, template)
    return found or None


def _parameters(report: PodReport, template: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = []
    stopped = False
    for parameter in _declared(template):
        row = copy.deepcopy(parameter)
        name, source = row["name"], row.get("valueFrom") or {}
        if not stopped and name in report.parameters:
            row["value"] = report.parameters[name]
        elif not stopped and source.get("path") and source.get("default") is not None:
            row["value"] = gojson.anystring(source["default"]).removesuffix("\n")
        elif source.get("path"):
            stopped = True
        rows.append(row)
    return rows


def _declared(template: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list((template.get("outputs") or {}).get("parameters") or ())
