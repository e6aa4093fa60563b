"""The parts of the embedded server, put together."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp

from airflow_argo.local.admission import Admission
from airflow_argo.local.archive import Archive
from airflow_argo.local.artifact_gc import Collector
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.controller import Controller
from airflow_argo.local.cron.keeper import CronKeeper
from airflow_argo.local.engine.execution import Execution
from airflow_argo.local.engine.locks import LockManager
from airflow_argo.local.events import Events
from airflow_argo.local.execution.directories import remove_left
from airflow_argo.local.execution.image_engine import ImageEngine
from airflow_argo.local.execution.images import IMAGES, ImageTable
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.execution.pod import PodKey
from airflow_argo.local.execution.process import ProcessExecutor
from airflow_argo.local.objects import Objects
from airflow_argo.local.objects.lookups import CacheObjects, config_maps, limit_of
from airflow_argo.local.options import ServerOptions
from airflow_argo.local.running import Turn
from airflow_argo.local.server.app import make_app
from airflow_argo.local.store import Store
from airflow_argo.local.support import missing
from airflow_argo.local.templates import Templates
from airflow_argo.local.workers import ProcessWorkers

# A new store counts from the time on, so that the versions a client has seen of an earlier one are too old, not wrong.
_VERSIONS_A_SECOND = 100

# From SIGTERM to SIGKILL; a cluster waits 30 seconds.
_GRACE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Assembly:
    """A server's parts, without its socket."""

    controller: Controller
    admission: Admission
    logs: Logs
    artifacts: ArtifactStore
    crons: CronKeeper
    events: Events

    def app(self, token: str) -> ASGIApp:
        """The REST API."""
        return make_app(
            self.controller, self.admission, self.logs, self.artifacts, self.crons, self.events, token=token
        )

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, directory: Path, options: ServerOptions) -> AsyncIterator[Assembly]:
        """Put the parts together and go on with what was running; at the end stop all workers.

        :param directory: where the workers' files, logs and artifacts are, and the database if the options name a
            directory.
        :raises ArgoError: if the directory cannot be used.
        """
        path = directory / "argo.db" if options.directory else None
        store = Store(path, first_version=int(time.time() * _VERSIONS_A_SECOND))
        try:
            await asyncio.to_thread(remove_left, directory)

            def before_launch(key: PodKey) -> None:
                store.note_launch(key.workflow_uid, key.node_id)

            objects = Objects(options.objects or directory / "objects")
            turn = Turn()
            locks, cache = LockManager(partial(limit_of, objects)), CacheObjects(objects)
            images = ImageTable(directory / "images.yaml") if options.executor == "process" else None
            executor = await _executor(directory, options, images, objects, before_launch)
            admission = Admission(Templates(store, time.time), partial(missing, images=images))

            def execute(workflow: dict[str, Any]) -> Execution:
                namespace = workflow["metadata"]["namespace"]
                return Execution(
                    workflow,
                    templates=admission.lookup(namespace),
                    config_map=config_maps(objects, namespace),
                    locks=locks,
                    cache=cache,
                    has_time=turn.has_time,
                )

            collector = Collector(executor.artifacts)
            archive = Archive(store, enabled=options.keeps_archive)
            controller = Controller(
                store, ProcessWorkers(executor), execute, archive=archive, collector=collector, locks=locks, turn=turn
            )
            crons = CronKeeper(store, controller, admission)
            events = Events(objects, admission, controller)
            controller.recover()
            crons.open()
            crons_at_work = asyncio.create_task(crons.work())
            try:
                yield cls(controller, admission, executor.logs, executor.artifacts, crons, events)
            finally:
                crons_at_work.cancel()
                await controller.close()
        finally:
            store.close()


async def _executor(
    directory: Path,
    options: ServerOptions,
    images: ImageTable | None,
    objects: Objects,
    before_launch: Callable[[PodKey], None],
) -> ProcessExecutor:
    common: dict[str, Any] = {
        "max_pods": options.workers,
        "grace_seconds": _GRACE_SECONDS,
        "objects": objects,
        "before_launch": before_launch,
    }
    if options.executor == "process":
        return ProcessExecutor(directory, images=IMAGES if images is None else images, **common)
    # On demand: most servers run processes.
    from airflow_argo.local.execution.image_executor import ImageExecutor

    engine = ImageEngine(options.executor)
    await engine.check()
    executor = ImageExecutor(directory, engine, **common)
    await executor.remove_left()
    return executor
