"""What the controller asks of whatever runs the pods, and how the executor of local processes does it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol, TypeAlias

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.engine.messages import PodEvent, PodFinished, PodReport
from airflow_argo.local.execution.data_agent import DataAgent
from airflow_argo.local.execution.http_agent import HttpAgent
from airflow_argo.local.execution.pod import Pod, PodKey
from airflow_argo.local.execution.process import ProcessExecutor

Tell: TypeAlias = Callable[[PodEvent], None]


class Workers(Protocol):
    """Runs the pods of all workflows. All calls come from the server's event loop, and so does all that is told."""

    def start(self, pod: Pod, tell: Tell) -> None:
        """Start a pod, now or when there is room; what becomes of it is told."""

    def stop(self, key: PodKey) -> None:
        """Stop a pod if it is there; its end is told."""

    def forget(self, uid: str) -> None:
        """Throw away what the pods of a deleted workflow wrote."""

    def delete_claims(self, namespace: str, names: Iterable[str]) -> None:
        """Throw away the volume claims of a workflow that needs them no more."""

    async def close(self) -> None:
        """Stop all pods and wait until they are gone."""


class ProcessWorkers:
    """Hands the calls to the executor one after another, without waiting for it."""

    def __init__(self, executor: ProcessExecutor) -> None:
        self._executor = executor
        self._agent = HttpAgent()
        self._data = DataAgent(executor.artifacts, executor.logs)
        self._calls: set[asyncio.Task[None]] = set()

    def start(self, pod: Pod, tell: Tell) -> None:
        """Start a pod; one that cannot be started has ended with an error."""
        if pod.command.template.get("http"):
            self._agent.start(pod, tell)
        elif pod.command.template.get("data") is not None:
            self._data.start(pod, tell)
        else:
            self._call(self._start(pod, tell))

    async def _start(self, pod: Pod, tell: Tell) -> None:
        try:
            await self._executor.start(pod, tell)
        except (ArgoError, ValueError, OSError) as error:
            tell(PodFinished(pod.command.node_id, PodReport(exit_code=None, error=str(error))))

    def stop(self, key: PodKey) -> None:
        """Stop a pod."""
        if not self._agent.stop(key) and not self._data.runs(key):
            self._call(self._executor.stop(key))

    def delete_claims(self, namespace: str, names: Iterable[str]) -> None:
        """Remove volume claims."""
        self._executor.delete_claims(namespace, names)

    def forget(self, uid: str) -> None:
        """Remove a workflow's logs."""
        self._executor.logs.delete(uid)

    async def close(self) -> None:
        """Stop all pods; what has not been handed on yet never starts."""
        for call in self._calls:
            call.cancel()
        await asyncio.gather(*self._calls, return_exceptions=True)
        await self._agent.close()
        await self._data.close()
        await self._executor.close()

    def _call(self, call: Coroutine[Any, Any, None]) -> None:
        # Tasks begin in the order they are made, so that a stop never overtakes the start it belongs to.
        task = asyncio.get_running_loop().create_task(call)
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)
