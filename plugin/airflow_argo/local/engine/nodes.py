"""What a node is called and what its phase means: ids, pod names, display names, phases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from airflow_argo.argo.node_names import node_id as node_id
from airflow_argo.argo.node_names import pod_name as pod_name
from airflow_argo.local.engine.errors import NodeError

Node: TypeAlias = dict[str, Any]

UNSUCCESSFUL = frozenset({"Failed", "Error"})
COMPLETED = UNSUCCESSFUL | {"Succeeded"}
FULFILLED = COMPLETED | {"Skipped", "Omitted"}
ACTIVE = frozenset({"Pending", "Running"})

_BOUNDARY_SEPARATOR = re.compile(r"^(\[\d+\])?\.")
_DISPLAY_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9-.]{0,61}[a-zA-Z0-9]$")
DISPLAY_NAME_ANNOTATION = "workflows.argoproj.io/display-name"


def display_name(node_name: str, boundary_name: str | None) -> str:
    """Shorten a node's name by its boundary's, and by the step group's number or the dot that follows."""
    if boundary_name is None:
        return node_name
    return _BOUNDARY_SEPARATOR.sub("", node_name.removeprefix(boundary_name))


def chosen_display_name(template: Mapping[str, Any]) -> str:
    """Give the display name that a template's annotation chooses; empty if there is none.

    :raises NodeError: in Argo's words, if it cannot be one.
    """
    text = str((template.get("annotations") or {}).get(DISPLAY_NAME_ANNOTATION) or "")
    if text and not _DISPLAY_NAME.match(text):
        raise NodeError(f"displayName must match the regex {_DISPLAY_NAME.pattern}")
    return text


def template_name(node: Mapping[str, Any]) -> str:
    """Name the template a node was made from, that of the referenced WorkflowTemplate where there is one."""
    reference = node.get("templateRef")
    return str(reference.get("template", "")) if reference else str(node.get("templateName", ""))


def loop_index(node_name: str) -> int:
    """Read the index from the name of a loop's node, such as 3 from ``wf.pull(3:c)``."""
    return int(node_name.rsplit("(", 1)[-1].split(":", 1)[0])


def caller_name(node_name: str) -> str:
    """Find the step or task that a node belongs to, such as ``pull`` for the attempt ``wf[0].pull(0:a)(1)``."""
    opener = ""
    for position in range(len(node_name) - 1, -1, -1):
        char = node_name[position]
        if opener:
            opener = "" if char == opener else opener
        elif char in ")]":
            opener = "(" if char == ")" else "["
        else:
            return node_name[: position + 1].rsplit(".", 1)[-1]
    return node_name


def is_fulfilled(node: Mapping[str, Any] | None) -> bool:
    """Tell whether a node has ended, in whatever way, or is a daemon that does its work."""
    if node is None:
        return False
    return node["phase"] in FULFILLED or bool(node.get("daemoned") and node["phase"] != "Pending")


def is_waiting(node: Mapping[str, Any]) -> bool:
    """Tell whether a node waits for a lock."""
    return bool((node.get("synchronizationStatus") or {}).get("waiting"))


def is_hooked(node: Mapping[str, Any]) -> bool:
    """Tell whether a node was made by a hook or an exit handler."""
    return bool((node.get("nodeFlag") or {}).get("hooked"))


def is_retried(node: Mapping[str, Any]) -> bool:
    """Tell whether a node is an attempt of a Retry node."""
    return bool((node.get("nodeFlag") or {}).get("retried"))
