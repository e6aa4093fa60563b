"""One state of a workflow, ready to answer what viewers ask about it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from airflow_argo.argo import results, stalls
from airflow_argo.argo.fan_out import ENTRYPOINT, WORKER
from airflow_argo.argo.planned import planned_workers
from airflow_argo.argo.status import (
    FAILED_PHASES,
    Node,
    Workflow,
    is_archived_record,
    message,
    nodes,
    phase,
    pods_below,
)
from airflow_argo.argo.view.actions import actions_for
from airflow_argo.argo.view.query import Query
from airflow_argo.argo.view.rows import ENDED, TEXT_LENGTH, Row, chosen, rows_of
from airflow_argo.argo.view.timeline import timeline
from airflow_argo.argo.view.times import epoch
from airflow_argo.argo.view.tree import tree

_PROBLEMS = 5


@dataclass(frozen=True)
class Snapshot:
    """A workflow at one moment; what goes on afterwards is left out of a snapshot that was prepared."""

    workflow: Workflow

    @cached_property
    def version(self) -> str:
        """Another one for every change."""
        metadata, status = self.workflow["metadata"], self.workflow.get("status") or {}
        # An archived workflow may come without a resourceVersion, but does not change either.
        parts = [metadata.get("uid"), metadata.get("resourceVersion"), status.get("phase"), status.get("finishedAt")]
        parts.append(is_archived_record(self.workflow))
        return hashlib.blake2b(json.dumps(parts).encode(), digest_size=9).hexdigest()

    @cached_property
    def is_fan_out(self) -> bool:
        """Whether :func:`airflow_argo.argo.fan_out.fan_out` made it."""
        spec = self.workflow.get("spec") or {}
        return spec.get("entrypoint") == ENTRYPOINT and any(
            template.get("name") == WORKER for template in spec.get("templates") or ()
        )

    @cached_property
    def rows(self) -> list[Row]:
        """All workers, by index."""
        return rows_of(self.workflow, of_fan_out=self.is_fan_out)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many workers are in each phase."""
        return dict(Counter(row.phase for row in self.rows))

    @property
    def failed(self) -> int:
        """How many workers have failed."""
        return sum(self.counts.get(each, 0) for each in FAILED_PHASES)

    def prepare(self) -> Snapshot:
        """Work out all that does not depend on the question, which takes a moment for many nodes; itself."""
        _ = self.version, self._of_all
        return self

    def state(self, query: Query, *, now: float, link: str = "", can_act: bool = False) -> dict[str, Any]:
        """What the view shows.

        :param now: seconds since the epoch.
        :param link: where people find the workflow in Argo's UI; left out unless it is an address of the web.
        :param can_act: whether the viewer may change anything.
        """
        found = chosen(self.rows, query, now)
        page = found[query.offset : query.offset + query.limit]
        question = vars(query) | {"phases": sorted(query.phases)}
        return {
            **self._of_all,
            "version": f"{self.version}-{_digest(question, can_act, link)}",
            "link": web_address(link),
            "now": now,
            "matched": len(found),
            "workers": [list(row) for row in page],
            "can_act": can_act,
            "actions": self._of_all["actions"] if can_act else [],
        }

    def tree(self) -> dict[str, Any]:
        """The nodes; see :func:`airflow_argo.argo.view.tree.tree`."""
        return {"version": self.version, **tree(self.workflow)}

    def telling_pod(self, node_id: str) -> Node | None:
        """The pod whose log tells about a node: the last one in it that failed, else the last one.

        None if there is no such node, or it has no pod yet.
        """
        node = nodes(self.workflow).get(node_id)
        if node is None:
            return None
        pods = [pod for pod in pods_below(self.workflow, node) if pod.get("phase") != "Pending"]
        telling = [pod for pod in pods if pod.get("phase") in FAILED_PHASES] or pods
        return telling[-1] if telling else None

    @cached_property
    def _of_all(self) -> dict[str, Any]:
        """What does not depend on the question."""
        ended = sum(count for each, count in self.counts.items() if each in ENDED)
        metadata, status = self.workflow["metadata"], self.workflow.get("status") or {}
        return {
            "name": str(metadata["name"]),
            "namespace": str(metadata.get("namespace") or ""),
            "phase": phase(self.workflow) or "Pending",
            "message": message(self.workflow)[: 4 * TEXT_LENGTH],
            "started": epoch(status.get("startedAt")),
            "finished": epoch(status.get("finishedAt")),
            "archived": is_archived_record(self.workflow),
            "actions": actions_for(self.workflow),
            "progress": [ended, max(len(self.rows), self._planned)],
            "counts": self.counts,
            "fan_out": self.is_fan_out,
            "waits": [] if status.get("finishedAt") else stalls.reasons(self.workflow),
            "problems": self._problems(),
            "timeline": timeline(self.rows),
        }

    @property
    def _planned(self) -> int:
        return (planned_workers(self.workflow) or 0) if self.is_fan_out else 0

    def _problems(self) -> list[list[str]]:
        """``[node id, name, message]`` of what failed and is no worker, such as the *generate* step."""
        if phase(self.workflow) not in FAILED_PHASES or self.failed:
            return []
        return [
            [str(node["id"]), str(node.get("displayName") or ""), str(node.get("message") or "")[:TEXT_LENGTH]]
            for node in results.failed_nodes(self.workflow)[:_PROBLEMS]
        ]


def nothing_yet(why: str, *, now: float) -> dict[str, Any]:
    """The state where there is no workflow.

    :param why: in words for the viewer.
    """
    return {
        "version": f"none-{_digest(why)}",
        "name": "",
        "namespace": "",
        "phase": None,
        "why": why,
        "message": "",
        "link": "",
        "started": None,
        "finished": None,
        "now": now,
        "progress": [0, 0],
        "waits": [],
        "problems": [],
        "counts": {},
        "fan_out": True,
        "matched": 0,
        "workers": [],
        "timeline": timeline([]),
        "can_act": False,
        "archived": False,
        "actions": [],
    }


def web_address(link: str) -> str:
    """The link if it is one of the web; anything else would run in the viewer's page."""
    try:
        return link if urlsplit(link).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def _digest(*parts: Any) -> str:
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=6).hexdigest()
