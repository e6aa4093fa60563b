"""A template and its environment → what is to be executed. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.containers import Container
from airflow_argo.local.execution.environment import expand, template_environment
from airflow_argo.local.execution.images import Entrypoint, entrypoint_of
from airflow_argo.local.execution.pod import Pod

# Linux takes no argument longer than this; Argo hands longer ones over in files (MaxEnvVarLen in Argo's source).
LONGEST_ARGUMENT = 131072


@dataclass(frozen=True, slots=True)
class Places:
    """How the worker calls its files.

    :param script: the file that will hold a script's source.
    :param tmp: its ``/tmp``.
    :param rewrite: leads the paths in a text to the pod's private directories.
    """

    script: str
    tmp: str
    rewrite: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What is to be executed.

    :param environment: what the template and Argo add to the worker's environment.
    :param source: the text of a script, to be written to the file that is the last of ``argv``.
    :param files: arguments too long for a command line: name of the file in the worker's ``/tmp`` → content.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    source: str = ""
    files: Mapping[str, str] = field(default_factory=dict)


def command_line(
    pod: Pod,
    container: Container,
    images: Mapping[str, Entrypoint],
    *,
    places: Places,
    image_has_entrypoint: bool = False,
) -> CommandLine:
    """Put together what one of a pod's containers executes.

    :param images: what images run that are named without a command.
    :param places: how the worker calls its files.
    :param image_has_entrypoint: whether the image itself is run, so that without a command there are only args.
    :raises ManifestError: saying by name what cannot be done here.
    """
    body = container.body
    environment = template_environment(pod, body, container.name)
    command, args = _command_and_args(body, None if image_has_entrypoint else images)
    source = body.get("source") or ""
    if source:
        args = [*args, places.script]
    # Long args reach Argo's executor in a file, not through Kubernetes, so that nobody expands their $(NAME).
    if len(json.dumps(args)) <= LONGEST_ARGUMENT:
        args = [expand(arg, environment) for arg in args]
    argv = [places.rewrite(text) for text in [*(expand(part, environment) for part in command), *args]]
    if not argv and not image_has_entrypoint:
        raise ManifestError("there is nothing to execute: neither command nor args", path=f"image {body.get('image')}")
    short, files = _offload(argv, places.tmp)
    return CommandLine(
        argv=tuple(short),
        environment={name: places.rewrite(value) for name, value in environment.items()},
        source=places.rewrite(source),
        files=files,
    )


def _command_and_args(
    container: Mapping[str, Any], images: Mapping[str, Entrypoint] | None
) -> tuple[list[str], list[str]]:
    command, args = container.get("command"), container.get("args")
    if command or images is None:
        return [str(part) for part in command or []], [str(arg) for arg in args or []]
    image = str(container.get("image") or "")
    known = entrypoint_of(image, images)
    if known is None:
        raise ManifestError(
            f"what image {image!r} runs without a command is not known here",
            hint="Give the container a command, or add the image to images.yaml in the server's --dir.",
        )
    return list(known.entrypoint), [str(arg) for arg in (known.cmd if args is None else args)]


def _offload(argv: list[str], tmp: str) -> tuple[list[str], dict[str, str]]:
    short, files = argv[:1], {}
    for index, arg in enumerate(argv[1:]):
        if len(arg.encode(errors="replace")) > LONGEST_ARGUMENT:
            name = f"argo_arg_{index}.txt"
            files[name] = arg
            short.append(f"@{tmp}/{name}")
        else:
            short.append(arg)
    return short, files
