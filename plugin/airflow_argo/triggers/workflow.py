"""Waits for a workflow in the triggerer."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_argo.argo import api, stalls
from airflow_argo.argo.errors import ArgoError, NotFoundError, UnauthenticatedError
from airflow_argo.argo.status import is_finished, phase, started_at
from airflow_argo.argo.waiting import Observer, Rhythm
from airflow_argo.hooks.argo import ArgoHook
from airflow_argo.hooks.sharing import forget, shared_watch
from airflow_argo.hooks.task_state import state_of

if TYPE_CHECKING:
    from airflow_argo.argo.address import ServerAddress
    from airflow_argo.argo.aio import AsyncArgoClient
    from airflow_argo.argo.shared_watch import SharedWatch

# One that fires within seconds of the deferral can find the scheduler still busy with the task's first half, which then
# fails the task (apache/airflow issue 72716). Shorter workflows are waited for before the task defers.
_FIRST_PAUSE = 5.0
_PATIENCE = 10.0

# Endings that outlive their triggers; a loop itself keeps no task alive.
_endings: set[asyncio.Task[bool]] = set()


class ArgoWorkflowTrigger(BaseTrigger):
    """Fires once, when the workflow has ended or is gone.

    The event says ``{"status": "finished" | "gone" | "timeout", "name": …, "namespace": …, "uid": …, "phase": …}``.

    :param uid: of the workflow that is meant, should its name be taken again.
    :param poll_interval: seconds between two looks at the status, where the server's events cannot be watched.
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
        self._address: ServerAddress | None = None
        self._started = ""

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
        """Watch and poll until the workflow has ended."""
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
        await asyncio.sleep(_FIRST_PAUSE)
        while True:
            answers = observer.answers
            async with shared_watch(self.argo_conn_id, self.namespace) as watch:
                self._address = watch.address
                try:
                    return await asyncio.wait_for(self._watched(watch, observer), self._time_left())
                except asyncio.TimeoutError:
                    return {"status": "timeout"}
                except UnauthenticatedError:
                    # A token that was good before may have been replaced in the connection meanwhile.
                    if observer.answers == answers:
                        raise
                    forget(self.argo_conn_id, self.namespace)

    async def _watched(self, watch: SharedWatch, observer: Observer) -> dict[str, Any]:
        """Wait for the end; polls are rare while the watch says what happens, and as frequent as wished while not."""
        with watch.news_of(self.name) as news:
            rhythm = Rhythm(self.poll_interval)
            while True:
                if rhythm.due(watched=watch.tells_of(self.name) and not observer.in_trouble):
                    ended = await self._poll(watch, observer)
                    if ended:
                        return ended
                elif news.latest and not is_finished(news.latest):
                    observer.seen(news.latest)
                if await news.within(self.poll_interval):
                    rhythm.wake()

    async def _poll(self, watch: SharedWatch, observer: Observer) -> dict[str, Any] | None:
        try:
            workflow = await watch.status(self.name, self.uid)
            self._started = started_at(workflow)
            if observer.look_due():
                found = await watch.nodes(self.name, self.uid)
                observer.looked(await asyncio.to_thread(stalls.waits_for, found))
        except ArgoError as error:
            return {"status": "gone", "message": str(error)} if observer.unanswered(error) else None
        return {"status": "finished", "phase": phase(workflow)} if observer.seen(workflow) else None

    def _time_left(self) -> float | None:
        return None if self.deadline is None else max(self.deadline - time.time(), 0.0)

    async def on_kill(self) -> None:
        """Stop the workflow when a user clears, fails or finishes the deferred task.

        Airflow 3.3 also calls this when another triggerer has taken the trigger over; the workflow is then left alone.
        """
        if self._fired or self.on_kill_action == "leave":
            return
        # Airflow cancels this again every second until it has returned.
        ending = asyncio.create_task(self._end())
        _endings.add(ending)
        ending.add_done_callback(_endings.discard)
        if await asyncio.shield(ending):
            self.log.info("Asked the Argo Server to end workflow %s, for the task was ended", self.name)

    async def _end(self) -> bool:
        """End the workflow unless a task waits for it; whether it was ended."""
        if await self._is_taken_over():
            return False
        async with await self._client() as client:
            try:
                workflow = await client.send(api.workflow_status(self.namespace, self.name, uid=self.uid))
            except NotFoundError:
                return False
            # Argo's retry begins anew: then it is a later try of the task that waits for the workflow.
            if is_finished(workflow) or self._started not in ("", started_at(workflow)):
                return False
            await client.send(api.end_workflow(self.on_kill_action, self.namespace, self.name))
        return True

    async def _client(self) -> AsyncArgoClient:
        from airflow_argo.argo.aio import AsyncArgoClient

        if self._address is None:
            return await ArgoHook(self.argo_conn_id).aclient(patience=_PATIENCE)
        return AsyncArgoClient(self._address, patience=_PATIENCE)

    async def _ask_airflow(self) -> None:
        with contextlib.suppress(Exception):
            await self._is_taken_over()

    async def _is_taken_over(self) -> bool:
        """Whether the task is deferred on this very workflow, so that nobody has ended it."""
        from airflow.sdk.execution_time.xcom import XCom
        from asgiref.sync import sync_to_async

        instance = self.task_instance
        if instance is None:
            return False
        if await sync_to_async(state_of)(instance) != "deferred":
            return False
        # A cleared task may be deferred again already; its XComs tell on which workflow.
        where: dict[str, Any] = {"dag_id": instance.dag_id, "map_index": instance.map_index}
        record = await XCom.aget_one(key="workflow", task_id=instance.task_id, run_id=instance.run_id, **where)
        return isinstance(record, dict) and record.get("name") == self.name
