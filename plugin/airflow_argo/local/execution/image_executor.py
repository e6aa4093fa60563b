"""The executor that runs the images themselves, with podman or docker."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from airflow_argo.local.execution.directories import PREFIX, is_alive
from airflow_argo.local.execution.image_engine import ImageEngine
from airflow_argo.local.execution.image_preparation import container_name
from airflow_argo.local.execution.images import Entrypoint
from airflow_argo.local.execution.isolation import Isolation
from airflow_argo.local.execution.object_values import ObjectSource
from airflow_argo.local.execution.pod import PodKey
from airflow_argo.local.execution.process import ProcessExecutor
from airflow_argo.local.execution.run import Workshop


class ImageExecutor(ProcessExecutor):
    """Runs each container from its image: to the launcher it is one more process, that of podman or docker.

    :param engine: ask its ``check`` first.
    """

    def __init__(
        self,
        root: Path,
        engine: ImageEngine,
        *,
        max_pods: int | None = None,
        grace_seconds: float = 30.0,
        objects: ObjectSource | None = None,
        before_launch: Callable[[PodKey], None] = lambda key: None,
    ) -> None:
        images: Mapping[str, Entrypoint] = {}
        super().__init__(
            root,
            isolation=Isolation.REWRITING,
            max_pods=max_pods,
            grace_seconds=grace_seconds,
            images=images,
            objects=objects,
            before_launch=before_launch,
        )
        self._engine = engine

    async def remove_left(self) -> None:
        """Remove the containers that killed servers have left: nobody else ends them."""
        await asyncio.to_thread(self._remove_containers, PREFIX, lambda name: not is_alive(name))

    async def _make_workshop(self, base: Path) -> Workshop:
        workshop = await super()._make_workshop(base)
        return replace(workshop, surroundings=replace(workshop.surroundings, engine=self._engine))

    def _remove(self, directory: Path) -> None:
        """Remove the containers too: where the program was killed, its container goes on."""
        if self._base is not None:
            self._remove_containers(container_name(self._base, directory.name))
        super()._remove(directory)

    def _clean_up(self) -> None:
        if self._base is not None:
            self._remove_containers(self._base.name)
        super()._clean_up()

    def _remove_containers(self, prefix: str, wanted: Callable[[str], bool] = lambda name: True) -> None:
        found = [name for name in _lines(self._engine.names(prefix)) if name.startswith(prefix) and wanted(name)]
        if found:
            _lines(self._engine.remove(*found))


def _lines(argv: Sequence[str]) -> list[str]:
    """Run a program, and give what it prints; a container that has gone meanwhile is none of its faults."""
    done = subprocess.run(argv, check=False, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return done.stdout.split()
