"""The tree of a workflow's nodes, fitted into a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from airflow_argo.argo.status import Node

_FOLDED_FROM = 3


@dataclass(frozen=True)
class Row:
    """A line of the tree: a node, or several of one phase that are told by their number.

    :param node: the node, of several the first.
    :param count: how many they are.
    """

    depth: int
    node: Node
    count: int = 1

    @property
    def phase(self) -> str:
        """The node's phase; one that has none yet is pending."""
        return str(self.node.get("phase") or "Pending")


def fitted(tree: Iterable[tuple[int, Node]], room: int) -> tuple[list[Row], int]:
    """Fit a tree into so many lines: neighbours of one phase become one line, and what is too much is left out.

    :returns: the lines, and how many more there would be.
    """
    found = [Row(depth, node) for depth, node in tree]
    if len(found) > room:
        found = list(_folded(found))
    if len(found) <= room:
        return found, 0
    kept = max(room - 1, 0)
    return found[:kept], len(found) - kept


def branches(depths: Sequence[int], glyphs: tuple[str, str, str, str]) -> list[str]:
    """What stands before each line to make the lines a tree.

    :param glyphs: a branch, the last branch, a line that passes by, and room of the same width.
    """
    branch, last, passing, room = glyphs
    found: list[str] = []
    open_below: set[int] = set()
    for depth in reversed(depths):
        before = "".join(passing if level in open_below else room for level in range(1, depth))
        found.append(before + (branch if depth in open_below else last) if depth else "")
        open_below = {level for level in open_below if level <= depth} | {depth}
    return found[::-1]


def _folded(every: Sequence[Row]) -> Iterator[Row]:
    following = [*(row.depth for row in every[1:]), 0]
    leaves = {index for index, row in enumerate(every) if following[index] <= row.depth}
    for key, group in groupby(
        enumerate(every), lambda entry: (entry[1].depth, entry[1].phase) if entry[0] in leaves else entry[0]
    ):
        members = [row for _, row in group]
        if isinstance(key, tuple) and len(members) >= _FOLDED_FROM:
            yield Row(members[0].depth, members[0].node, len(members))
        else:
            yield from members
