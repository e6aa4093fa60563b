"""``parallelism`` and the template's ``failFast``: what may start now, and what waits for something to end."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

REACHED = "Max parallelism reached"


class Waiter(Protocol):
    """Something that wants to start."""

    boundary: str

    @property
    def alive(self) -> bool:
        """Tell whether it still matters."""
        ...

    def path(self) -> tuple[int, ...]:
        """Tell where it is in the workflow."""
        ...

    def admitted(self) -> None:
        """Start."""
        ...


class Limited(Protocol):
    """A steps or DAG node, whose children are limited."""

    @property
    def alive(self) -> bool:
        """Tell whether it still runs."""
        ...

    def halt(self) -> None:
        """Do nothing more, as a child has failed."""
        ...

    def fail_fast(self) -> None:
        """Fail, as a child has failed and no pod is left."""
        ...


@dataclass(order=True, slots=True)
class _Place:
    path: tuple[int, ...]
    number: int
    waiter: Waiter = field(compare=False)


@dataclass(slots=True)
class _Boundary:
    body: Limited
    parallelism: int | None
    fail_fast: bool
    queue: list[_Place] = field(default_factory=list)


class Limits:
    """Admits starts, in the order in which Argo comes to them: it goes through the whole workflow at each event.

    A template's limit counts its direct children that are Pods, Steps or DAGs, the workflow's limit counts pods.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._queue: list[_Place] = []
        self._queued = 0
        self.is_passing = True
        self.passes = 0
        self._boundaries: dict[str, _Boundary] = {}
        self._waiting: dict[str, _Boundary] = {}

    def declare(self, boundary: str, template: dict[str, Any], body: Limited) -> None:
        """Note the limits of a steps or DAG node."""
        parallelism = template.get("parallelism")
        limit = int(parallelism) if parallelism is not None and int(parallelism) > 0 else None
        self._boundaries[boundary] = _Boundary(body, limit, bool(template.get("failFast")))
        self._run.tree.newly_unsuccessful.add(boundary)

    def admit(self, waiter: Waiter) -> bool:
        """Tell whether something may start now; else it waits, and ``admitted`` is called later."""
        if self._at_workflow_limit() or self._queue:
            self._wait(waiter, self._queue)
            return False
        boundary = self._boundaries.get(waiter.boundary)
        if boundary is None or (self._has_room(waiter.boundary, boundary) and not boundary.queue):
            return True
        self._wait(waiter, boundary.queue)
        self._waiting[waiter.boundary] = boundary
        return False

    def begin_pass(self) -> None:
        """Note whether the limit of the workflow is reached as an event comes: Argo does nothing at all then."""
        self.is_passing = not self._at_workflow_limit()
        self.passes += 1

    def limit(self, boundary: str) -> bool:
        """Tell whether there is a limit to what may run in a boundary."""
        limits = self._boundaries.get(boundary)
        return self._run.spec.get("parallelism") is not None or (limits is not None and limits.parallelism is not None)

    def has_room(self, boundary: str, besides: int = 0) -> bool:
        """Tell whether one more may start in a boundary, whatever waits.

        :param besides: so many others are about to.
        """
        limits = self._boundaries.get(boundary)
        return not self._at_workflow_limit(besides) and (limits is None or self._has_room(boundary, limits, besides))

    def _wait(self, waiter: Waiter, queue: list[_Place]) -> None:
        self._queued += 1
        heapq.heappush(queue, _Place(waiter.path(), self._queued, waiter))

    def has_failed_fast(self, boundary: str) -> bool:
        """Tell whether a child of a template with ``failFast`` has failed, so that nothing more may start."""
        limits = self._boundaries.get(boundary)
        return bool(limits and limits.fail_fast and self._run.tree.unsuccessful_children_of[boundary] > 0)

    def fail_fast(self) -> None:
        """Fail what has a failed child and no pod left, if its template's ``failFast`` says so."""
        candidates = self._run.tree.newly_unsuccessful
        for key in list(candidates):
            boundary = self._boundaries.get(key)
            if boundary is None or not self.has_failed_fast(key):
                candidates.discard(key)
                continue
            if boundary.body.alive:
                boundary.body.halt()
            if not self._run.tree.active_pods_of[key]:
                candidates.discard(key)
                boundary.body.fail_fast()

    def wake(self) -> bool:
        """Let one of those who wait start, if there is room again."""
        while self._queue and not self._at_workflow_limit():
            place = heapq.heappop(self._queue)
            waiter = place.waiter
            boundary = self._boundaries.get(waiter.boundary)
            if not waiter.alive:
                continue
            if boundary is None or (self._has_room(waiter.boundary, boundary) and not boundary.queue):
                waiter.admitted()
                return True
            heapq.heappush(boundary.queue, place)
            self._waiting[waiter.boundary] = boundary
        return not self._at_workflow_limit() and any(self._wake_boundary(key) for key in list(self._waiting))

    def _wake_boundary(self, key: str) -> bool:
        boundary = self._waiting[key]
        while boundary.queue and not boundary.queue[0].waiter.alive:
            heapq.heappop(boundary.queue)
        if not boundary.queue:
            del self._waiting[key]
            return False
        if not self._has_room(key, boundary):
            return False
        heapq.heappop(boundary.queue).waiter.admitted()
        return True

    def _at_workflow_limit(self, besides: int = 0) -> bool:
        limit = self._run.spec.get("parallelism")
        return limit is not None and self._run.tree.active_pods + besides >= int(limit)

    def _has_room(self, key: str, boundary: _Boundary, besides: int = 0) -> bool:
        if self.has_failed_fast(key):
            return False
        limit = boundary.parallelism
        return limit is None or self._run.tree.active_children_of[key] + besides < limit
