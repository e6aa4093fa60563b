"""The executor that runs the images themselves, with podman or docker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from airflow_argo.local.execution.image_engine import ImageEngine
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

    async def _make_workshop(self, base: Path) -> Workshop:
        workshop = await super()._make_workshop(base)
        return replace(workshop, surroundings=replace(workshop.surroundings, engine=self._engine))

    def _remove(self, directory: Path) -> None:
        """Remove the containers too: where the program was killed, its container goes on."""
        for plan in (*directory.glob("container.json"), *directory.glob("*/container.json")):
            command = json.loads(plan.read_text(encoding="utf-8"))["remove"]
            subprocess.run(command, check=False, stdin=subprocess.DEVNULL, capture_output=True)
        super()._remove(directory)
