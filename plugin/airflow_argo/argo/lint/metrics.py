"""The metrics of a template."""

from __future__ import annotations

import re

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import Document

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def check_metrics(template: str, metrics: Document) -> None:
    """Check the Prometheus metrics of the template of this name."""
    for metric in metrics.get("prometheus") or ():
        fault = _fault(f"templates.{template}", metric or {})
        if fault:
            raise ManifestError(fault)


def _fault(place: str, metric: Document) -> str:
    name = metric.get("name", "")
    if not _NAME.fullmatch(name):
        return f"{place} metric name '{name}' is invalid. Metric names must contain alphanumeric characters or '_'"
    for label in metric.get("labels", ()):
        key = (label or {}).get("key", "")
        if not _NAME.fullmatch(key):
            return f"metric label '{key}' is invalid: keys may only contain alphanumeric characters or '_'"
    if not metric.get("help"):
        return f"{place} metric '{name}' must contain a help string under 'help: ' field"
    fault = _value_fault(metric)
    return f"{place} metric '{name}' error: {fault}" if fault else ""


def _value_fault(metric: Document) -> str:
    gauge = metric.get("gauge", {})
    if "gauge" in metric and not gauge.get("value"):
        return "missing gauge.value"
    if gauge.get("realtime") and "resourcesDuration." in gauge["value"]:
        return "'resourcesDuration.*' metrics cannot be used in real-time"
    for kind in ("counter", "histogram"):
        if kind in metric and not metric[kind].get("value"):
            return f"missing {kind}.value"
    return ""
