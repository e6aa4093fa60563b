"""Ends the workflow of a task that was ended, unless the task goes on elsewhere."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

from airflow_argo.argo.errors import ArgoError
from airflow_argo.hooks.task_state import UNKNOWN, abandoned_by_user, state_within

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_argo.argo.address import ServerAddress

_SECONDS_TO_ASK = 2.0
"""How long a task that is ended may ask Airflow why: it has five seconds in all."""

_BETWEEN_LOOKS = 2.0
"""Seconds between two questions whether a user has ended the task: its workflow is to be stopped within three."""


class Ending:
    """Knows the workflow that a task runs on a worker, and what becomes of it when the task is ended.

    :param instance: the task instance.
    :param action: stop, terminate or leave.
    :param log: of the task.
    :param clock: gives seconds that only ever grow.
    """

    def __init__(self, instance: Any, action: str, log: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._instance = instance
        self._action = action
        self._log = log
        self._workflow: tuple[ServerAddress, str, str] | None = None
        self._out_of_time = False
        self._undecided = False
        self._clock = clock
        self._next_look = clock() + _BETWEEN_LOOKS

    def concerns(self, address: ServerAddress, namespace: str, name: str) -> None:
        """Take the workflow, and where it is: a task that is ended may not have the time to look up its connection."""
        self._workflow = address, namespace, name
        self.go_on()

    def is_due(self) -> None:
        """Note that the task's time is over, so that nobody has to be asked why it ends."""
        self._out_of_time = True

    def is_over(self) -> None:
        """Note that the workflow has ended by itself."""
        self._workflow = None

    def task_failed(self) -> None:
        """End the workflow of a task that fails before it, unless another try will wait for it.

        Such as one whose run was deleted: then Airflow takes no XCom any more.
        """
        if self._workflow is None:
            return
        # Airflow's own rule, of which retry policies can only take away.
        will_retry = self._instance.max_tries != 0 and self._instance.try_number <= self._instance.max_tries
        if will_retry and not abandoned_by_user(state_within(self._instance, _SECONDS_TO_ASK)):
            return
        self.end()

    def asked_for(self) -> None:
        """End the workflow if a user has ended the task, as opposed to a worker that is shut down.

        Within Airflow's five seconds. What cannot be decided yet is decided in :meth:`go_on`: this may have interrupted
        a question to Airflow, which is answered only when this has returned, or the creation of the workflow.
        """
        state = None if self._out_of_time else state_within(self._instance, _SECONDS_TO_ASK)
        self._undecided = state == UNKNOWN or self._workflow is None
        if self._undecided:
            return
        if abandoned_by_user(state):
            self.end()
        else:
            self._log.info("The task is %s for Airflow, so that its workflow goes on", state)

    def look(self) -> None:
        """End the workflow if a user has ended the task; to be called while it waits.

        Airflow tells the task itself at its next heartbeat, which may take five seconds and more.
        """
        if self._clock() < self._next_look:
            return
        state = state_within(self._instance, _SECONDS_TO_ASK)
        self._next_look = self._clock() + _BETWEEN_LOOKS
        if abandoned_by_user(state):
            self._next_look = math.inf
            self.end()

    def go_on(self) -> None:
        """Decide now what could not be decided when the task was ended."""
        if self._undecided:
            self.asked_for()

    def end(self) -> None:
        """End the workflow, whoever wants it; a server that cannot be asked must not hide why the task ends."""
        from airflow_argo.argo import api
        from airflow_argo.argo.client import ArgoClient

        if self._workflow is None or self._action == "leave":
            return
        address, namespace, name = self._workflow
        try:
            with ArgoClient(address, patience=3.0, connect_timeout=2.0, read_timeout=3.0) as client:
                client.send(api.end_workflow(self._action, namespace, name))
        except ArgoError as error:
            self._log.warning("Workflow %s may go on: the Argo Server has not been asked to end it: %s", name, error)
            return
        self._log.info("Asked the Argo Server to end workflow %s, for the task was ended", name)
