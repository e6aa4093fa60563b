"""The containers of a pod that has more than one, in their order, and what the end of one means for the others."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from airflow_argo.local.engine.messages import ContainerReport
from airflow_argo.local.execution.launcher import Launcher
from airflow_argo.local.execution.logs import MAIN, LogFile
from airflow_argo.local.execution.member import Member
from airflow_argo.local.execution.preparation import Prepared
from airflow_argo.local.execution.readiness import Readiness
from airflow_argo.local.execution.streams import Result

# Argo's controller stops a pod of which a main container has failed. It takes about so long to hear of it: what ends
# by itself until then has ended well.
_NOTICED_AFTER = 1.0


class Listener(Protocol):
    """Hears of a crew."""

    def crew_started(self) -> None:
        """The main containers run; where that matters, they are ready too."""

    def container_changed(self, name: str, report: ContainerReport | None) -> None:
        """A main container runs, or has ended."""

    def crew_ended(self) -> None:
        """All containers have ended."""

    def lost(self) -> None:
        """The launcher has died."""


class Crew:
    """Runs the containers of one pod.

    :param logs: one for each container, by name.
    :param result: takes what ``main`` writes to standard output, if that is wanted.
    :param grace_seconds: from SIGTERM to SIGKILL of those that go on when the pod is done, or has failed.
    """

    def __init__(
        self,
        containers: Sequence[Prepared],
        uid: str,
        launcher: Launcher,
        logs: Mapping[str, LogFile],
        listener: Listener,
        *,
        result: Result | None,
        grace_seconds: float,
    ) -> None:
        self._listener = listener
        self._grace_seconds = grace_seconds
        self._loop = asyncio.get_running_loop()
        self._timers: list[asyncio.TimerHandle] = []
        self._terminating = False
        self._told_start = False
        self._over = False
        self._members = {
            each.container.name: Member(
                each,
                each.spec["environment"]["ARGO_POD_UID"],
                launcher,
                logs[each.container.name],
                result if each.container.name == MAIN else None,
                self._changed,
                listener.lost,
            )
            for each in containers
        }
        self._inits = self._of_role("init")
        self._mains = self._of_role("main")
        self._sidecars = self._of_role("sidecar")
        self._readiness = Readiness([*self._mains, *self._sidecars], uid, launcher, self._look)

    def _of_role(self, role: str) -> list[Member]:
        return [member for member in self._members.values() if member.container.role == role]

    def start(self) -> None:
        """Start what may start."""
        self._look()

    def reports(self) -> dict[str, ContainerReport]:
        """How those have ended that have."""
        return {name: member.report for name, member in self._members.items() if member.report is not None}

    def terminate(self) -> None:
        """Ask all to end; what does not run never will."""
        self._terminating = True
        for member in self._members.values():
            member.terminate()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to all that run."""
        for member in self._members.values():
            member.signal(number)

    def release(self) -> None:
        """Kill everything; tells nobody."""
        self._told_start = self._over = True
        self._readiness.close()
        for timer in self._timers:
            timer.cancel()
        for member in self._members.values():
            member.release()

    def _changed(self, member: Member) -> None:
        if self._over:
            return
        if member.container.role == "main":
            self._listener.container_changed(member.container.name, member.report)
            if member.report is not None and member.report.exit_code:
                self._later(_NOTICED_AFTER, self._give_up)
        self._look()

    def _look(self) -> None:
        """Start those whose time has come, end those that are not needed any more, and tell what is so now."""
        if self._over:
            return
        if self._start_init():
            return
        self._start_rest()
        self._tell_start()
        if all(member.has_ended for member in self._mains):
            self._end_sidecars()
        if all(member.has_ended for member in (*self._mains, *self._sidecars)):
            self._tell_end()

    def _start_rest(self) -> None:
        for member in [*self._mains, *self._sidecars]:
            if not (member.is_started or member.has_ended or self._terminating):
                self._start_if_due(member)

    def _start_init(self) -> bool:
        """Start the next init container; true while one runs, or if one has failed."""
        for member in self._inits:
            if member.report is None:
                if not (member.is_started or self._terminating):
                    member.start()
                return True
            if member.report.exit_code:
                self._tell_end()
                return True
        return False

    def _start_if_due(self, member: Member) -> None:
        for name in member.container.dependencies:
            dependency = self._members[name]
            if not dependency.has_ended:
                return
            if dependency.code_for_dependents:
                member.depend_on_failed(name, dependency.code_for_dependents)
                return
        member.start()

    def _tell_start(self) -> None:
        if not self._told_start and self._readiness.is_ready():
            self._told_start = True
            self._listener.crew_started()

    def _give_up(self) -> None:
        self.terminate()
        self._later(self._grace_seconds, lambda: self.signal(signal.SIGKILL))

    def _end_sidecars(self) -> None:
        running = [member for member in self._sidecars if not member.has_ended]
        for member in running:
            member.terminate()
        if running:
            self._later(self._grace_seconds, lambda: _kill(running))

    def _tell_end(self) -> None:
        if self._over:  # A look within a look has told it.
            return
        self._over = True
        self._readiness.close()
        self._listener.crew_ended()

    def _later(self, seconds: float, do: Callable[[], None]) -> None:
        self._timers.append(self._loop.call_later(seconds, do))


def _kill(members: Iterable[Member]) -> None:
    for member in members:
        if not member.has_ended:
            member.signal(signal.SIGKILL)
