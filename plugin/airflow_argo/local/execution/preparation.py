"""Sets up what a worker finds when it starts: its directories, its files, its environment, its command line."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airflow_argo.local.execution.command_line import CommandLine, Places, command_line, container_of
from airflow_argo.local.execution.directories import PodDirectory
from airflow_argo.local.execution.environment import base_environment
from airflow_argo.local.execution.images import Entrypoint
from airflow_argo.local.execution.paths import TMP, below, declared_paths, private_names, rewriter, working_directory
from airflow_argo.local.execution.pod import Pod


@dataclass(frozen=True)
class Surroundings:
    """What is the same for all pods.

    :param base: holds the pods' directories.
    :param private_tmp: whether a worker's ``/tmp`` is its own by a mount.
    :param visible: directories below ``/tmp`` that workers see nevertheless.
    :param environment: variables of every worker, besides those of a container.
    """

    base: Path
    private_tmp: bool
    visible: Sequence[str]
    images: Mapping[str, Entrypoint]
    search_path: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Preparation:
    """A pod that is ready to start.

    :param cwd_on_host: where the server finds the worker's working directory.
    :param spec: what the launcher is told.
    """

    directory: PodDirectory
    cwd_on_host: str
    spec: Mapping[str, Any]


def prepare(pod: Pod, uid: str, surroundings: Surroundings) -> Preparation:
    """Set a pod up.

    :raises ManifestError: saying by name what of the template cannot be done here.
    :raises OSError: if the directories cannot be made.
    """
    template = pod.command.template
    container = container_of(template)
    directory = PodDirectory(surroundings.base / uid, private_tmp=surroundings.private_tmp)
    layout = directory.layout
    declared = declared_paths(template)
    places = Places(
        script=str(directory.script),
        tmp=layout.for_worker(TMP),
        rewrite=rewriter(private_names(declared, layout, os.path.exists)),
    )
    line = command_line(pod, surroundings.images, places=places)
    cwd = working_directory(container, layout, os.path.isdir)
    directory.make()
    directory.make_parents(declared)
    _write_files(directory, line)
    # A private /tmp is only one for the worker: the server finds its files elsewhere.
    cwd_on_host = layout.on_host(cwd) if layout.private_tmp and below(cwd, TMP) else cwd
    Path(cwd_on_host).mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": line.argv,
        "environment": {**_environment(pod, directory, surroundings), **line.environment, "ARGO_POD_UID": uid},
        "cwd": cwd,
        "tmp": layout.tmp,
        "visible": list(surroundings.visible),
    }
    return Preparation(directory, cwd_on_host, spec)


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
