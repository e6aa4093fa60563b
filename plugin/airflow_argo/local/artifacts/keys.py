"""Keys as paths below the store's directory. Pure.

A key may be any text, and so may what a worker names its files: nothing of it may lead out of the store, and no two
keys may share a file.
"""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"[%\x00]")
_DOTS = {"": "%", ".": "%2E", "..": "%2E%2E"}
_PART = re.compile(r"%([0-9A-F]{2})")


def path_of(key: str) -> str:
    """Give the relative path of a key: its own parts, but those that a file system takes for something else.

    ``a/b.txt`` stays ``a/b.txt``; ``../b`` becomes ``%2E%2E/b``, ``/b`` becomes ``%/b``.
    """
    return "/".join(_DOTS.get(part) or _ESCAPED.sub(_escape, part) for part in key.split("/"))


def key_at(path: str) -> str:
    """Give the key that lies at a relative path: the inverse of ``path_of``."""
    return "/".join("" if part == "%" else _PART.sub(_unescape, part) for part in path.split("/"))


def _escape(found: re.Match[str]) -> str:
    return f"%{ord(found[0]):02X}"


def _unescape(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))
