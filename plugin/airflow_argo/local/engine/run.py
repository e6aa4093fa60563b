"""What all parts of one running workflow share: its dict, its tree, its agenda and its timers."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.config_maps import ConfigMapLookup
from airflow_argo.local.engine.daemons import Daemons
from airflow_argo.local.engine.limits import Limits
from airflow_argo.local.engine.memoization import CacheStore
from airflow_argo.local.engine.messages import Command
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.results import Results
from airflow_argo.local.engine.templates import Templates
from airflow_argo.local.engine.times import epoch
from airflow_argo.local.engine.tree import NodeTree

if TYPE_CHECKING:
    from airflow_argo.local.engine.calls import Job, Owner
    from airflow_argo.local.engine.dag import DagBody
    from airflow_argo.local.engine.gate import Gate
    from airflow_argo.local.engine.pods import PodBody
    from airflow_argo.local.engine.retry import RetryBody
    from airflow_argo.local.engine.suspend import SuspendBody

Action: TypeAlias = Callable[[], None]


class BodyStarter(Protocol):
    """Knows what executes a template; see ``bodies.py``."""

    @property
    def kinds(self) -> Collection[str]:
        """The types of templates that are known."""
        ...

    def start(self, run: Run, parent: Frame, owner: Owner, job: Job, strategy: Mapping[str, Any] | None) -> None:
        """Start what a job's template says."""
        ...


class Barrier(Protocol):
    """What may keep back all that is below a frame."""

    def keeps(self, frame: Frame, action: Action) -> bool:
        """Keep something for later if the time is not right; tell whether it is kept."""
        ...


class Run:
    """One workflow in progress.

    :param workflow: Argo's own dict, changed in place.
    :param spec: the spec that is executed: joined with the WorkflowTemplate's, global variables filled in.
    :param variables: the global variables, changed in place as the workflow goes on.
    :param bodies: what executes templates.
    :param cache: where templates are memoized.
    :param has_time: asked between two actions; after a no the rest of the agenda is left for later.
    """

    gate: Gate

    def __init__(
        self,
        workflow: dict[str, Any],
        spec: Mapping[str, Any],
        variables: dict[str, str],
        templates: Templates,
        config_map: ConfigMapLookup,
        bodies: BodyStarter,
        cache: CacheStore,
        has_time: Callable[[], bool],
    ) -> None:
        self.workflow = workflow
        self.name: str = workflow["metadata"]["name"]
        self.status: dict[str, Any] = workflow["status"]
        self.spec = spec
        self.variables = variables
        self.templates = templates
        self.config_map = config_map
        self.cache = cache
        self._has_time = has_time
        self._bodies = bodies
        self.tree = NodeTree(workflow)
        self.limits = Limits(self)
        self.daemons = Daemons(self)
        self.results = Results()
        self.commands: list[Command] = []
        self.pods: dict[str, PodBody] = {}
        self.suspended: dict[str, SuspendBody] = {}
        self.dags: set[DagBody] = set()
        self.retries: set[RetryBody] = set()
        self.stuck: list[tuple[Frame, Action]] = []
        self.now = 0.0
        self._agenda: deque[tuple[Frame, Action]] = deque()
        self._posted: list[tuple[Frame, Action]] = []
        self._last: list[tuple[tuple[int, ...], int, Frame, Action]] = []
        self._last_made = 0
        self._timers: list[tuple[float, int, Frame, Action]] = []
        self._timers_made = 0

    @property
    def shutdown(self) -> str:
        """How the workflow was stopped: ``Stop``, ``Terminate``, or empty."""
        return str(self.workflow["spec"].get("shutdown") or "")

    @property
    def is_suspended(self) -> bool:
        """Tell whether nothing new may start."""
        return bool(self.workflow["spec"].get("suspend"))

    @property
    def deadline(self) -> float | None:
        """When the workflow's ``activeDeadlineSeconds`` are over, in seconds since the epoch."""
        limit, started = self.spec.get("activeDeadlineSeconds"), self.status.get("startedAt")
        return None if limit is None or not started else epoch(started) + float(limit)

    def is_overdue(self) -> bool:
        """Tell whether the workflow's deadline has passed."""
        deadline = self.deadline
        return deadline is not None and self.now >= deadline

    def may_execute(self, *, on_exit: bool) -> bool:
        """Tell whether a shutdown still lets this run: after Stop only what belongs to an exit handler."""
        return not self.shutdown or (self.shutdown == "Stop" and on_exit)

    def can_execute(self, kind: str) -> bool:
        """Tell whether there is something that executes templates of a type."""
        return kind in self._bodies.kinds

    def start_body(self, parent: Frame, owner: Owner, job: Job, strategy: Mapping[str, Any] | None = None) -> None:
        """Start what a job's template says, in attempts if a retry strategy is given."""
        self._bodies.start(self, parent, owner, job, strategy)

    def post(self, frame: Frame, action: Action) -> None:
        """Put something to be done on the agenda; it is dropped if its frame has ended by then."""
        self._posted.append((frame, action))

    def post_last(self, frame: Frame, action: Action) -> None:
        """Have something done when all has started that may start; in the order of the workflow's parts."""
        self._last_made += 1
        heapq.heappush(self._last, (frame.path(), self._last_made, frame, action))

    def _post_last(self) -> bool:
        if not self._last or not self.limits.is_passing:
            return False
        _, _, frame, action = heapq.heappop(self._last)
        self.post(frame, action)
        return True

    def at(self, when: float, frame: Frame, action: Action) -> None:
        """Have something done at a time, in seconds since the epoch."""
        self._timers_made += 1
        heapq.heappush(self._timers, (when, self._timers_made, frame, action))

    def next_timer(self) -> float | None:
        """Tell when the next timer is due."""
        while self._timers and not self._timers[0][2].alive:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def fire_timers(self) -> None:
        """Put on the agenda what is due by now."""
        while self._timers and self._timers[0][0] <= self.now:
            _, _, frame, action = heapq.heappop(self._timers)
            self.post(frame, action)

    def drain(self) -> bool:
        """Work through the agenda, depth first, so that siblings start in order; an agenda needs no stack.

        :return: whether all is done; else there was no time.
        """
        while True:
            self._agenda.extendleft(reversed(self._posted))
            self._posted.clear()
            if self.tree.newly_unsuccessful:
                self.limits.fail_fast()
            if self._agenda:
                frame, action = self._agenda.popleft()
                if frame.alive:
                    action()
            elif not self.limits.wake() and not self.gate.wake() and not self._post_last():
                return True
            if not self._has_time():
                return False

    def forget(self) -> None:
        """Let go of everything when all is over: the frames point here, and would keep ten thousand nodes for long."""
        vars(self).clear()

    def hold(self, frame: Frame, action: Action) -> None:
        """Keep something that waits for a variable; Argo tries it again at every later event, and so does this."""
        self.stuck.append((frame, action))

    def has_ended(self, node: Node) -> bool:
        """Tell whether all that is below a node has ended, its workers too."""
        return all(
            nodes.is_fulfilled(below) and not (below["id"] in self.pods and self.pods[below["id"]].is_unsynced)
            for below in self.tree.descendants(node)
            if not below.get("children")
        )

    def workers_are_running(self) -> bool:
        """Tell whether a pod has begun and not ended: Argo waits for what it has to say."""
        return any(body.is_unsynced for body in self.pods.values())

    def retry_stuck(self) -> None:
        """Put what waits for a variable on the agenda again."""
        waiting, self.stuck = self.stuck, []
        for frame, action in waiting:
            self.post(frame, action)


class Frame:
    """One open part of the workflow; what hangs below a closed one is never looked at again, as in Argo.

    :ivar order: its place among its parent's parts.
    """

    order = 0

    def __init__(self, run: Run, parent: Frame | None) -> None:
        self.run = run
        self.parent = parent
        self.closed = False

    @property
    def alive(self) -> bool:
        """Tell whether neither this nor anything above it has ended."""
        frame: Frame | None = self
        while frame is not None:
            if frame.closed:
                return False
            frame = frame.parent
        return True

    def path(self) -> tuple[int, ...]:
        """Tell where this is in the workflow: what Argo comes to first at each event has the lower path."""
        orders: list[int] = []
        frame: Frame | None = self
        while frame is not None:
            orders.append(frame.order)
            frame = frame.parent
        return tuple(reversed(orders))

    @property
    def barrier(self) -> Barrier | None:
        """What may keep back that which is below this."""
        return None

    def is_kept_back(self, action: Action) -> bool:
        """Keep something back that is not to be done now because of what is above; tell whether it is."""
        frame = self.parent
        while frame is not None:
            if frame.barrier is not None and frame.barrier.keeps(self, action):
                return True
            frame = frame.parent
        return False

    @property
    def depth(self) -> int:
        """Count the frames above this one."""
        depth, frame = 0, self.parent
        while frame is not None:
            depth, frame = depth + 1, frame.parent
        return depth
