"""Puts a worker's input artifacts where its template wants them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from airflow_argo.local.execution.paths import Layout, absolute

RAW_MODE = 0o666
"""Of a raw artifact without a ``mode``; seen on v4.1.2."""


def raw_files(template: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """The files that a template holds itself: path, text, and mode."""
    for artifact in (template.get("inputs") or {}).get("artifacts") or ():
        if artifact.get("raw") and artifact.get("path"):
            mode = artifact.get("mode")
            yield absolute(artifact["path"]), artifact["raw"].get("data") or "", RAW_MODE if mode is None else int(mode)


def write_raw_files(template: Mapping[str, Any], layout: Layout) -> None:
    """Write them into the pod's private directories.

    :raises OSError: if one cannot be written.
    """
    for path, text, mode in raw_files(template):
        file = Path(layout.on_host(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
        file.chmod(mode)
