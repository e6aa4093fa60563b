"""The graph of a workflow's nodes by their ``children``, for those who decide what of it runs again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.refusal import Refusal


class NodeGraph:
    """Nodes with one recorded parent each: of several the one with the greatest id, as in Argo.

    :param nodes: ``status.nodes`` of a workflow.
    :raises Refusal: HTTP 500 if a child is missing, or a node hangs nowhere.
    """

    def __init__(self, workflow_name: str, nodes: Mapping[str, Node]) -> None:
        self.nodes = nodes
        self._root = workflow_name
        self._parents: dict[str, str] = {}
        for node_id in sorted(nodes):
            for child in nodes[node_id].get("children", ()):
                self._parents[child] = node_id
        self._check()

    def _check(self) -> None:
        for node in self.nodes.values():
            is_top = node["name"] == self._root or node["name"].startswith(f"{self._root}.onExit")
            if node["id"] not in self._parents and not is_top:
                raise Refusal("INTERNAL", f"couldn't find parent node for {node['id']}")
            for child in node.get("children", ()):
                if child not in self.nodes:
                    raise Refusal("INTERNAL", f"coudln't obtain child {child}")

    def parent(self, node: Node) -> Node | None:
        """Give the recorded parent; None for the root and the exit handler."""
        found = self._parents.get(node["id"])
        return None if found is None else self.nodes[found]

    def below(self, node: Node) -> set[str]:
        """Collect the ids of everything below a node."""
        seen: set[str] = set()
        waiting = list(node.get("children", ()))
        while waiting:
            child = waiting.pop()
            if child not in seen:
                seen.add(child)
                waiting.extend(self.nodes[child].get("children", ()))
        return seen

    def breadth_first(self) -> Iterator[Node]:
        """Walk from the root downwards, each node once; the exit handler is not reached."""
        root = self.nodes.get(self._root)
        waiting = [] if root is None else [root]
        seen = {node["id"] for node in waiting}
        for node in waiting:
            yield node
            for child in node.get("children", ()):
                if child not in seen:
                    seen.add(child)
                    waiting.append(self.nodes[child])

    def upwards(self, node: Node, key: str, value: str) -> Node:
        """Find the first of a node and its ancestors that has this entry.

        :raises Refusal: HTTP 500 if there is none.
        """
        current: Node | None = node
        while current is not None:
            if current.get(key) == value:
                return current
            current = self.parent(current)
        raise Refusal("INTERNAL", "was seeking node but ran out of nodes to explore")

    def has_success_below(self, node: Node, ignored: set[str]) -> bool:
        """Tell whether a descendant has succeeded that is not ignored."""
        return any(self.nodes[child]["phase"] == "Succeeded" and child not in ignored for child in self.below(node))
