"""Runs data templates, as Argo's executor does in a pod of its own."""

from __future__ import annotations

import asyncio

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.data import processed
from airflow_argo.local.engine.messages import PodFinished, PodReport
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.execution.outputs import reason_of
from airflow_argo.local.execution.pod import Pod, PodKey, Tell

# What Argo's executor ends with where it fails.
_FAILED = 64


class DataAgent:
    """Lists the artifact store in threads; belongs to one event loop. There are no processes that a stop could kill.

    :param store: whose keys are listed.
    :param logs: where it says, as Argo does, what has failed.
    """

    def __init__(self, store: ArtifactStore, logs: Logs) -> None:
        self._store = store
        self._logs = logs
        self._tasks: dict[PodKey, asyncio.Task[None]] = {}

    def start(self, pod: Pod, tell: Tell) -> None:
        """Run a data template; what comes of it is told."""
        task = asyncio.get_running_loop().create_task(self._run(pod, tell))
        self._tasks[pod.key] = task
        task.add_done_callback(lambda _: self._tasks.pop(pod.key, None))

    def runs(self, key: PodKey) -> bool:
        """Tell whether a data template is being run; its end will be told."""
        return key in self._tasks

    async def close(self) -> None:
        """Give all up, and tell nobody."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, pod: Pod, tell: Tell) -> None:
        log = self._logs.create(pod.workflow_uid, pod.command.pod_name)
        try:
            report = await asyncio.to_thread(self._report, pod)
            if report.error:
                log.write(f"Error: {report.error}\n{report.error}\n".encode())
        finally:
            self._logs.close(log)
        tell(PodFinished(pod.command.node_id, report))

    def _report(self, pod: Pod) -> PodReport:
        try:
            return PodReport(exit_code=0, result=processed(pod.command.template["data"], self._store))
        except (ExpressionError, OSError) as error:
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            return PodReport(exit_code=_FAILED, error=reason)
