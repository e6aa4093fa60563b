"""The locks of one workflow: who of it asks for them, who waits, and how that shows in its status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.local.engine.lock_names import LockName, lock_names
from airflow_argo.local.engine.locks import Holder, LockManager, Waiting
from airflow_argo.local.engine.times import epoch


def no_limit(name: LockName) -> int:
    """Read the limit of a semaphore where there are no ConfigMaps."""
    return 0


class Synchronization:
    """What a workflow has to do with the lock manager; a new one over the same workflow holds again what it held.

    :param workflow: Argo's own dict; its ``status.synchronization`` is kept up to date.
    """

    def __init__(self, workflow: dict[str, Any], manager: LockManager) -> None:
        metadata = workflow["metadata"]
        self._namespace: str = metadata.get("namespace") or ""
        self._priority = int(workflow["spec"].get("priority") or 0)
        created = metadata.get("creationTimestamp")
        self._created = epoch(created) if created else 0.0
        self._status = workflow["status"]
        self._manager = manager
        self.key = f"{self._namespace}/{metadata['name']}"
        self._changed = False
        self._held: dict[str, Sequence[LockName]] = {}
        self._waits: dict[str, LockName] = {}
        # How many wait for each: with thousands of waiting nodes the status must not be counted anew in each step.
        self._waiting: Counter[LockName] = Counter()
        self._restore()

    def _restore(self) -> None:
        known = self._status.get("synchronization") or {}
        for row in (known.get("mutex") or {}).get("holding") or ():
            self._manager.restore(_holder(row["holder"]), LockName.parse(row["mutex"]))
        for row in (known.get("semaphore") or {}).get("holding") or ():
            for holder in row.get("holders") or ():
                self._manager.restore(_holder(holder), LockName.parse(row["semaphore"]))

    def request(self, synchronization: Mapping[str, Any], node: str = "") -> Waiting | None:
        """Ask for the locks of the workflow, or of a node: None if it has them now.

        :raises NodeError: in Argo's words, if they cannot be had at all.
        """
        locks = lock_names(synchronization, self._namespace)
        holder = Holder(self.key, node)
        waiting = self._manager.request(holder, locks, priority=self._priority, created=self._created)
        self._note(node, waiting.lock if waiting else None)
        if waiting is None:
            self._held[node] = self._manager.held_by(holder)
        return waiting

    def release(self, node: str = "") -> None:
        """Give back what the workflow, or a node, has or waits for."""
        if node in self._held or node in self._waits:
            self._manager.release(Holder(self.key, node))
            self._held.pop(node, None)
            self._note(node, None)

    def release_all(self) -> None:
        """Give back everything: the workflow has ended."""
        self._manager.release_workflow(self.key)
        self._held.clear()
        self._waits.clear()
        self._waiting.clear()
        self._changed = True

    def _note(self, node: str, lock: LockName | None) -> None:
        self._changed = True
        before = self._waits.pop(node, None)
        if before is not None:
            self._waiting -= Counter([before])
        if lock is not None:
            self._waits[node] = lock
            self._waiting[lock] += 1

    def give_back(self, node: str) -> None:
        """Give back what a node was granted that cannot start yet."""
        self._manager.give_back(Holder(self.key, node))

    def take_granted(self) -> list[str]:
        """List the nodes that have got their locks; the empty name is the workflow's."""
        return [holder.node for holder in self._manager.take_granted(self.key)]

    def show(self) -> None:
        """Bring ``status.synchronization`` up to date."""
        if not self._changed:
            return
        self._changed = False
        shown = {kind: rows for kind, rows in self._rows().items() if rows}
        if shown:
            self._status["synchronization"] = shown
        else:
            self._status.pop("synchronization", None)

    def _rows(self) -> dict[str, dict[str, list[dict[str, Any]]]]:
        held: dict[LockName, list[str]] = {}
        for node, names in self._held.items():
            for name in names:
                held.setdefault(name, []).append(str(Holder(self.key, node)))
        awaited = {name: [str(holder) for holder in self._manager.holders(name)] for name in self._waiting}
        mutex: dict[str, list[dict[str, Any]]] = {}
        semaphore: dict[str, list[dict[str, Any]]] = {}
        for part, locks in (("holding", held), ("waiting", awaited)):
            for name, holders in locks.items():
                if name.kind == "ConfigMap":
                    semaphore.setdefault(part, []).append({"semaphore": str(name), "holders": holders})
                else:
                    mutex.setdefault(part, []).append({"mutex": str(name), "holder": "".join(holders[:1])})
        return {"mutex": mutex, "semaphore": semaphore}


def _holder(text: str) -> Holder:
    namespace, name, *node = text.split("/", 2)
    return Holder(f"{namespace}/{name}", "".join(node))
