r"""JSON that reaches a worker byte for byte, whatever Argo and Kubernetes expand on the way.

Argo expands every substituted value again, so a string that holds ``{{workflow.parameters.secret}}`` would arrive
expanded, and Kubernetes expands ``$(NAME)`` in commands, arguments and environment variables. Here the strings, keys
too, write ``{``, ``}``, ``$``, ``<``, ``>`` and ``&`` as ``\u00XX``, and everything outside ASCII likewise. Any JSON
parser reads the same value back. Seen to carry hostile values unchanged on v4.1.2.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError

MAX_DEPTH = 200

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_UNSAFE = re.compile("[{}$<>&\x7f]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def dumps(value: object, *, path: str = "") -> str:
    """Write a value as compact, pure-ASCII JSON that is safe inside any part of a manifest.

    :param value: strings, numbers, booleans, None, and lists, tuples and mappings of them. A tuple becomes a list.
    :param path: what errors call the value, such as ``items``.
    :raises ManifestError: for NaN and infinities, keys that are no strings, half surrogate pairs (Go would replace
        them silently), any other kind of object, and what is nested deeper than ``MAX_DEPTH`` or holds itself.
    """
    safe = plain(value, path=path)
    try:
        text = json.dumps(safe, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    except ValueError as error:  # an integer of more digits than Python converts
        raise ManifestError(f"a number in it cannot be written: {error}", path=path) from error
    return _STRING.sub(_guard_string, text)


def _guard_string(match: re.Match[str]) -> str:
    return _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", match[0])


def plain(value: object, *, path: str = "", depth: int = 0) -> Any:
    """Copy a value as JSON holds it: mappings to dicts, tuples to lists.

    :raises ManifestError: for what JSON cannot hold, with its place, as ``dumps``.
    """
    if depth > MAX_DEPTH:
        raise ManifestError(f"nested deeper than {MAX_DEPTH} levels, or holds itself", path=_cut(path))
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return _plain_text(value, path)
    if isinstance(value, float):
        return _plain_float(value, path)
    if isinstance(value, Mapping):
        return {
            _plain_key(key, path): plain(item, path=_below(path, key), depth=depth + 1) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, path=f"{path}[{index}]", depth=depth + 1) for index, item in enumerate(value)]
    raise ManifestError(
        f"a value of type {type(value).__name__} cannot be written as JSON",
        path=path,
        hint="Hand over strings, numbers, booleans, None, lists and dicts; turn anything else into one of them first.",
    )


def _plain_text(value: str, path: str) -> str:
    if _SURROGATE.search(value):
        raise ManifestError("the text holds half of a surrogate pair, which is no valid Unicode", path=path)
    return value


def _plain_float(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise ManifestError(f"{value} does not exist in JSON", path=path, hint="Use None, or leave it out.")
    return value


def _plain_key(key: object, path: str) -> str:
    if not isinstance(key, str):
        raise ManifestError(f"the key {key!r} is no string, which JSON requires", path=path)
    return _plain_text(key, path)


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _cut(path: str) -> str:
    return path if len(path) <= 80 else f"{path[:80]}…"
