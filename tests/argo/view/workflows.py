"""Workflows as Argo stores them, of any size."""

from __future__ import annotations

import json
from typing import Any

START = "2026-01-01T00:00:00Z"


def moment(seconds: int) -> str:
    return f"2026-01-01T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}Z"


def fan_out_of(items: list[Any], name: str = "wf", phase: str = "Running", **status: Any) -> dict[str, Any]:
    """A fan-out whose workers have succeeded after ten seconds each."""
    root = {
        "id": name,
        "name": name,
        "displayName": name,
        "type": "DAG",
        "templateName": "fan-out",
        "phase": phase,
        "startedAt": START,
        "finishedAt": None,
    }
    nodes = {name: root}
    for index, item in enumerate(items):
        node = worker(name, index, item)
        nodes[node["id"]] = node
    return {
        "metadata": {"name": name, "namespace": "argo", "uid": f"uid-of-{name}", "resourceVersion": "1"},
        "spec": {"entrypoint": "fan-out", "templates": [{"name": "fan-out"}, {"name": "worker"}]},
        "status": {"phase": phase, "startedAt": START, "finishedAt": None, "nodes": nodes, **status},
    }


def worker(workflow: str, index: int, item: Any, **fields: Any) -> dict[str, Any]:
    full = f"{workflow}.worker({index}:x)"
    return {
        "id": f"{workflow}-{index}",
        "name": full,
        "displayName": f"worker({index}:x)",
        "type": "Pod",
        "templateName": "worker",
        "phase": "Succeeded",
        "boundaryID": workflow,
        "startedAt": moment(index % 3000),
        "finishedAt": moment(index % 3000 + 10),
        "inputs": {"parameters": [{"name": "item", "value": json.dumps(item)}]},
        "outputs": {"parameters": [{"name": "result", "value": '{"rows": 10}'}], "exitCode": "0"},
        **fields,
    }


def fail(workflow: dict[str, Any], index: int, message: str = "main: Error (exit code 3)", code: str = "3") -> None:
    node = workflow["status"]["nodes"][f"{workflow['metadata']['name']}-{index}"]
    node.update(phase="Failed", message=message, outputs={"exitCode": code})
