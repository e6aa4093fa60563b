"""A workflow's nodes in the order in which a person reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.status import Node


def lines(every: Mapping[str, Node], root: str) -> Iterator[tuple[int, Node]]:
    """Each node with its depth: what belongs to a template below it, in order of start."""
    inside: dict[str, list[Node]] = {}
    for node in every.values():
        if node["id"] != root:
            inside.setdefault(str(node.get("boundaryID") or root), []).append(node)
    if root in every:
        yield from _below(every[root], inside, 0)


def _below(node: Node, inside: Mapping[str, list[Node]], depth: int) -> Iterator[tuple[int, Node]]:
    yield depth, node
    for child in sorted(inside.get(str(node["id"]), ()), key=_reading_order):
        # A group of steps and the group of a loop only hold the nodes that follow them here anyway.
        if child.get("type") not in ("StepGroup", "TaskGroup"):
            yield from _below(child, inside, depth + 1)


def _reading_order(node: Node) -> tuple[Any, ...]:
    numbers = [
        int(number) for number in re.findall(r"\[(\d+)\]|\((\d+):", str(node["name"])) for number in number if number
    ]
    return str(node.get("startedAt")), numbers, str(node["name"])
