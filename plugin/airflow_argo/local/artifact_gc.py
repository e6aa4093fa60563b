"""Garbage collection of artifacts: which ones a workflow's ``artifactGC`` gives up when it ends, or is deleted."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias

from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.artifacts import is_complete, key_of

log = logging.getLogger(__name__)

Occasion: TypeAlias = Literal["OnWorkflowCompletion", "OnWorkflowDeletion"]


def to_collect(workflow: Mapping[str, Any], *occasions: Occasion) -> Iterator[tuple[str, dict[str, Any]]]:
    """List the stored outputs of pods that go on these occasions, each with its node's id; Argo's own dicts.

    An artifact's own strategy counts before the workflow's; without any, artifacts are kept.
    """
    status = workflow.get("status") or {}
    spec = status.get("storedWorkflowTemplateSpec") or workflow.get("spec") or {}
    usual = (spec.get("artifactGC") or {}).get("strategy")
    for node_id, node in (status.get("nodes") or {}).items():
        if node.get("type") != "Pod":
            continue
        for artifact in (node.get("outputs") or {}).get("artifacts") or ():
            strategy = (artifact.get("artifactGC") or {}).get("strategy") or usual or "Never"
            is_stored = bool(key_of(artifact)) and not is_complete(artifact)
            if strategy in occasions and is_stored and not artifact.get("deleted"):
                yield node_id, artifact


def gives_up_artifacts(workflow: Mapping[str, Any]) -> bool:
    """Tell, without its nodes, whether a workflow may give up artifacts when it ends."""
    status = workflow.get("status") or {}
    specs = [workflow.get("spec"), status.get("storedWorkflowTemplateSpec"), status.get("storedTemplates")]
    return "OnWorkflowCompletion" in json.dumps(specs)


def mark_deleted(workflow: Mapping[str, Any], keys: set[str], *occasions: Occasion) -> set[str]:
    """Note, in place, which artifacts are gone.

    :return: the ids of the nodes that are changed by it.
    """
    changed = set()
    for node_id, artifact in list(to_collect(workflow, *occasions)):
        if key_of(artifact) in keys:
            artifact["deleted"] = True
            changed.add(node_id)
    return changed


class Collector:
    """Removes artifacts while the event loop goes on."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()

    def collect(
        self, workflow: Mapping[str, Any], *occasions: Occasion, then: Callable[[set[str]], None] | None = None
    ) -> None:
        """Begin to remove what a workflow gives up.

        :param then: told the keys of what is removed; not called if there is nothing to be.
        """
        keys = {key_of(artifact) for _, artifact in to_collect(workflow, *occasions)}
        if keys:
            task = asyncio.get_running_loop().create_task(self._remove(keys, then))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _remove(self, keys: set[str], then: Callable[[set[str]], None] | None) -> None:
        gone = await asyncio.to_thread(self._deleted, keys)
        if then is not None:
            then(gone)

    def _deleted(self, keys: set[str]) -> set[str]:
        return {key for key in sorted(keys) if self._delete(key)}

    def _delete(self, key: str) -> bool:
        try:
            self._store.delete(key)
        except ArtifactError:
            log.exception("an artifact cannot be collected")
            return False
        return True

    async def close(self) -> None:
        """Wait for what has begun."""
        await asyncio.gather(*self._tasks)
