"""What a workflow's status says: its phase, its nodes and how far it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from airflow_argo.argo import node_names

Workflow: TypeAlias = Mapping[str, Any]
Node: TypeAlias = Mapping[str, Any]

SUCCEEDED = "Succeeded"
FAILED_PHASES = frozenset({"Failed", "Error"})
"""Of workflows and of nodes."""

FINAL_PHASES = FAILED_PHASES | {SUCCEEDED}
"""Of workflows. Any other value, also one that Argo may add one day, means that the workflow is not finished."""

POD_TYPES = frozenset({"Pod", "HTTP", "Plugin"})
"""The types of nodes that do work, as opposed to those that group others."""

ARCHIVING_LABEL = "workflows.argoproj.io/workflow-archiving-status"

_POD_NAME_FORMAT = "workflows.argoproj.io/pod-name-format"


def phase(workflow: Workflow) -> str:
    """The workflow's phase; empty until the controller has seen it, and for a moment after a retry."""
    return str((workflow.get("status") or {}).get("phase") or "")


def is_finished(workflow: Workflow) -> bool:
    """Whether the workflow has ended, well or not."""
    return phase(workflow) in FINAL_PHASES


def is_archived_record(workflow: Workflow) -> bool:
    """Whether it comes from Argo's archive, which gives it where the workflow itself is there no more.

    Its pods are gone, too, so that it can neither be retried nor asked for logs.
    """
    return (workflow["metadata"].get("labels") or {}).get(ARCHIVING_LABEL) == "Persisted"


def message(workflow: Workflow) -> str:
    """Argo's own words on the workflow; often empty, for a failed DAG always."""
    return str((workflow.get("status") or {}).get("message") or "")


def is_shutting_down(workflow: Workflow) -> bool:
    """Whether a workflow has been told to stop or to terminate; it is still so when it has ended."""
    return bool((workflow.get("spec") or {}).get("shutdown"))


def started_at(workflow: Workflow) -> str:
    """When Argo began to run the workflow, or to retry it; empty until then."""
    return str((workflow.get("status") or {}).get("startedAt") or "")


def nodes(workflow: Workflow) -> Mapping[str, Node]:
    """The workflow's nodes by id."""
    return (workflow.get("status") or {}).get("nodes") or {}


@dataclass(frozen=True)
class Progress:
    """How many pods have succeeded, of those known so far.

    Argo counts every attempt of a retried worker and never counts a failed one as done, so a Succeeded workflow may
    show 4 of 5. It grows while loops expand.
    """

    done: int
    total: int

    @classmethod
    def of(cls, workflow: Workflow) -> Progress:
        """Read ``status.progress``, such as ``7/11``; 0/0 where there is none yet."""
        match = re.fullmatch(r"(\d+)/(\d+)", str((workflow.get("status") or {}).get("progress") or ""))
        return cls(int(match[1]), int(match[2])) if match else cls(0, 0)

    def without(self, steps: int) -> Progress:
        """The progress of the workers alone, where so many steps run before them."""
        return Progress(max(self.done - steps, 0), max(self.total - steps, 0))


def pod_name(workflow: Workflow, node: Node) -> str:
    """The name of a node's pod, which is not the node's id unless the workflow says so."""
    metadata = workflow["metadata"]
    if (metadata.get("annotations") or {}).get(_POD_NAME_FORMAT) == "v1":
        return str(node["id"])
    template = (node.get("templateRef") or {}).get("template") or node.get("templateName") or ""
    return node_names.pod_name(str(metadata["name"]), str(node["name"]), str(template))


def pods_below(workflow: Workflow, node: Node) -> Iterator[Node]:
    """The pods that a node is or leads to, without hooks; a worker that is a group of steps has several."""
    every = nodes(workflow)
    seen: set[str] = set()
    waiting = [node]
    while waiting:
        current = waiting.pop()
        if current["id"] in seen:
            continue
        seen.add(str(current["id"]))
        if current.get("type") in POD_TYPES:
            yield current
        inside = f"{node['name']}"
        waiting.extend(
            every[child]
            for child in reversed(current.get("children") or ())
            # A node's children also lead on to what comes after it, which is not a part of it.
            if child in every and _is_within(str(every[child]["name"]), inside) and not _is_hook(every[child])
        )


def _is_within(name: str, outer: str) -> bool:
    return name.startswith(outer) and name[len(outer) : len(outer) + 1] in (".", "[", "(")


def _is_hook(node: Node) -> bool:
    return bool((node.get("nodeFlag") or {}).get("hooked"))
