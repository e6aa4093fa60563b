"""The workflow archive: finished workflows, kept beyond the deletion of the live ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from airflow_argo.argo.status import ARCHIVING_LABEL
from airflow_argo.local.listing import ListOptions
from airflow_argo.local.refusal import Refusal, invalid
from airflow_argo.local.selectors import LabelSelector
from airflow_argo.local.store import Store

# A list must not read the nodes of all workflows: rows hold what Argo's archive gives in lists.
_ROW, _WHOLE = "ArchivedWorkflowRow", "ArchivedWorkflow"
_ROW_METADATA = ("name", "namespace", "uid", "creationTimestamp", "labels", "annotations")
_ROW_SPEC = ("suspend", "arguments")
_ROW_STATUS = (
    "phase",
    "startedAt",
    "finishedAt",
    "progress",
    "message",
    "estimatedDuration",
    "resourcesDuration",
)

Workflow = dict[str, Any]


def is_archived(workflow: Mapping[str, Any]) -> bool:
    """Whether a live workflow is in the archive, or was: lists take it from there from then on."""
    return (workflow["metadata"].get("labels") or {}).get(ARCHIVING_LABEL) == "Archived"


class Archive:
    """Archived workflows by uid.

    :param enabled: without an archive nothing is kept, lists are empty, and the rest is refused as on v4.1.2.
    """

    def __init__(self, store: Store, *, enabled: bool) -> None:
        self._store = store
        self.enabled = enabled

    def keep(self, workflow: Workflow) -> None:
        """Put a finished workflow in, or what has become of it in a retry; it has been stored so."""
        labels = {**(workflow["metadata"].get("labels") or {}), ARCHIVING_LABEL: "Persisted"}
        metadata = {**workflow["metadata"], "labels": labels}
        row = {
            "metadata": {key: metadata[key] for key in _ROW_METADATA if key in metadata},
            "spec": {key: workflow["spec"][key] for key in _ROW_SPEC if key in workflow["spec"]},
            "status": {key: workflow["status"][key] for key in _ROW_STATUS if key in workflow["status"]},
        }
        # The nodes are in the store already: copied there they cost little, however many they are.
        self._store.archive_nodes(metadata["uid"])
        status = {key: value for key, value in workflow["status"].items() if key != "nodes"}
        self._put(_WHOLE, {**workflow, "metadata": metadata, "status": status})
        self._put(_ROW, row)

    def _put(self, kind: str, workflow: Workflow) -> None:
        metadata = workflow["metadata"]
        # The store knows objects by their names, and here several workflows may have one.
        stored = {"namespace": "", "name": metadata["uid"]}
        self._store.replace(kind, {"metadata": stored, "workflow": workflow})

    def rows(self, options: ListOptions, prefix: str = "") -> list[Workflow]:
        """What matches, newest first, without nodes and with ``spec.arguments`` alone."""
        found = [row for row in self._all_rows() if options.matches(row) and row["metadata"]["name"].startswith(prefix)]
        return sorted(found, key=lambda row: str(row["status"].get("startedAt") or ""), reverse=True)

    def _all_rows(self) -> Iterable[Workflow]:
        """All rows, what was archived last first: of what started in one second that is the newest."""
        stored = self._store.all(_ROW) if self.enabled else []
        stored.sort(key=lambda each: int(each["metadata"]["resourceVersion"]), reverse=True)
        return (each["workflow"] for each in stored)

    def find(self, uid: str) -> Workflow | None:
        """A whole workflow by uid."""
        stored = self._store.get(_WHOLE, "", uid) if self.enabled else None
        if stored is None:
            return None
        workflow: Workflow = stored["workflow"]
        nodes = self._store.archived_nodes(uid)
        if nodes:
            workflow["status"]["nodes"] = nodes
        return workflow

    def find_by_name(self, namespace: str, name: str) -> Workflow | None:
        """The whole workflow of this name that started last."""
        rows = self.rows(ListOptions(namespace=namespace, name=name))
        return self.find(rows[0]["metadata"]["uid"]) if rows else None

    def get(self, uid: str) -> Workflow:
        """A whole workflow by uid.

        :raises Refusal: HTTP 404, or 500 without an archive.
        """
        if not self.enabled:
            raise Refusal("INTERNAL", "getting archived workflows not supported")
        workflow = self.find(uid)
        if workflow is None:
            raise Refusal("NOT_FOUND", "not found")
        return workflow

    def delete(self, uid: str) -> None:
        """Forget one; a live workflow of that uid stays.

        :raises Refusal: HTTP 404, or 500 without an archive.
        """
        self.get(uid)
        for kind in (_ROW, _WHOLE):
            self._store.delete(kind, "", uid)
        self._store.forget_archived_nodes(uid)

    def label_keys(self, namespace: str) -> list[str]:
        """All labels' keys."""
        return sorted({key for row in self._of(namespace) for key in row["metadata"].get("labels") or ()})

    def label_values(self, namespace: str, selector: str) -> list[str]:
        """All values of a label.

        :param selector: the label's key.
        :raises Refusal: HTTP 400 if it is anything else, 500 if it is empty, as on v4.1.2.
        """
        requirements = LabelSelector.parse(selector).requirements
        if not requirements and not self.enabled:
            return []
        if not requirements:
            raise Refusal("INTERNAL", "runtime error: invalid memory address or nil pointer dereference")
        if len(requirements) > 1:
            raise invalid(f"only allow 1 labelRequirement, found {len(requirements)}")
        requirement = requirements[0]
        if requirement.operator != "exists":
            shown = {"in": "=", "notin": "!="}.get(requirement.operator, requirement.operator)
            raise invalid(f"operation {shown} is not supported")
        labels = (row["metadata"].get("labels") or {} for row in self._of(namespace))
        return sorted({each[requirement.key] for each in labels if requirement.key in each})

    def _of(self, namespace: str) -> Iterable[Workflow]:
        return (row for row in self._all_rows() if namespace in ("", row["metadata"]["namespace"]))
