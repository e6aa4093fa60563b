"""The variables that the body of a steps or DAG template can refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.tree import NodeTree


class Scope:
    """Variables by their full name, such as ``steps.make.outputs.parameters.rows``.

    A value is text, None for the output of a skipped node that has no default (an *absent optional*), or an artifact.
    """

    def __init__(self, values: Mapping[str, Any] | None = None, absent: Iterable[str] = ()) -> None:
        self.values: dict[str, Any] = dict(values or {})
        self.absent: set[str] = set(absent)

    def copy(self) -> Scope:
        """Make a scope that can be added to without changing this one."""
        return Scope(self.values, self.absent)

    def set(self, key: str, value: Any) -> None:
        """Give a variable its value."""
        self.values[key] = value
        self.absent.discard(key)

    def set_absent(self, key: str) -> None:
        """Make a variable an absent optional."""
        self.values[key] = None
        self.absent.add(key)

    def parameters(self, global_parameters: Mapping[str, str]) -> dict[str, str | None]:
        """Merge the global variables and this scope's own, without artifacts: what tags are filled from."""
        own = {key: value for key, value in self.values.items() if value is None or isinstance(value, str)}
        return {**global_parameters, **own}

    def add_inputs(self, template: Mapping[str, Any]) -> None:
        """Add a template's bound inputs."""
        inputs = template.get("inputs") or {}
        for parameter in inputs.get("parameters") or ():
            self.set(f"inputs.parameters.{parameter['name']}", gojson.anystring(parameter.get("value")))
        for artifact in inputs.get("artifacts") or ():
            self.set(f"inputs.artifacts.{artifact['name']}", artifact)

    def add_workflow_outputs(self, outputs: Mapping[str, Any] | None) -> None:
        """Add what nodes have exported under a ``globalName`` so far."""
        for parameter in (outputs or {}).get("parameters") or ():
            if parameter.get("value") is not None:
                self.set(f"workflow.outputs.parameters.{parameter['name']}", parameter["value"])
        for artifact in (outputs or {}).get("artifacts") or ():
            self.set(f"workflow.outputs.artifacts.{artifact['name']}", artifact)

    def add_node(self, prefix: str, node: Node, tree: NodeTree) -> None:
        """Add a node's variables, under ``steps.NAME`` say; a Retry node speaks through its last attempt."""
        node = tree.last_attempt(node)
        facts = {
            "id": node["id"],
            "startedAt": node.get("startedAt"),
            "finishedAt": node.get("finishedAt"),
            "ip": node.get("podIP"),
            "status": node["phase"],
            "hostNodeName": node.get("hostNodeName"),
        }
        for key, value in facts.items():
            if value:
                self.set(f"{prefix}.{key}", value)
        self.add_outputs(prefix, node.get("outputs"))

    def add_outputs(self, prefix: str, outputs: Mapping[str, Any] | None) -> None:
        """Add a node's outputs under ``steps.NAME`` or ``tasks.NAME``."""
        outputs = outputs or {}
        if outputs.get("result") is not None:
            self.set(f"{prefix}.outputs.result", outputs["result"])
        if outputs.get("exitCode") is not None:
            self.set(f"{prefix}.exitCode", outputs["exitCode"])
        for parameter in outputs.get("parameters") or ():
            if parameter.get("value") is not None:
                self.set(f"{prefix}.outputs.parameters.{parameter['name']}", gojson.anystring(parameter["value"]))
        for artifact in outputs.get("artifacts") or ():
            self.set(f"{prefix}.outputs.artifacts.{artifact['name']}", artifact)

    def add_skipped(self, prefix: str, node: Node, template: Mapping[str, Any], *, artifacts: bool) -> None:
        """Add the outputs that a skipped or omitted node would have had: the declared default, else absent.

        :param artifacts: whether its artifacts become empty ones, as in steps; in a DAG they stay unknown.
        """
        if node.get("outputs") is not None or node["phase"] not in ("Skipped", "Omitted"):
            return
        outputs = template.get("outputs") or {}
        for parameter in outputs.get("parameters") or ():
            key = f"{prefix}.outputs.parameters.{parameter['name']}"
            default = (parameter.get("valueFrom") or {}).get("default")
            if default is None:
                self.set_absent(key)
            else:
                self.set(key, gojson.anystring(default))
        for artifact in (outputs.get("artifacts") or ()) if artifacts else ():
            self.set(f"{prefix}.outputs.artifacts.{artifact['name']}", {})

    def is_absent_reference(self, value: str) -> bool:
        """Tell whether a value is nothing but a tag that names an absent optional."""
        if not (value.startswith("{{") and value.endswith("}}")):
            return False
        key = value[2:-2].strip()
        return "{{" not in key and "}}" not in key and key in self.absent
