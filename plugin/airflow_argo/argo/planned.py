"""How many workers a fan-out is to have, before their nodes are there."""

from __future__ import annotations

import json
from typing import Any

from airflow_argo.argo.fan_out import GENERATE, SCALE
from airflow_argo.argo.status import Workflow, nodes


def planned_workers(workflow: Workflow) -> int | None:
    """How many workers the plan of a fan-out makes; None as long as a step before them has not said so.

    Argo makes a node when it may run: with a limit of ``parallelism`` there are fewer nodes than workers to come (seen
    on v4.1.2), so that counting nodes does not tell how much there is to do.

    :param workflow: one that :func:`airflow_argo.argo.fan_out.fan_out` made, with its arguments.
    """
    spec = workflow.get("spec") or {}
    steps = {template.get("name") for template in spec.get("templates") or ()}
    arguments = _values(spec.get("arguments"))
    if SCALE in steps:
        scaled = _outputs(workflow, SCALE)
        return _length(scaled.get("items") or scaled.get("result"))
    if "items" in arguments:
        return _length(arguments["items"])
    rows = _outputs(workflow, GENERATE).get("rows") if GENERATE in steps else arguments.get("rows")
    return _slices(rows, arguments.get("rows_per_worker"))


def _outputs(workflow: Workflow, step: str) -> dict[str, Any]:
    name = f"{workflow['metadata'].get('name')}.{step}"
    node = next((node for node in nodes(workflow).values() if node.get("name") == name), {})
    outputs = node.get("outputs") or {}
    return {"result": outputs.get("result"), **_values(outputs)}


def _values(puts: Any) -> dict[str, Any]:
    return {each["name"]: each.get("value") for each in (puts or {}).get("parameters") or ()}


def _length(text: str | None) -> int | None:
    try:
        found = json.loads(text or "")
    except ValueError:
        return None
    return len(found) if isinstance(found, list) else None


def _slices(rows: str | None, per: str | None) -> int | None:
    try:
        return -(-int(rows or "") // int(per or ""))
    except (ValueError, ZeroDivisionError):
        return None
