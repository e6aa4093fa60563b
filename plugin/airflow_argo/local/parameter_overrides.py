"""``parameters`` of a submit, a retry and a resubmit: ``["name=value"]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from airflow_argo.local.refusal import Refusal


def override(workflow: dict[str, Any], overrides: Sequence[str]) -> None:
    """Put values over a workflow's arguments, in place; unknown names are added, new values come first, as in Argo.

    :param overrides: each split at the first ``=``, nothing trimmed or unquoted.
    :raises Refusal: HTTP 500 for one without ``=``, in Argo's words.
    """
    if not overrides:
        return
    given = [_read(each) for each in overrides]
    names = {row["name"] for row in given}
    stored = (workflow.get("status") or {}).get("storedWorkflowTemplateSpec")
    arguments = workflow["spec"].setdefault("arguments", {})
    known = [row for row in arguments.get("parameters") or () if row["name"] not in names]
    arguments["parameters"] = [*given, *known]
    if stored is not None:
        stored.setdefault("arguments", {})["parameters"] = [dict(row) for row in arguments["parameters"]]


def _read(text: str) -> dict[str, str]:
    name, equals, value = str(text).partition("=")
    if not equals:
        raise Refusal("INTERNAL", f"expected parameter of the form: NAME=VALUE. Received: {text}")
    return {"name": name, "value": value}
