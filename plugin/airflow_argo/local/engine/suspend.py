"""Suspend templates: a node that waits for a person or for some time."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine import nodes, outputs
from airflow_argo.local.engine.calls import Body, Failure, Job, Owner, create_node
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.run import Frame
from airflow_argo.local.engine.times import epoch, seconds_of

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run


class SuspendBody(Body):
    """One suspend node."""

    def __init__(self, run: Run, parent: Frame, owner: Owner, job: Job) -> None:
        super().__init__(run, parent, owner, job)

    def begin(self) -> None:
        """Make the node and wait."""
        known = self.run.tree.get(self.job.name)
        self.node = create_node(self.run, self.job, "Suspend", "Pending")
        if nodes.is_fulfilled(self.node):
            self.end()
            return
        # One that waited for its lock was made without them.
        if known is None or known["phase"] == "Pending":
            self._expect_outputs()
            _offer_choices(self.node)
        self.run.suspended[self.node["id"]] = self
        duration = (self.job.template.get("suspend") or {}).get("duration")
        if duration:
            try:
                until = epoch(self.node["startedAt"]) + seconds_of(gojson.anystring(duration))
            except NodeError as error:
                self.end(Failure(str(error)))
                return
            self.run.at(until, self, self._expire)
        self.run.tree.set_phase(self.node, "Running")
        if duration and until <= self.run.now:
            # Argo's first look ends such a node already: a workflow of nothing else never has a second one.
            self._expire()
            return
        self.owner.body_changed()

    def _expect_outputs(self) -> None:
        inputs = (self.job.template.get("inputs") or {}).get("parameters") or ()
        defaults = {parameter["name"]: parameter.get("default") for parameter in inputs}
        rows = []
        for parameter in (self.job.template.get("outputs") or {}).get("parameters") or ():
            source = parameter.get("valueFrom") or {}
            if source.get("supplied") is None:
                continue
            row = copy.deepcopy(parameter)
            if source.get("default") is None and defaults.get(row["name"]) is not None:
                row["valueFrom"]["default"] = defaults[row["name"]]
            rows.append(row)
        if rows:
            self.node["outputs"] = {"parameters": rows}

    def _expire(self) -> None:
        if self.node["phase"] != "Running":
            return
        try:
            supply_defaults(self.node)
        except NodeError as error:
            self.end(Failure(str(error)))
            return
        self.run.tree.set_phase(self.node, "Succeeded")
        self._export_and_end()

    def resume(self, message: str = "") -> None:
        """Go on, because a person said so; outputs that were not set take their default.

        :raises NodeError: if an output has neither a value nor a default.
        """
        supply_defaults(self.node)
        self.run.tree.set_phase(self.node, "Succeeded", message or None)
        self._export_and_end()

    def fail(self, message: str) -> None:
        """Fail, because the workflow is stopped or has no time left."""
        self.run.tree.set_phase(self.node, "Failed", message)
        self.end()

    def look(self) -> None:
        """Notice that the node was changed from outside, by ``argo node set`` or a resume of selected nodes."""
        if self.node["phase"] != "Running":
            phase = self.node["phase"]
            self.node["phase"] = "Running"
            self.run.tree.set_phase(self.node, phase)
            self.run.tree.set_by_people.add(self.node["id"])
            self._export_and_end()

    def _export_and_end(self) -> None:
        outputs.export(self.run.status, self.node.get("outputs"), self.run.variables)
        self.end()

    def end(self, failure: Failure | None = None) -> None:
        """Forget the node and tell its owner."""
        self.run.suspended.pop(self.node["id"], None)
        super().end(failure)


def supply_defaults(node: Node) -> None:
    """Give each output that nobody has set its default.

    :raises NodeError: if one has none.
    """
    for parameter in (node.get("outputs") or {}).get("parameters") or ():
        source = parameter.get("valueFrom") or {}
        if source.get("supplied") is None:
            continue
        if source.get("default") is None:
            name = parameter["name"]
            raise NodeError(f"raw output parameter '{name}' has not been set and does not have a default value")
        parameter["value"] = gojson.anystring(source["default"])
        del parameter["valueFrom"]


def can_resume(node: Node) -> bool:
    """Tell whether each output of a suspended node has a value or a default."""
    sources = (parameter.get("valueFrom") or {} for parameter in (node.get("outputs") or {}).get("parameters") or ())
    return all(source.get("supplied") is None or source.get("default") is not None for source in sources)


def _offer_choices(node: Node) -> None:
    """Take the choices out of an input whose value is JSON with an ``enum``, for people who set it."""
    if node.get("inputs"):
        node["inputs"] = copy.deepcopy(node["inputs"])
    for parameter in (node.get("inputs") or {}).get("parameters") or ():
        choices = _enum_of(parameter.get("value"))
        if choices:
            parameter["enum"] = choices
            parameter.setdefault("default", choices[0])


def _enum_of(value: Any) -> list[str]:
    try:
        found = json.loads(value) if isinstance(value, str) else None
    except ValueError:
        return []
    choices = found.get("enum") if isinstance(found, dict) else None
    return [gojson.anystring(choice) for choice in choices] if isinstance(choices, list) else []
