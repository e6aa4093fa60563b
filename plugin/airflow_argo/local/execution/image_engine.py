"""What podman or docker is told: each of these is one command line. Pure, but for asking whether it is there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_argo.argo.errors import NotSupportedError

Program = Literal["podman", "docker"]

_CHECKS: Mapping[Program, Sequence[str]] = {
    # Both answer only if what runs the containers is there, which the program alone does not tell.
    "podman": ("info", "--format", "{{.Version.Version}}"),
    "docker": ("version", "--format", "{{.Server.Version}}"),
}
_CHECK_SECONDS = 20.0
_HEEDED = re.compile(
    r"PATH|HOME|USER|TMPDIR|LD_.*|XDG_.*|DBUS_.*|CONTAINERS?_.*|DOCKER_.*|BUILDAH_.*|.*_PROXY", re.IGNORECASE
)
"""Variables that the programs heed themselves."""


@dataclass(frozen=True, slots=True)
class ImageRun:
    """One container to be run from its image.

    :param name: among all containers of the machine.
    :param command: replaces the image's entrypoint; empty to keep it.
    :param binds: source on this machine, path in the container, and whether it is read-only.
    :param working_directory: empty for the image's own.
    """

    name: str
    image: str
    command: Sequence[str]
    args: Sequence[str]
    environment: Mapping[str, str]
    binds: Sequence[tuple[str, str, bool]]
    working_directory: str


@dataclass(frozen=True, slots=True)
class ImageEngine:
    """One of the two programs."""

    program: Program

    def run(self, wanted: ImageRun) -> list[str]:
        """Run a container to its end, in the foreground; its signals are passed on, its exit code is the program's.

        It takes the values of :meth:`passed` from its own environment. It shares this machine's network: what listens
        in one container of a pod is there for the others.
        """
        argv = [self.program, "run", "--name", wanted.name, "--network", "host", "--log-driver", "none"]
        # As in Argo's pods the command is not process 1, which no signal ends that it does not handle.
        argv.append("--init")
        passed = self.passed(wanted.environment)
        for variable, value in wanted.environment.items():
            argv += ["--env", variable if variable in passed else f"{variable}={value}"]
        for source, path, read_only in wanted.binds:
            argv += ["--mount", f"type=bind,source={source},target={path}{',readonly' if read_only else ''}"]
        if wanted.working_directory:
            argv += ["--workdir", wanted.working_directory]
        if wanted.command:
            argv += ["--entrypoint", wanted.command[0]]
        return [*argv, wanted.image, *wanted.command[1:], *wanted.args]

    def passed(self, environment: Mapping[str, str]) -> dict[str, str]:
        """Give the variables that must not stand in a command line, which everybody can read: all that it can take."""
        return {name: value for name, value in environment.items() if not _HEEDED.fullmatch(name)}

    def copy(self, name: str, path: str, destination: str) -> list[str]:
        """Copy a file or directory out of a container that has ended."""
        return [self.program, "cp", f"{name}:{path}", destination]

    def execute(self, name: str, command: Sequence[str]) -> list[str]:
        """Run a command in a container that runs."""
        return [self.program, "exec", name, *command]

    def remove(self, *names: str) -> list[str]:
        """Kill and remove containers."""
        return [self.program, "rm", "--force", "--volumes", *names]

    def names(self, part: str) -> list[str]:
        """List the names of the containers, ended ones too, that have this part in their names: a line for each."""
        return [self.program, "ps", "--all", "--filter", f"name={part}", "--format", "{{.Names}}"]

    async def check(self) -> None:
        """Ask whether containers can be run.

        :raises NotSupportedError: if not, with the program's own words.
        """
        try:
            process = await asyncio.create_subprocess_exec(
                self.program,
                *_CHECKS[self.program],
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
        except OSError as error:
            raise self._missing(f"it cannot be started: {error.strerror}") from error
        try:
            _, stderr = await asyncio.wait_for(process.communicate(), _CHECK_SECONDS)
        except asyncio.TimeoutError as error:
            process.kill()
            await process.wait()
            raise self._missing(f"it does not answer within {_CHECK_SECONDS:g} seconds") from error
        if process.returncode:
            words = stderr.decode(errors="replace").strip().splitlines() or [f"exit code {process.returncode}"]
            raise self._missing(words[-1])

    def _missing(self, reason: str) -> NotSupportedError:
        return NotSupportedError(
            f"--executor {self.program}: {self.program} cannot run containers here: {reason}",
            hint=f"Start {self.program}'s service, or run workers as processes: --executor process.",
        )
