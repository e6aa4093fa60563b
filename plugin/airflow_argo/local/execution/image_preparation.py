"""Sets up a container that podman or docker runs from its image: nothing is rewritten, directories are bound."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import airflow_argo
from airflow_argo.local.engine.artifacts import has_location
from airflow_argo.local.execution.command_line import CommandLine, Places, command_line
from airflow_argo.local.execution.containers import Container
from airflow_argo.local.execution.directories import PodDirectory
from airflow_argo.local.execution.image_engine import ImageEngine, ImageRun
from airflow_argo.local.execution.inputs import input_artifacts
from airflow_argo.local.execution.paths import TMP, Layout, absolute, declared_paths, output_files
from airflow_argo.local.execution.pod import Pod
from airflow_argo.local.execution.volumes import Mount

STAGED_SCRIPT = "/argo/staging/script"


def container_name(base: Path, uid: str) -> str:
    """Name a container among all of this machine.

    :param base: the directory of all pods of this server, by which its containers are found when it has been killed.
    """
    return f"{base.name}.{uid}"


def image_command_line(pod: Pod, container: Container, images: Mapping[str, Any]) -> CommandLine:
    """Put together what a container executes; without a command the image's own entrypoint gets the args."""
    return command_line(pod, container, images, places=Places(STAGED_SCRIPT, TMP, str), image_has_entrypoint=True)


def image_run(
    container: Container, line: CommandLine, name: str, directory: PodDirectory, mounts: Sequence[Mount]
) -> ImageRun:
    """Describe a container for the engine. Pure."""
    layout = directory.layout
    binds = [(layout.tmp, TMP, False)]
    if line.source:
        binds.append((str(directory.script), STAGED_SCRIPT, True))
    binds += [(mount.source, mount.path, mount.read_only) for mount in mounts]
    commanded = len(container.body.get("command") or ())
    return ImageRun(
        name=name,
        image=str(container.body.get("image") or ""),
        command=line.argv[:commanded],
        args=line.argv[commanded:],
        environment=line.environment,
        binds=binds,
        working_directory=str(container.body.get("workingDir") or ""),
    )


def with_inputs(wanted: ImageRun, template: Mapping[str, Any], layout: Layout) -> list[tuple[str, str, bool]]:
    """Add the input artifacts to what is bound: they are there before the container starts."""
    inputs = [(layout.on_host(path), path, False) for path in _input_paths(template)]
    bound = tuple(path for _, path, _ in wanted.binds)
    return [*wanted.binds, *(each for each in inputs if not each[1].startswith(bound))]


def _input_paths(template: Mapping[str, Any]) -> list[str]:
    return [absolute(artifact["path"]) for artifact in input_artifacts(template) if has_location(artifact)]


def copies(engine: ImageEngine, name: str, template: Mapping[str, Any], layout: Layout, cwd: str) -> list[Any]:
    """List what to fetch from the container when it has ended: destination and argv of each."""
    relative = [absolute(f"{cwd}/{path}") for path in output_files(template).values() if not path.startswith("/")]
    inputs = set(_input_paths(template))
    declared = [path for path in (*declared_paths(template), *relative) if path not in inputs]
    wanted = [path for path in declared if not layout.is_bound(path)]
    return [[layout.on_host(path), engine.copy(name, path, layout.on_host(path))] for path in wanted]


def write_spec(engine: ImageEngine, wanted: ImageRun, fetched: list[Any], path: Path) -> dict[str, Any]:
    """Write down what ``image_main`` is to do; what the launcher is told."""
    passed = engine.passed(wanted.environment)
    plan = {"run": engine.run(wanted), "environment": passed, "copy": fetched, "remove": engine.remove(wanted.name)}
    file = path / "container.json"
    file.write_text(json.dumps(plan), encoding="utf-8")
    file.chmod(0o600)
    argv = (sys.executable, "-S", "-m", "airflow_argo.local.execution.image_main", str(file))
    environment = {"PYTHONPATH": str(Path(airflow_argo.__file__).parents[1])}
    return {"argv": argv, "environment": environment, "cwd": "/", "tmp": "", "visible": []}


def beside(engine: ImageEngine, name: str) -> Any:
    """Give the function that makes a command run in the container."""
    return partial(engine.execute, name)
