"""How a workflow is waited for: one poll after the other, the same for workers and for the triggerer; no I/O."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from airflow_argo.argo.errors import ArgoError
from airflow_argo.argo.status import Progress, Workflow, is_finished, message, phase

_FIRST_PAUSE = 0.5


def pauses(poll_interval: float) -> Iterator[float]:
    """The seconds between polls: short at first, for short workflows, then ``poll_interval``."""
    pause = min(_FIRST_PAUSE, poll_interval)
    while True:
        yield pause
        pause = min(pause * 1.5, poll_interval)


class Observer:
    """Turns polls into the lines that a task log shows, each thing said once.

    :param steps_before: how many steps of the workflow run before its workers do.
    :param counted: what the pods after these steps are called.
    :param tell: takes a line.
    """

    def __init__(self, steps_before: int = 0, *, counted: str = "workers", tell: Callable[[str], object]) -> None:
        self._steps_before = steps_before
        self._counted = counted
        self._tell = tell
        self._said = ""
        self._trouble = ""

    def seen(self, workflow: Workflow) -> bool:
        """Take a poll's answer; whether the workflow has ended."""
        self._trouble = ""
        line = self._line(workflow)
        if line != self._said:
            self._said = line
            self._tell(line)
        return is_finished(workflow)

    def unanswered(self, error: ArgoError) -> None:
        """Take a poll that got no answer; the workflow goes on without being watched."""
        trouble = type(error).__name__
        if trouble != self._trouble:
            self._trouble = trouble
            self._tell(f"No status for the moment, asking again: {error}")

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
