"""What an image runs that a template names without a command: there is no registry to ask here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


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
    return next((images[name] for name in names if name in images), None)


def _without_tag(image: str) -> str:
    name = image.partition("@")[0]
    head, slash, last = name.rpartition("/")
    return head + slash + last.partition(":")[0]
