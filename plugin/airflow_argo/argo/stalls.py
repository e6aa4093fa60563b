"""What a workflow waits for that makes no progress, read from its nodes; no I/O."""

from __future__ import annotations

import json
import time
import zlib
from collections import Counter
from collections.abc import Callable

from airflow_argo.argo.manifest import MAX_BYTES
from airflow_argo.argo.status import Node, Workflow, nodes

FIELDS = ("metadata.name", "status.phase", "status.nodes")
"""What a look at the nodes asks for; it grows with the nodes, so that looks are rare."""

_FIRST_LOOK = 60.0
_LONGEST_PAUSE = 900.0
_SHOWN = 3
_NEARLY_FULL = 0.8


class Looks:
    """When to look at the nodes: after a minute without any progress, and then ever more rarely.

    :param clock: gives seconds that only ever grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.moved()

    def moved(self) -> None:
        """Note that the workflow made progress."""
        self._pause = _FIRST_LOOK
        self._next = self._clock() + self._pause

    def due(self) -> bool:
        """Whether to look now; it is taken for done."""
        now = self._clock()
        if now < self._next:
            return False
        self._pause = min(self._pause * 2, _LONGEST_PAUSE)
        self._next = now + self._pause
        return True


def waits_for(workflow: Workflow) -> list[str]:
    """What the workflow waits for, a line each; nothing where its pods just run.

    A status near Argo's limit is worth a line, too: a workflow that outgrows it in its last moment stays Running for
    ever, and neither stop nor terminate ends it (seen on v4.1.2).
    """
    lines = reasons(workflow)
    stored = _stored_size(workflow)
    if stored > _NEARLY_FULL * MAX_BYTES:
        lines.append(
            f"its nodes take {stored / MAX_BYTES:.1f} of the 1 MiB that Argo keeps of a workflow: one that outgrows it "
            "may never end. Then delete it, and let the workers write to storage instead"
        )
    return lines


def reasons(workflow: Workflow) -> list[str]:
    """What the nodes themselves say they wait for, a line each; the cheap part of :func:`waits_for`."""
    every = nodes(workflow).values()
    found = Counter(reason for node in every if (reason := _reason(node)))
    return [f"{count} of {len(every)} nodes wait: {reason}" for reason, count in found.most_common(_SHOWN)]


def _stored_size(workflow: Workflow) -> int:
    """How many bytes Argo needs for the nodes: as they are, or compressed and in base64 once they are too large."""
    text = json.dumps(nodes(workflow), separators=(",", ":")).encode()
    return len(text) if len(text) <= MAX_BYTES else len(zlib.compress(text, level=6)) * 4 // 3


def _reason(node: Node) -> str:
    if node.get("type") == "Suspend" and node.get("phase") == "Running":
        return f"'{node.get('displayName')}' for somebody to resume it"
    if node.get("phase") == "Pending":
        return str(node.get("message") or "")
    return ""
