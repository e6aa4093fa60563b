"""A workflow's nodes as a tree, in the order in which a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from airflow_argo.argo.status import Node, Workflow, nodes
from airflow_argo.argo.view.rows import TEXT_LENGTH
from airflow_argo.argo.view.times import epoch

MAX_NODES = 2000
_ONLY_HOLD_OTHERS = ("StepGroup", "TaskGroup")
_NUMBERS = re.compile(r"\[(\d+)\]|\((\d+)(?::|\))")


def tree(workflow: Workflow) -> dict[str, Any]:
    """``[depth, node id, name, type, phase, message, started, finished]`` of each node, as :func:`lines` gives them."""
    found = list(islice(lines(workflow), MAX_NODES + 1))
    shown = [
        [
            depth,
            str(node["id"]),
            str(node.get("displayName") or node.get("name") or "")[:TEXT_LENGTH],
            str(node.get("type") or ""),
            str(node.get("phase") or "Pending"),
            str(node.get("message") or "")[:TEXT_LENGTH],
            epoch(node.get("startedAt")),
            epoch(node.get("finishedAt")),
        ]
        for depth, node in found[:MAX_NODES]
    ]
    return {"nodes": shown, "truncated": len(found) > MAX_NODES}


def lines(workflow: Workflow) -> Iterator[tuple[int, Node]]:
    """Each node with its depth, depth first: what belongs to a template below it, in order of start.

    Loops and attempts stand where they belong; the nodes that only hold them are left out.
    """
    every, root = nodes(workflow), str(workflow["metadata"]["name"])
    inside: dict[str, list[Node]] = {}
    tried = _attempts(every)
    for node in every.values():
        if node["id"] != root:
            inside.setdefault(tried.get(str(node["id"])) or str(node.get("boundaryID") or root), []).append(node)
    waiting = [(0, every[root])] if root in every else []
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        below = sorted(inside.pop(str(node["id"]), ()), key=_reading_order, reverse=True)
        waiting.extend((depth + 1, child) for child in below if child.get("type") not in _ONLY_HOLD_OTHERS)


def _attempts(every: Mapping[str, Node]) -> dict[str, str]:
    """The id of the node that tries again, by its attempts' ids."""
    return {
        str(child): str(node["id"])
        for node in every.values()
        if node.get("type") == "Retry"
        for child in node.get("children") or ()
        if child in every and (every[child].get("nodeFlag") or {}).get("retried")
    }


def _reading_order(node: Node) -> tuple[Any, ...]:
    numbers = [int(number) for pair in _NUMBERS.findall(str(node["name"])) for number in pair if number]
    return str(node.get("startedAt") or "~"), numbers, str(node["name"])
