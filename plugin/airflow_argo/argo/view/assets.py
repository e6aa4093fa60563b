"""The files that a browser loads: plain ES modules and one stylesheet, as they stand in ``static/``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}


def asset(name: str) -> tuple[bytes, str] | None:
    """A file and its media type, None if there is none of this name."""
    known = _names()
    if name not in known:
        return None
    return files(__package__).joinpath("static").joinpath(name).read_bytes(), known[name]


@cache
def _names() -> dict[str, str]:
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        suffix = entry.name[entry.name.rfind(".") :]
        if suffix in _TYPES:
            found[entry.name] = _TYPES[suffix]
    return found
