"""How the embedded server is started."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.arguments import DEFAULT_PORT, EXECUTORS
from airflow_argo.local.server.guard import is_loopback

__all__ = ["DEFAULT_PORT", "EXECUTORS", "ExecutorKind", "ServerOptions"]

ExecutorKind: TypeAlias = Literal["process", "podman", "docker"]


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """What ``airflow-argo local`` can be told.

    :param host: address to listen on.
    :param port: 0 picks a free one.
    :param directory: where workflows, logs and artifacts are kept; None forgets all of it at the end.
    :param objects: where ConfigMaps and Secrets are, as YAML; None for ``objects`` below the directory.
    :param workers: how many pods run at a time; None leaves it to the executor.
    :param token_file: a file whose text callers have to send as bearer token; needed to listen on other addresses than
        this machine's own.
    :param executor: ``process`` runs this machine's programs, ``podman`` and ``docker`` run the images.
    :param archive: whether finished workflows are archived; None leaves it to whether there is a directory.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    directory: Path | None = None
    objects: Path | None = None
    workers: int | None = None
    token_file: Path | None = None
    executor: ExecutorKind = "process"
    archive: bool | None = None

    @property
    def keeps_archive(self) -> bool:
        """Whether finished workflows are archived: by default where a directory keeps them."""
        return self.directory is not None if self.archive is None else self.archive

    def token(self) -> str:
        """The token that callers need, empty if none.

        :raises ArgoError: if its file cannot be read or is empty, or if everybody on the network could run commands.
        """
        if self.token_file is None:
            if not is_loopback(self.host):
                raise ArgoError(
                    f"{self.host} can be reached by others, who could run any command here",
                    hint="Give a --token-file, or listen on 127.0.0.1.",
                )
            return ""
        try:
            token = self.token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ArgoError(f"cannot read the token file {self.token_file}: {error}") from error
        if not token:
            raise ArgoError(f"the token file {self.token_file} is empty", hint="Write a long random word into it.")
        return token

    def check(self) -> None:
        """Refuse what cannot be.

        :raises ArgoError: saying what.
        """
        # Beyond 16 bits the operating system would take another one without a word.
        if not 0 <= self.port <= 0xFFFF:
            raise ArgoError(f"--port {self.port}: there are ports up to 65535", hint="0 takes a free one.")
        if self.workers is not None and self.workers < 1:
            raise ArgoError(f"--workers {self.workers}: at least one worker is needed")
        if self.objects is not None and not self.objects.is_dir():
            raise ArgoError(f"--objects {self.objects}: there is no such directory")
