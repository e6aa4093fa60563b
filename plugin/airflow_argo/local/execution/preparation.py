"""Sets up what a pod's containers find when they start: directories, volumes, files, environment, command lines."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from airflow_argo.local.execution import image_preparation
from airflow_argo.local.execution.command_line import CommandLine, Places, command_line
from airflow_argo.local.execution.containers import Container, containers_of
from airflow_argo.local.execution.directories import PodDirectory, Spares
from airflow_argo.local.execution.environment import base_environment
from airflow_argo.local.execution.image_engine import ImageEngine
from airflow_argo.local.execution.images import Entrypoint
from airflow_argo.local.execution.logs import MAIN, safe_name
from airflow_argo.local.execution.object_values import ObjectSource, with_values
from airflow_argo.local.execution.object_volumes import ObjectFile, object_files, write_files
from airflow_argo.local.execution.paths import (
    TMP,
    Layout,
    absolute,
    declared_paths,
    private_names,
    rewriter,
    working_directory,
)
from airflow_argo.local.execution.pod import Pod
from airflow_argo.local.execution.volumes import Mount, VolumePlaces, mounts_of, native_paths, volume_directory


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all pods.

    :param base: holds the pods' directories.
    :param spares: those that can be used again.
    :param claims: holds the volume claims, by namespace.
    :param private_tmp: whether a worker's ``/tmp`` is its own by a mount.
    :param visible: directories below ``/tmp`` that workers see nevertheless.
    :param needed: directories that no volume may hide.
    :param objects: where ConfigMaps and Secrets are; None if there are none.
    :param environment: variables of every worker, besides those of a container.
    :param engine: runs the images themselves; None if their programs are this machine's.
    """

    base: Path
    spares: Spares
    claims: Path
    private_tmp: bool
    visible: Sequence[str]
    needed: Sequence[str]
    images: Mapping[str, Entrypoint]
    search_path: str
    environment: Mapping[str, str]
    engine: ImageEngine | None = None
    objects: ObjectSource | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A container that is ready to start.

    :param cwd_on_host: where the server finds the worker's working directory.
    :param spec: what the launcher is told.
    :param beside: makes of a command one that runs as the container does, for a probe.
    """

    container: Container
    directory: PodDirectory
    cwd_on_host: str
    spec: Mapping[str, Any]
    beside: Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Preparation:
    """A pod that is ready to start.

    :param path: the directory to be removed in the end.
    :param main: whose outputs are the pod's: the container ``main``, if there is one.
    """

    path: Path
    main: Prepared
    containers: Sequence[Prepared]

    @property
    def mains(self) -> list[Prepared]:
        """Those that do the pod's work, and get its input artifacts."""
        return [each for each in self.containers if each.container.role == "main"]

    @property
    def layouts(self) -> list[Layout]:
        """Where those have their files."""
        return [each.directory.layout for each in self.mains]

    @property
    def is_crew(self) -> bool:
        """Whether there is more to it than starting one process and waiting for its end."""
        container = self.main.container
        return len(self.containers) > 1 or container.is_set_member or container.probe is not None


def prepare(pod: Pod, uid: str, surroundings: Surroundings) -> Preparation:
    """Set a pod up.

    :raises ManifestError: saying by name what of the template cannot be done here.
    :raises OSError: if the directories cannot be made.
    """
    pod = with_values(pod, surroundings.objects)
    containers = containers_of(pod.command.template)
    path = surroundings.base / uid
    files = _object_files(pod, surroundings)
    if len(containers) == 1:
        spare = surroundings.spares.take() if surroundings.engine is None else None
        path = spare or path
        only = _prepared(pod, containers[0], path, uid, surroundings, path, is_made=spare is not None)
        _write_objects(path, files)
        return Preparation(path, only, [only])
    path.mkdir()
    prepared = [
        _prepared(pod, container, path / safe_name(container.name), f"{uid}.{index}", surroundings, path)
        for index, container in enumerate(containers)
    ]
    _write_objects(path, files)
    main = next((each for each in prepared if each.container.name == MAIN), prepared[-1])
    return Preparation(path, main, prepared)


def _prepared(
    pod: Pod,
    container: Container,
    path: Path,
    uid: str,
    surroundings: Surroundings,
    pod_path: Path,
    *,
    is_made: bool = False,
) -> Prepared:
    """Set a container up.

    :param path: becomes the container's own directory.
    :param uid: the container's among all that the launcher has started.
    :param is_made: whether the directory is there already, empty.
    """
    mounts = _mounts(pod, container, surroundings, pod_path)
    if surroundings.engine is not None:
        return _prepared_image(pod, container, path, uid, surroundings, surroundings.engine, mounts)
    template = _exchanged(pod, container)
    native = native_paths(mounts, [*surroundings.needed, str(path)]) if surroundings.private_tmp else frozenset()
    volumes = {mount.path: mount.source for mount in mounts}
    directory = PodDirectory(path, private_tmp=surroundings.private_tmp, volumes=volumes, native=native)
    layout = directory.layout
    declared = declared_paths(template)
    places = Places(
        script=str(directory.script),
        tmp=layout.for_worker(TMP),
        rewrite=rewriter(private_names(declared, layout, os.path.exists)),
    )
    line = command_line(pod, container, surroundings.images, places=places)
    cwd = working_directory(container.body, layout, os.path.isdir)
    if not is_made:
        directory.make()
    _make_sources(mounts)
    directory.make_parents(declared)
    _write_files(directory, line)
    # What is private by a mount is private for the worker: the server finds those files elsewhere.
    cwd_on_host = layout.seen_by_server(cwd)
    if cwd_on_host != layout.root:
        Path(cwd_on_host).mkdir(parents=True, exist_ok=True)
    spec: dict[str, Any] = {
        "argv": line.argv,
        "environment": {
            **_environment(pod, directory, surroundings),
            **line.environment,
            "ARGO_POD_UID": uid,
            "ARGO_PROGRESS_FILE": str(directory.path / "progress"),
        },
        "cwd": cwd,
        "tmp": layout.tmp,
        "visible": list(surroundings.visible),
    }
    if native:
        spec["root"] = layout.root
        spec["mounts"] = [[mount.source, mount.path, mount.read_only] for mount in mounts if mount.path in native]
    return Prepared(container, directory, cwd_on_host, spec, lambda argv: [places.rewrite(part) for part in argv])


def _exchanged(pod: Pod, container: Container) -> Mapping[str, Any]:
    """Give the template to the containers whose files are its inputs and outputs."""
    return pod.command.template if container.role == "main" else {}


def _prepared_image(
    pod: Pod,
    container: Container,
    path: Path,
    uid: str,
    surroundings: Surroundings,
    engine: ImageEngine,
    mounts: Sequence[Mount],
) -> Prepared:
    """Set a container up that is run from its image; the script and /tmp are bound, other outputs are fetched."""
    template = _exchanged(pod, container)
    directory = PodDirectory(path, private_tmp=True, volumes={mount.path: mount.source for mount in mounts})
    layout = directory.layout
    line = image_preparation.image_command_line(pod, container, surroundings.images)
    directory.make()
    _make_sources(mounts)
    _write_files(directory, line)
    name = image_preparation.container_name(surroundings.base, uid)
    wanted = image_preparation.image_run(container, line, name, directory, mounts)
    wanted = replace(wanted, binds=image_preparation.with_inputs(wanted, template, layout))
    cwd = absolute(wanted.working_directory or "/")
    fetched = image_preparation.copies(engine, name, template, layout, cwd)
    spec = image_preparation.write_spec(engine, wanted, fetched, path)
    spec["environment"] = {**_environment(pod, directory, surroundings), **spec["environment"], "ARGO_POD_UID": uid}
    return Prepared(container, directory, layout.on_host(cwd), spec, image_preparation.beside(engine, name))


def _mounts(pod: Pod, container: Container, surroundings: Surroundings, pod_path: Path) -> list[Mount]:
    if not container.mounts:
        return []
    places = VolumePlaces(pod_path, surroundings.claims / safe_name(pod.namespace))
    return mounts_of(container.mounts, pod.command.volumes, places)


def _object_files(pod: Pod, surroundings: Surroundings) -> dict[str, Mapping[str, ObjectFile]]:
    if surroundings.objects is None:
        return {}
    found = ((volume, object_files(volume, pod.namespace, surroundings.objects)) for volume in pod.command.volumes)
    return {str(volume.get("name", "")): files for volume, files in found if files is not None}


def _write_objects(pod_path: Path, volumes: Mapping[str, Mapping[str, ObjectFile]]) -> None:
    for name, files in volumes.items():
        write_files(volume_directory(pod_path, name), files)


def _make_sources(mounts: Sequence[Mount]) -> None:
    for mount in mounts:
        source = Path(mount.source)
        if mount.made and not source.exists():
            source.mkdir(parents=True, exist_ok=True)
            source.chmod(0o777)


def _environment(pod: Pod, directory: PodDirectory, surroundings: Surroundings) -> dict[str, str]:
    layout = directory.layout
    base = base_environment(
        search_path=surroundings.search_path,
        home=layout.root,
        pod_name=pod.command.pod_name,
        tmp=None if layout.private_tmp else layout.tmp,
    )
    return {**base, **surroundings.environment}


def _write_files(directory: PodDirectory, line: CommandLine) -> None:
    for name, content in line.files.items():
        Path(directory.layout.tmp, name).write_bytes(content.encode())
    if line.source:
        directory.script.write_bytes(line.source.encode())
        directory.script.chmod(0o755)
