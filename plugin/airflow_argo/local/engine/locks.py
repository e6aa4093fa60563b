"""Who holds which lock, and who waits for it: Argo's lock manager as a pure state machine.

A *claim* is a workflow or a node that asks for some locks, which it gets all together or not at all. Claims wait in
order of priority, then of their workflows' creation; only claims of the workflow at the front may take a lock.
"""

from __future__ import annotations

import contextlib
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from airflow_argo.local.engine.errors import NodeError, UnreadableObjectError
from airflow_argo.local.engine.lock_names import LockName

LimitLookup: TypeAlias = Callable[[LockName], int]
"""Reads how many may hold a semaphore.

:raises NodeError: if its ConfigMap or key is not there, or is no number.
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A workflow, or one of its nodes if ``node`` is not empty.

    :param workflow: ``namespace/name``.
    :param node: the id of a node.
    """

    workflow: str
    node: str = ""

    def __str__(self) -> str:
        return f"{self.workflow}/{self.node}" if self.node else self.workflow


@dataclass(frozen=True, slots=True)
class Waiting:
    """Why a claim has not been granted.

    :param lock: the first lock in its way.
    :param message: in Argo's words.
    """

    lock: LockName
    message: str


_Rank: TypeAlias = tuple[int, float, int, int]


@dataclass(slots=True)
class _Claim:
    """:param parked: it was granted and given back; it keeps its place and waits until it asks again."""

    holder: Holder
    locks: list[LockName]
    rank: _Rank
    parked: bool = False

    def is_kin_of(self, other: _Claim) -> bool:
        mine, others = self.holder, other.holder
        return mine.workflow == others.workflow and bool(mine.node) == bool(others.node)


@dataclass(slots=True)
class _Lock:
    limit: int
    holders: dict[Holder, None] = field(default_factory=dict)
    queue: list[_Claim] = field(default_factory=list)

    @property
    def available(self) -> int:
        return self.limit - len(self.holders)

    def enqueue(self, claim: _Claim) -> None:
        insort(self.queue, claim, key=lambda each: each.rank)

    def dequeue(self, claim: _Claim) -> None:
        index = bisect_left(self.queue, claim.rank, key=lambda each: each.rank)
        if index < len(self.queue) and self.queue[index] is claim:
            del self.queue[index]


class LockManager:
    """The locks of all workflows of a server.

    :param limit_of: reads the limit of a semaphore; a mutex has one holder.
    """

    def __init__(self, limit_of: LimitLookup) -> None:
        self._limit_of = limit_of
        self._locks: dict[LockName, _Lock] = {}
        self._claims: dict[Holder, _Claim] = {}
        self._held: dict[Holder, _Claim] = {}
        self._of_workflow: defaultdict[str, dict[Holder, None]] = defaultdict(dict)
        self._granted: dict[str, list[Holder]] = {}
        self._woken: dict[str, None] = {}
        self._numbers: dict[str, int] = {}
        self._made = 0

    # --- asking and giving back

    def request(
        self, holder: Holder, locks: Sequence[LockName], *, priority: int = 0, created: float = 0.0
    ) -> Waiting | None:
        """Ask for locks: None if the holder has them now (or had them already), else it waits in their queues.

        :param created: when the holder's workflow was created, in seconds since the epoch.
        :raises NodeError: if a semaphore has no limit.
        """
        if holder in self._held:
            return None
        for name in locks:
            self._open(name)
        claim = self._claims.get(holder) or self._new_claim(holder, locks, priority, created)
        claim.parked = False
        waiting = self._obstacle(claim)
        if waiting is None:
            self._grant(claim)
            self._settle(claim.locks)
        return waiting

    def release(self, holder: Holder) -> None:
        """Take back what a holder has, and what it waits for."""
        touched = self._drop(holder)
        self._settle(touched)
        self._forget_unused(touched)

    def release_workflow(self, workflow: str) -> None:
        """Take back everything of a workflow: it has ended, or is gone."""
        touched = [name for holder in list(self._of_workflow[workflow]) for name in self._drop(holder)]
        del self._of_workflow[workflow]
        self._granted.pop(workflow, None)
        self._numbers.pop(workflow, None)
        self._settle(touched)
        self._forget_unused(touched)

    def give_back(self, holder: Holder) -> None:
        """Take back what was granted to a waiting holder that cannot start yet; it keeps its place for ``request``."""
        claim = self._claims[holder] = self._held.pop(holder)
        claim.parked = True
        for name in claim.locks:
            del self._locks[name].holders[holder]
            self._locks[name].enqueue(claim)
        self._settle(claim.locks)

    def restore(self, holder: Holder, name: LockName) -> None:
        """Let a holder have a lock that it had before a restart, whatever the limit says now."""
        lock = self._locks.setdefault(name, _Lock(1 if name.kind == "Mutex" else 0))
        claim = self._held.setdefault(holder, _Claim(holder, [], (0, 0.0, 0, 0)))
        if holder not in lock.holders:
            lock.holders[holder] = None
            claim.locks.append(name)
        self._of_workflow[holder.workflow][holder] = None

    # --- what has come of it

    def take_granted(self, workflow: str) -> list[Holder]:
        """List those of a workflow that waited and have got their locks since it last asked."""
        return [holder for holder in self._granted.pop(workflow, ()) if holder in self._held]

    def take_woken(self) -> list[str]:
        """List the workflows for which ``take_granted`` has got something since this was last asked."""
        woken, self._woken = self._woken, {}
        return [workflow for workflow in woken if workflow in self._granted]

    def refresh(self) -> None:
        """Read the limits of the semaphores that somebody waits for again."""
        self._settle([name for name, lock in self._locks.items() if lock.queue and name.kind == "ConfigMap"])

    @property
    def has_waiting_semaphores(self) -> bool:
        """Tell whether ``refresh`` could change anything."""
        return any(lock.queue and name.kind == "ConfigMap" for name, lock in self._locks.items())

    def holders(self, name: LockName) -> list[Holder]:
        """List who holds a lock."""
        return list(self._locks[name].holders) if name in self._locks else []

    def held_by(self, holder: Holder) -> Sequence[LockName]:
        """List the locks that a holder has."""
        claim = self._held.get(holder)
        return claim.locks if claim is not None else ()

    def waiting(self, holder: Holder) -> Waiting | None:
        """Tell what a waiting holder waits for."""
        claim = self._claims.get(holder)
        return self._obstacle(claim) if claim is not None else None

    # --- inside

    def _drop(self, holder: Holder) -> list[LockName]:
        waiting, held = self._claims.pop(holder, None), self._held.pop(holder, None)
        self._of_workflow[holder.workflow].pop(holder, None)
        if waiting is not None:
            for name in waiting.locks:
                self._locks[name].dequeue(waiting)
        if held is not None:
            for name in held.locks:
                del self._locks[name].holders[holder]
        return [name for claim in (waiting, held) if claim is not None for name in claim.locks]

    def _open(self, name: LockName) -> None:
        lock = self._locks.get(name)
        if lock is None:
            limit = self._read_limit(name, 0)
            if limit == 0:
                raise NodeError(f"failed to initialize semaphore {name} with limit")
            self._locks[name] = _Lock(limit)
        else:
            lock.limit = self._read_limit(name, lock.limit)

    def _read_limit(self, name: LockName, last: int) -> int:
        """Read the limit; where that fails the last known one counts, so that an edit of the file stops nobody."""
        if name.kind == "Mutex":
            return 1
        try:
            return self._limit_of(name)
        except UnreadableObjectError:
            if not last:
                raise
        except NodeError:
            pass
        return last

    def _reread_limit(self, name: LockName) -> None:
        lock = self._locks.get(name)
        if lock is not None:
            with contextlib.suppress(UnreadableObjectError):
                lock.limit = self._read_limit(name, lock.limit)

    def _new_claim(self, holder: Holder, locks: Sequence[LockName], priority: int, created: float) -> _Claim:
        self._made += 1
        number = self._numbers.setdefault(holder.workflow, self._made)
        claim = self._claims[holder] = _Claim(holder, list(locks), (-priority, created, number, self._made))
        self._of_workflow[holder.workflow][holder] = None
        for name in locks:
            self._locks[name].enqueue(claim)
        return claim

    def _obstacle(self, claim: _Claim) -> Waiting | None:
        for name in claim.locks:
            lock = self._locks[name]
            if lock.limit == 0:
                return Waiting(name, f"Failed to get semaphore limit for {name}")
            if lock.available <= 0 or not claim.is_kin_of(lock.queue[0]):
                status = f"Lock status: {lock.available}/{lock.limit}"
                return Waiting(name, f"Waiting for {name} lock. {status}")
        return None

    def _grant(self, claim: _Claim) -> None:
        del self._claims[claim.holder]
        self._held[claim.holder] = claim
        for name in claim.locks:
            self._locks[name].dequeue(claim)
            self._locks[name].holders[claim.holder] = None

    def _settle(self, changed: Iterable[LockName]) -> None:
        """Grant what can be granted now that these locks have more room or another front."""
        todo = dict.fromkeys(changed)
        for name in todo:
            self._reread_limit(name)
        while todo:
            name, _ = todo.popitem()
            claim = self._next(self._locks[name]) if name in self._locks else None
            if claim is not None:
                self._grant(claim)
                self._granted.setdefault(claim.holder.workflow, []).append(claim.holder)
                self._woken[claim.holder.workflow] = None
                todo.update(dict.fromkeys(claim.locks))

    def _next(self, lock: _Lock) -> _Claim | None:
        if lock.available <= 0:
            return None
        for claim in lock.queue:
            if not claim.is_kin_of(lock.queue[0]):
                return None
            if not claim.parked and self._obstacle(claim) is None:
                return claim
        return None

    def _forget_unused(self, names: Iterable[LockName]) -> None:
        for name in names:
            lock = self._locks.get(name)
            if lock is not None and not lock.holders and not lock.queue:
                del self._locks[name]
