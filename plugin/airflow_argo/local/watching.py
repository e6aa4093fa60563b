"""Who watches workflows hears of every change, at its own pace.

The journal holds the last change of each workflow alone. Whoever is slower than the changes sees several as one: what
is sent is always the present state, so a watcher costs what it reads and not what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from airflow_argo.local.news import News
from airflow_argo.local.refusal import invalid

EventType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
# Of deleted workflows so much is kept for those who watch; who is further behind has to list again.
_MAX_DELETED = 1000
_MAX_DELETED_NODES = 50_000


@dataclass(frozen=True, slots=True)
class Change:
    """The last thing that happened to a workflow.

    :param version: the ``resourceVersion`` that it led to.
    :param created: the version at which the workflow came.
    :param last_state: of a deleted workflow, else None.
    """

    uid: str
    version: int
    created: int
    last_state: dict[str, Any] | None = None


class Journal:
    """What changed since when.

    :param version: where it begins; nothing is known of what happened before.
    """

    def __init__(self, version: int) -> None:
        self.floor = version
        self.version = version
        self._changes: dict[str, Change] = {}
        self._deleted: dict[str, int] = {}
        self._deleted_nodes = 0
        self._news = News()

    def record(self, workflow: dict[str, Any], *, deleted: bool = False) -> None:
        """Note that the workflow was created, has changed, or is gone."""
        metadata = workflow["metadata"]
        uid, version = metadata["uid"], int(metadata["resourceVersion"])
        known = self._changes.pop(uid, None)
        created = known.created if known else self._creation(metadata, version)
        self._changes[uid] = Change(uid, version, created, workflow if deleted else None)
        self.version = version
        if deleted:
            self._remember_deletion(uid, _size(workflow))
        self._news.spread()

    def _creation(self, metadata: dict[str, Any], version: int) -> int:
        # A workflow that is not known here was made by an earlier run of the server, unless this is its first state.
        return version if metadata.get("generation") == 1 else self.floor

    def _remember_deletion(self, uid: str, size: int) -> None:
        self._deleted[uid] = size
        self._deleted_nodes += size
        while len(self._deleted) > 1 and self._remembers_too_much():
            oldest = next(iter(self._deleted))
            self._deleted_nodes -= self._deleted.pop(oldest)
            self.floor = self._changes.pop(oldest).version

    def _remembers_too_much(self) -> bool:
        return len(self._deleted) > _MAX_DELETED or self._deleted_nodes > _MAX_DELETED_NODES

    def since(self, version: int) -> list[Change]:
        """What changed after a version, oldest first."""
        found: list[Change] = []
        for change in reversed(self._changes.values()):
            if change.version <= version:
                break
            found.append(change)
        found.reverse()
        return found

    def is_current(self, change: Change) -> bool:
        """Whether nothing newer happened to its workflow."""
        return self._changes.get(change.uid) is change

    async def wait(self, version: int) -> None:
        """Return as soon as something has changed after this version."""
        if self.version <= version:
            await self._news.wait()


def _size(workflow: dict[str, Any]) -> int:
    return len((workflow.get("status") or {}).get("nodes") or ())


def parse_start(text: str, floor: int) -> int | None:
    """Where a watch begins: after this version, or None for "with everything that is there".

    :raises Refusal: HTTP 400 if it is no version, or older than what is remembered.
    """
    if text in ("", "0"):
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid(f"Invalid value: '{text}': resourceVersion")
    if int(text) < floor:
        raise invalid(f"too old resource version: {text} ({floor})")
    return int(text)


@dataclass(slots=True)
class Watched:
    """What one watcher has seen, and what kind of event the next state of a workflow is to it.

    :param matches: whether it wants to hear of a workflow that looks like this.
    :param start: the version after which it watches.
    """

    matches: Callable[[dict[str, Any]], bool]
    start: int
    _known: set[str] = field(default_factory=set)

    def initial(self, workflows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those of the workflows that are there which it is told of first, as ADDED."""
        wanted = [workflow for workflow in workflows if self.matches(workflow)]
        self._known.update(workflow["metadata"]["uid"] for workflow in wanted)
        return wanted

    def event(self, change: Change, workflow: dict[str, Any]) -> EventType | None:
        """The type of event, or None where it is not to be told.

        A workflow that no longer matches is DELETED for the watcher, one that matches for the first time ADDED.
        """
        known, wanted = change.uid in self._known, self.matches(workflow)
        if change.last_state is not None or not wanted:
            self._known.discard(change.uid)
            return "DELETED" if known or (wanted and change.last_state is not None) else None
        self._known.add(change.uid)
        return "MODIFIED" if known or change.created <= self.start else "ADDED"
