"""``parallelism`` and the template's ``failFast``: what may start now, and what waits for something to end."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run


class Waiter(Protocol):
    """Something that wants to start."""

    boundary: str

    @property
    def alive(self) -> bool:
        """Tell whether it still matters."""
        ...

    def admitted(self) -> None:
        """Start."""
        ...


@dataclass(slots=True)
class _Boundary:
    parallelism: int | None
    fail_fast: bool
    queue: deque[Waiter] = field(default_factory=deque)


class Limits:
    """Admits starts, in the order in which they were asked for.

    A template's limit counts its direct children that are Pods, Steps or DAGs, the workflow's limit counts pods.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._queue: deque[Waiter] = deque()
        self._boundaries: dict[str, _Boundary] = {}
        self._waiting: dict[str, _Boundary] = {}

    def declare(self, boundary: str, template: dict[str, Any]) -> None:
        """Note the limits of a steps or DAG node."""
        parallelism = template.get("parallelism")
        limit = int(parallelism) if parallelism is not None and int(parallelism) > 0 else None
        self._boundaries[boundary] = _Boundary(limit, bool(template.get("failFast")))

    def admit(self, waiter: Waiter) -> bool:
        """Tell whether something may start now; else it waits, and ``admitted`` is called later."""
        if self._at_workflow_limit() or self._queue:
            self._queue.append(waiter)
            return False
        boundary = self._boundaries.get(waiter.boundary)
        if boundary is None or (self._has_room(waiter.boundary, boundary) and not boundary.queue):
            return True
        boundary.queue.append(waiter)
        self._waiting[waiter.boundary] = boundary
        return False

    def has_failed_fast(self, boundary: str) -> bool:
        """Tell whether a child of a template with ``failFast`` has failed, so that nothing more may start."""
        limits = self._boundaries.get(boundary)
        return bool(limits and limits.fail_fast and self._run.tree.unsuccessful_children_of[boundary] > 0)

    def wake(self) -> bool:
        """Let one of those who wait start, if there is room again."""
        while self._queue and not self._at_workflow_limit():
            waiter = self._queue.popleft()
            boundary = self._boundaries.get(waiter.boundary)
            if not waiter.alive:
                continue
            if boundary is None or (self._has_room(waiter.boundary, boundary) and not boundary.queue):
                waiter.admitted()
                return True
            boundary.queue.append(waiter)
            self._waiting[waiter.boundary] = boundary
        return not self._at_workflow_limit() and any(self._wake_boundary(key) for key in list(self._waiting))

    def _wake_boundary(self, key: str) -> bool:
        boundary = self._waiting[key]
        while boundary.queue and not boundary.queue[0].alive:
            boundary.queue.popleft()
        if not boundary.queue:
            del self._waiting[key]
            return False
        if not self._has_room(key, boundary):
            return False
        boundary.queue.popleft().admitted()
        return True

    def _at_workflow_limit(self) -> bool:
        limit = self._run.spec.get("parallelism")
        return limit is not None and self._run.tree.active_pods >= int(limit)

    def _has_room(self, key: str, boundary: _Boundary) -> bool:
        if self.has_failed_fast(key):
            return False
        return boundary.parallelism is None or self._run.tree.active_children_of[key] < boundary.parallelism
