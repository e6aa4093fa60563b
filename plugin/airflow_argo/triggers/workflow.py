"""Waits for a workflow in the triggerer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_argo.argo import api
from airflow_argo.argo.errors import ArgoError, NotFoundError
from airflow_argo.argo.status import phase
from airflow_argo.argo.waiting import Observer
from airflow_argo.hooks.argo import ArgoHook

# One that fires within seconds of the deferral can find the scheduler still busy with the task's first half, which then
# fails the task (apache/airflow issue 72716). Shorter workflows are waited for before the task defers.
_FIRST_PAUSE = 5.0


class ArgoWorkflowTrigger(BaseTrigger):
    """Fires once, when the workflow has ended or is gone.

    The event says ``{"status": "finished" | "gone" | "timeout", "name": …, "namespace": …, "uid": …, "phase": …}``.

    :param uid: of the workflow that is meant, should its name be taken again.
    :param poll_interval: seconds between two looks at the status.
    :param steps_before: how many steps of the workflow run before its workers do; for the progress in the log.
    :param counted: what the log calls the pods after these steps.
    :param deadline: when the task's execution_timeout is over, in seconds since the epoch: Airflow does not keep it for
        deferred tasks.
    :param on_kill: what becomes of the workflow when a user kills the task: stop, terminate or leave.
    """

    def __init__(
        self,
        argo_conn_id: str,
        namespace: str,
        name: str,
        uid: str,
        poll_interval: float = 5.0,
        steps_before: int = 0,
        counted: str = "workers",
        on_kill: str = "stop",
        deadline: float | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.argo_conn_id = argo_conn_id
        self.namespace = namespace
        self.name = name
        self.uid = uid
        self.poll_interval = poll_interval
        self.steps_before = steps_before
        self.counted = counted
        self.on_kill_action = on_kill
        self.deadline = deadline
        self._fired = False

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What the triggerer needs to make this trigger again; no secret is in it."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "argo_conn_id": self.argo_conn_id,
                "namespace": self.namespace,
                "name": self.name,
                "uid": self.uid,
                "poll_interval": self.poll_interval,
                "steps_before": self.steps_before,
                "counted": self.counted,
                "on_kill": self.on_kill_action,
                "deadline": self.deadline,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Poll until the workflow has ended."""
        # A triggerer builds its way to Airflow's API at the first question, which takes it 15 seconds and more: asked
        # now, the answer is there when a user ends the task, and a workflow has to be stopped at once.
        first_question = asyncio.create_task(self._ask_airflow())
        try:
            payload = await self._wait()
        finally:
            first_question.cancel()
        self._fired = True
        # Nothing may be awaited after this: Airflow would take the cancellation that follows for a user's.
        named = {"name": self.name, "namespace": self.namespace, "uid": self.uid}
        yield TriggerEvent({**named, **payload})  # type: ignore[no-untyped-call]

    async def _wait(self) -> dict[str, Any]:
        observer = Observer(self.steps_before, counted=self.counted, tell=self.log.info)
        async with await ArgoHook(self.argo_conn_id).aclient() as client:
            await asyncio.sleep(min(_FIRST_PAUSE, self.poll_interval))
            while True:
                try:
                    workflow = await client.send(api.workflow_status(self.namespace, self.name, uid=self.uid))
                except NotFoundError as error:
                    return {"status": "gone", "message": str(error)}
                except ArgoError as error:
                    if not error.transient:
                        raise
                    observer.unanswered(error)
                else:
                    if observer.seen(workflow):
                        return {"status": "finished", "phase": phase(workflow)}
                left = self.poll_interval if self.deadline is None else self.deadline - time.time()
                if left <= 0:
                    return {"status": "timeout"}
                await asyncio.sleep(min(self.poll_interval, left))

    async def on_kill(self) -> None:
        """Stop the workflow when a user clears, fails or finishes the deferred task.

        Airflow 3.3 also calls this when another triggerer has taken the trigger over; the workflow is then left alone.
        """
        if self._fired or self.on_kill_action == "leave" or await self._is_still_waited_for():
            return
        end = api.terminate_workflow if self.on_kill_action == "terminate" else api.stop_workflow
        async with await ArgoHook(self.argo_conn_id).aclient(patience=10.0) as client:
            await client.send(end(self.namespace, self.name))
        self.log.info("Asked the Argo Server to end workflow %s, for the task was ended", self.name)

    async def _ask_airflow(self) -> None:
        with contextlib.suppress(Exception):
            await self._is_still_waited_for()

    async def _is_still_waited_for(self) -> bool:
        """Whether the task instance is deferred on this very workflow, so that nobody has killed it."""
        from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
        from airflow.sdk.execution_time.xcom import XCom
        from asgiref.sync import sync_to_async

        instance = self.task_instance
        if instance is None:
            return False
        where: dict[str, Any] = {"dag_id": instance.dag_id, "map_index": instance.map_index}
        states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
            **where, task_ids=[instance.task_id], run_ids=[instance.run_id]
        )
        if "deferred" not in (states.get(instance.run_id) or {}).values():
            return False
        # A cleared task may have deferred again already; its XComs tell for which workflow.
        record = await XCom.aget_one(key="workflow", task_id=instance.task_id, run_id=instance.run_id, **where)
        return isinstance(record, dict) and record.get("name") == self.name
