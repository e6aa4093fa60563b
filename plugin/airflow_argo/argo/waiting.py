"""How a workflow is waited for: one poll after the other, the same for workers and for the triggerer; no I/O."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

from airflow_argo.argo.errors import ArgoError, NotAnArgoServerError, NotFoundError
from airflow_argo.argo.stalls import Looks
from airflow_argo.argo.status import Progress, Workflow, is_finished, message, phase

_FIRST_PAUSE = 0.5
_BESIDE_A_WATCH = 60.0
"""Seconds between two polls while a watch is open, which may have missed something."""


def pauses(poll_interval: float) -> Iterator[float]:
    """The seconds between polls: short at first, for short workflows, then ``poll_interval``."""
    pause = min(_FIRST_PAUSE, poll_interval)
    while True:
        yield pause
        pause = min(pause * 1.5, poll_interval)


class Rhythm:
    """When a deferred task polls: often without a watch, rarely beside one, and at once when it was woken.

    :param poll_interval: seconds between two polls without a watch.
    """

    def __init__(self, poll_interval: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval = poll_interval
        self._clock = clock
        self._last = -math.inf
        self._woken = False

    def due(self, *, watched: bool) -> bool:
        """Whether to poll now.

        :param watched: whether a watch would have told of the end.
        """
        now = self._clock()
        if watched and not self._woken and now - self._last < max(_BESIDE_A_WATCH, self._interval):
            return False
        self._last, self._woken = now, False
        return True

    def wake(self) -> None:
        """Note that the watch has told of the end."""
        self._woken = True


class Observer:
    """Turns polls into the lines that a task log shows, each thing said once.

    :param steps_before: how many steps of the workflow run before its workers do.
    :param counted: what the pods after these steps are called.
    :param tell: takes a line.
    :param looks: when to look for what a workflow waits for that makes no progress.
    """

    def __init__(
        self,
        steps_before: int = 0,
        *,
        counted: str = "workers",
        tell: Callable[[str], object],
        looks: Looks | None = None,
    ) -> None:
        self._looks = looks or Looks()
        self._waits: list[str] = []
        self._steps_before = steps_before
        self._counted = counted
        self._tell = tell
        self._said = ""
        self._trouble = ""
        self._missing = 0
        self.answers = 0
        """How many polls got an answer."""

    def seen(self, workflow: Workflow) -> bool:
        """Take a poll's answer, or what a watch said; whether the workflow has ended."""
        self.answers += 1
        self._trouble, self._missing = "", 0
        line = self._line(workflow)
        if line != self._said:
            self._said = line
            self._looks.moved()
            self._tell(line)
        return is_finished(workflow)

    @property
    def in_trouble(self) -> bool:
        """Whether the last poll got no answer."""
        return bool(self._trouble)

    def look_due(self) -> bool:
        """Whether to look at the nodes now, for nothing has moved for long; see :mod:`airflow_argo.argo.stalls`."""
        return self._looks.due()

    def looked(self, waits: list[str]) -> None:
        """Take what the workflow waits for."""
        for line in waits:
            if line not in self._waits:
                self._tell(f"The workflow stands still: {line}")
        self._waits = waits

    def unanswered(self, error: ArgoError) -> bool:
        """Take a poll that failed; whether the workflow is gone, which one 404 alone does not prove.

        :raises ArgoError: the error itself, where asking again is of no use.
        """
        if isinstance(error, NotFoundError):
            self._missing += 1
            if self._missing > 1:
                return True
        # Whoever waits has talked to an Argo Server before, so that a strange page comes from a proxy in its absence.
        elif not error.transient and not isinstance(error, NotAnArgoServerError):
            raise error
        trouble = type(error).__name__
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(f"No status for the moment, asking again: {error}")
        return False

    def _line(self, workflow: Workflow) -> str:
        if is_finished(workflow):
            return f"The workflow has ended: {phase(workflow)}"
        progress = Progress.of(workflow)
        workers = progress.without(self._steps_before)
        if workers.total:
            return f"{workers.done}/{workers.total} {self._counted} done"
        if progress.total:
            return f"{progress.done}/{progress.total} steps before the {self._counted} done"
        said = message(workflow)
        return f"The workflow is {phase(workflow) or 'about to start'}{f': {said}' if said else ''}"
