"""What an image runs that a template names without a command: there is no registry to ask here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml

from airflow_argo.argo.errors import ManifestError


class Entrypoint(NamedTuple):
    """An image's ENTRYPOINT and CMD; the second counts only where the template gives no args."""

    entrypoint: tuple[str, ...] = ()
    cmd: tuple[str, ...] = ()


IMAGES: Mapping[str, Entrypoint] = {
    "alpine": Entrypoint(cmd=("sh",)),
    "argoproj/argosay": Entrypoint(entrypoint=("argosay",)),
    "busybox": Entrypoint(cmd=("sh",)),
    "debian": Entrypoint(cmd=("bash",)),
    "hello-world": Entrypoint(cmd=("echo", "Hello from Docker!")),
    "python": Entrypoint(cmd=("python3",)),
    "ubuntu": Entrypoint(cmd=("bash",)),
}


def entrypoint_of(image: str, images: Mapping[str, Entrypoint]) -> Entrypoint | None:
    """Find an image's entrypoint: under its full name, then without digest and tag, then without registry and owner."""
    untagged = _without_tag(image)
    names = [image, untagged]
    while "/" in names[-1]:
        names.append(names[-1].partition("/")[2])
    known = {_short(name): entry for name, entry in images.items()}
    return next((known[name] for name in map(_short, names) if name in known), None)


def _short(name: str) -> str:
    """Leave out what Docker takes for granted."""
    return name.removeprefix("docker.io/").removeprefix("library/")


def _without_tag(image: str) -> str:
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]


class ImageTable(Mapping[str, Entrypoint]):
    """The known images, and over them those of a YAML file, which is read again whenever it has changed.

    The file holds, for each image, ``entrypoint`` and ``cmd`` as lists of words; it need not be there::

        nginx: {entrypoint: [nginx, -g, daemon off;]}
        registry.example.com/team/tool: {entrypoint: [/opt/tool/run], cmd: [--help]}
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._images: Mapping[str, Entrypoint] = IMAGES

    def __getitem__(self, image: str) -> Entrypoint:
        return self._current()[image]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current())

    def __len__(self) -> int:
        return len(self._current())

    def _current(self) -> Mapping[str, Entrypoint]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            self._read_at, self._images = None, IMAGES
            return self._images
        state = (found.st_mtime_ns, found.st_size)
        if state != self._read_at:
            self._images = {**IMAGES, **read_images(self._path)}
            self._read_at = state
        return self._images


def read_images(path: Path) -> dict[str, Entrypoint]:
    """Read a table of images.

    :raises ManifestError: saying what in the file is wrong.
    """
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ManifestError(f"it cannot be read: {error}", path=str(path)) from error
    if not isinstance(table, dict):
        raise ManifestError("it has to map images to their entrypoint and cmd", path=str(path))
    return {str(image): _entrypoint(entry, f"{path}: {image}") for image, entry in table.items()}


def _entrypoint(entry: object, place: str) -> Entrypoint:
    if not isinstance(entry, dict) or not set(entry) <= {"entrypoint", "cmd"}:
        raise ManifestError("it has to be {entrypoint: [WORD, …], cmd: [WORD, …]}", path=place)
    parts = {key: entry.get(key) or [] for key in ("entrypoint", "cmd")}
    if not all(isinstance(words, list) for words in parts.values()):
        raise ManifestError("entrypoint and cmd have to be lists of words", path=place)
    return Entrypoint(tuple(map(str, parts["entrypoint"])), tuple(map(str, parts["cmd"])))
