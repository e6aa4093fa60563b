"""Daemons: pods that go on while what follows them runs, until the steps or DAG node they belong to ends."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Protocol

from airflow_argo.local.engine.messages import PodReport, StopPod
from airflow_argo.local.engine.nodes import Node

if TYPE_CHECKING:
    from airflow_argo.local.engine.calls import Failure
    from airflow_argo.local.engine.pods import PodBody
    from airflow_argo.local.engine.run import Frame, Run

_ADDRESS = "127.0.0.1"
_DELETED = "pod deleted"


class Home(Protocol):
    """The steps or DAG body that daemons belong to."""

    def daemon_changed(self) -> None:
        """Be told that a daemon, which counted as done, has failed or is there again."""
        ...


class Daemons:
    """All daemons of a workflow, by the node that their life ends with."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._homes: dict[str, tuple[Frame, Home]] = {}
        self._bodies: dict[str, PodBody] = {}
        self._of: defaultdict[str, list[Node]] = defaultdict(list)
        for node in run.tree.nodes.values():
            if node.get("daemoned"):
                self._of[node.get("boundaryID", "")].append(node)

    def declare(self, boundary: str, frame: Frame, home: Home) -> None:
        """Note who is told of the daemons of a steps or DAG node."""
        self._homes[boundary] = (frame, home)

    def home_of(self, boundary: str) -> Frame | None:
        """Give the part of the workflow that a daemon's further attempts belong to."""
        found = self._homes.get(boundary)
        return found[0] if found is not None else None

    def began(self, node: Node, body: PodBody | None = None) -> None:
        """Let a node count as done while it runs.

        :param body: runs its pod; None for the Retry node above an attempt.
        """
        node["daemoned"] = True
        if body is not None:
            node["podIP"] = _ADDRESS
            self._bodies[node["id"]] = body
        self._of[node.get("boundaryID", "")].append(node)
        self._run.tree.set_phase(node, "Running", "")
        self._run.tree.touch(node)

    def finished(self, node_id: str, report: PodReport) -> None:
        """Take over that a daemon has ended by itself: it has failed then."""
        node = self._run.tree.nodes.get(node_id)
        if node is None or node.pop("daemoned", None) is None:
            return
        body = self._bodies.pop(node_id, None)
        if body is not None:
            body.finished(report)
            body.owner.daemon_ended()
        else:
            self._lost(node)

    def _lost(self, node: Node) -> None:
        """Give a daemon up that a restart of the server has ended."""
        above = (found for found in self._run.tree.nodes.values() if node["id"] in found.get("children", ()))
        retries = [found for found in above if found["type"] == "Retry"]
        for each in (node, *retries):
            each.pop("daemoned", None)
            self._run.tree.set_phase(each, "Error", _DELETED)
        self.changed(node.get("boundaryID", ""))

    def changed(self, boundary: str) -> None:
        """Let the home of a daemon look at it."""
        found = self._homes.get(boundary)
        if found is not None:
            frame, home = found
            self._run.post(frame, home.daemon_changed)

    def end(self, boundary: str) -> None:
        """Stop the daemons of a node that has ended: they have succeeded."""
        self._homes.pop(boundary, None)
        for node in self._of.pop(boundary, ()):
            if node.pop("daemoned", None) is None:
                continue
            if node["type"] == "Pod":
                self._run.commands.append(StopPod(node["id"]))
                self._bodies.pop(node["id"], None)
            self._run.tree.set_phase(node, "Succeeded")
            self._run.tree.touch(node)


class Revival:
    """The owner of a daemon's attempts after the first: the call that made it has long ended."""

    def __init__(self, run: Run, boundary: str) -> None:
        self.body_changed = partial(run.daemons.changed, boundary)
        self.daemon_ended = self.body_changed

    def body_ended(self, failure: Failure | None) -> None:
        """Let the daemon's home look at what has become of it."""
        self.body_changed()
