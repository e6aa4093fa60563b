"""The tree of nodes in ``status.nodes``: making nodes, moving their phases, and the counts that follow from them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.times import rfc3339

_WITH_PROGRESS = frozenset({"Pod", "HTTP", "Plugin", "Container", "Suspend"})
_CHILDREN_THAT_COUNT = frozenset({"Pod", "Steps", "DAG"})
_SELF_OUTBOUND = frozenset({"Skipped", "Suspend", "HTTP", "Plugin"})


class NodeTree:
    """The nodes of one workflow.

    All phases are changed here, so that the numbers that rules ask for (active pods, progress, unsuccessful children)
    are kept up to date instead of being counted again over all nodes.

    :param workflow: Argo's own dict; its ``status.nodes`` is what this changes.
    """

    def __init__(self, workflow: dict[str, Any]) -> None:
        self._name: str = workflow["metadata"]["name"]
        self._status = workflow["status"]
        self.nodes: dict[str, Node] = self._status.setdefault("nodes", {})
        self.changed: set[str] = set()
        # Those among them that people have set.
        self.set_by_people: set[str] = set()
        self.now = 0.0
        self.active_pods = 0
        self.active_pods_of: Counter[str] = Counter()
        self.active_children_of: Counter[str] = Counter()
        self.unsuccessful_children_of: Counter[str] = Counter()
        self.newly_unsuccessful: set[str] = set()
        self._progress = [0, 0]
        self._children: dict[str, set[str]] = {}
        self._ids: dict[str, str] = {}
        for node in self.nodes.values():
            self._count(node, node["phase"], 1)
        self.newly_unsuccessful.clear()

    def id_of(self, name: str) -> str:
        """Compute the id of the node of this name."""
        known = self._ids.get(name)
        if known is None:
            known = self._ids[name] = nodes.node_id(self._name, name)
        return known

    def get(self, name: str) -> Node | None:
        """Find a node by its name."""
        return self.nodes.get(self.id_of(name))

    def create(
        self,
        name: str,
        kind: str,
        phase: str,
        *,
        scope: str,
        boundary: str = "",
        holder: Mapping[str, Any] | None = None,
        flag: dict[str, bool] | None = None,
        message: str = "",
        inputs: Mapping[str, Any] | None = None,
    ) -> Node:
        """Make a node; one that exists already (after a restart) is given back as it is.

        :param holder: the step, task or hook that called the template.
        :param scope: where template names were looked up, such as ``local/my-workflow``.
        """
        node_id = self.id_of(name)
        if node_id in self.nodes:
            return self.nodes[node_id]
        holder = holder or {}
        boundary_node = self.nodes.get(boundary)
        node: Node = {
            "id": node_id,
            "name": name,
            "displayName": nodes.display_name(name, boundary_node["name"] if boundary_node else None),
            "type": kind,
            "templateName": holder.get("template"),
            "templateRef": holder.get("templateRef"),
            "templateScope": scope,
            "phase": phase,
            "nodeFlag": flag,
            "boundaryID": boundary,
            "message": message,
            "inputs": inputs,
        }
        node = {key: value for key, value in node.items() if value or key == "phase"}
        if kind in _WITH_PROGRESS:
            node["progress"] = "0/1"
        node["startedAt"] = rfc3339(self.now)
        node["finishedAt"] = node["startedAt"] if phase in nodes.FULFILLED else None
        self.nodes[node_id] = node
        self.changed.add(node_id)
        self._count(node, phase, 1)
        return node

    def set_phase(self, node: Node, phase: str, message: str | None = None) -> None:
        """Move a node to a phase; ``message=None`` leaves the message as it is."""
        before = node["phase"]
        if message is not None and message != node.get("message", ""):
            node["message"] = message
            self.changed.add(node["id"])
        if before != phase:
            self._count(node, before, -1)
            node["phase"] = phase
            self._count(node, phase, 1)
            self.changed.add(node["id"])
        if phase in nodes.FULFILLED and not node.get("finishedAt"):
            node["finishedAt"] = rfc3339(self.now)
            self.changed.add(node["id"])

    def set_waiting(self, node: Node, lock: str) -> None:
        """Note which lock a node waits for; none if empty. A pod that waits is not an active one."""
        self._count(node, node["phase"], -1)
        if lock:
            node["synchronizationStatus"] = {"waiting": lock}
        else:
            node.pop("synchronizationStatus", None)
        self._count(node, node["phase"], 1)
        self.changed.add(node["id"])

    def touch(self, node: Node) -> None:
        """Note that a node was changed in another way."""
        self.changed.add(node["id"])

    def add_child(self, parent_id: str, child_id: str) -> None:
        """Hang a node below another, once."""
        parent = self.nodes.get(parent_id)
        if parent is None:
            return
        known = self._children.get(parent_id)
        if known is None:
            known = self._children[parent_id] = set(parent.get("children", ()))
        if child_id not in known:
            known.add(child_id)
            parent.setdefault("children", []).append(child_id)
            self.changed.add(parent_id)

    def children(self, node: Node) -> list[Node]:
        """List the nodes that hang below a node."""
        return [self.nodes[child] for child in node.get("children", ()) if child in self.nodes]

    def descendants(self, node: Node) -> Iterable[Node]:
        """Walk over everything below a node, each node once."""
        seen: set[str] = set()
        waiting = list(node.get("children", ()))
        while waiting:
            node_id = waiting.pop()
            if node_id not in seen and node_id in self.nodes:
                seen.add(node_id)
                yield self.nodes[node_id]
                waiting.extend(self.nodes[node_id].get("children", ()))

    def last_of_type(self, node: Node, kind: str) -> Node | None:
        """Find the node of a type that one comes to last, going down from a node, parents before their children."""
        seen: set[str] = set()
        waiting = [(node, False)]
        while waiting:
            current, is_below_done = waiting.pop()
            if is_below_done and current["type"] == kind:
                return current
            if not is_below_done and current["id"] not in seen:
                seen.add(current["id"])
                waiting.append((current, True))
                waiting.extend((child, False) for child in self.children(current))
        return None

    def attempts(self, node: Node) -> list[Node]:
        """List the attempts of a Retry node, without its hooks."""
        return [child for child in self.children(node) if nodes.is_retried(child)]

    def last_attempt(self, node: Node) -> Node:
        """Find the node whose times and outputs speak for a node: a Retry node's last attempt, else itself."""
        if node["type"] != "Retry" or (node.get("memoizationStatus") or {}).get("hit"):
            return node
        last = [child for child in self.children(node) if not nodes.is_hooked(child)][-1:]
        return last[0] if last else node

    def outbound(self, node_id: str) -> list[str]:
        """List the ids of the last nodes below a node: what follows hangs below these."""
        node = self.nodes[node_id]
        kind = node["type"]
        below = node.get("children", ())
        if kind in _SELF_OUTBOUND or (kind in ("Steps", "DAG") and (node.get("memoizationStatus") or {}).get("hit")):
            return [node_id]
        if kind in ("Pod", "Container", "TaskGroup"):
            return self._outbound_of_group(node)
        if kind == "Retry" and below:
            return [below[-1]]
        return self._outbound_of(node.get("outboundNodes", ()))

    def _outbound_of_group(self, node: Node) -> list[str]:
        below = self.children(node)
        if not below or (node["type"] == "Pod" and all(child["type"] != "Container" for child in below)):
            return [node["id"]]
        if node["type"] != "Container":
            return self._outbound_of(child["id"] for child in below)
        outbound: list[str] = []
        for child in below:
            inside = child.get("boundaryID") == node.get("boundaryID")
            outbound += self.outbound(child["id"]) if inside else [node["id"]]
        return outbound

    def _outbound_of(self, node_ids: Iterable[str]) -> list[str]:
        return [last for node_id in node_ids for last in self.outbound(node_id)]

    def progress(self) -> str:
        """Write how many of the nodes that do work have succeeded, such as ``3/5``."""
        return f"{self._progress[0]}/{self._progress[1]}"

    def _count(self, node: Node, phase: str, by: int) -> None:
        kind, boundary = node["type"], node.get("boundaryID", "")
        if kind in _WITH_PROGRESS:
            self._count_progress(node, phase, by)
        if kind not in _CHILDREN_THAT_COUNT:
            return
        if phase in nodes.UNSUCCESSFUL:
            self.unsuccessful_children_of[boundary] += by
            if by > 0:
                self.newly_unsuccessful.add(boundary)
        if phase in nodes.ACTIVE:
            self.active_children_of[boundary] += by
            if kind == "Pod" and not nodes.is_waiting(node):
                self.active_pods += by
                self.active_pods_of[boundary] += by

    def _count_progress(self, node: Node, phase: str, by: int) -> None:
        done, total = (int(part) for part in node.get("progress", "0/1").split("/"))
        if phase in ("Succeeded", "Skipped", "Omitted"):
            done = total
            node["progress"] = f"{total}/{total}"
        self._progress[0] += by * done
        self._progress[1] += by * total


def walk_up(tree: NodeTree, node: Node, found: Callable[[Node], bool]) -> bool:
    """Tell whether a node or one of its boundaries is what is looked for."""
    current: Node | None = node
    while current is not None:
        if found(current):
            return True
        current = tree.nodes.get(current.get("boundaryID", ""))
    return False
