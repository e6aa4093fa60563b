"""What ``airflow-argo local`` can be told on a command line.

``airflow`` reads it at every call, so it imports nothing that takes time.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

DEFAULT_PORT = 2746
EXECUTORS = ("process", "podman", "docker")


class Argument(NamedTuple):
    """An argument of a command, as ``argparse`` takes it."""

    flags: tuple[str, ...]
    options: Mapping[str, Any]


def argument(*flags: str, **options: Any) -> Argument:
    """Write an argument as ``add_argument`` is called."""
    return Argument(flags, options)


WORKERS = argument("--workers", type=int, metavar="N", help="pods that run at a time (four for each processor)")
OBJECTS = argument(
    "--objects", type=Path, metavar="DIR", help="ConfigMaps and Secrets as YAML files; default: objects below --dir"
)
ARGUMENTS = (
    argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)"),
    argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)"),
    argument("--dir", type=Path, metavar="DIR", help="keep workflows and logs there; default: forget them"),
    OBJECTS,
    WORKERS,
    argument("--executor", choices=EXECUTORS, default="process", help="what runs pods (%(default)s)"),
    argument(
        "--archive", action=argparse.BooleanOptionalAction, help="archive finished workflows (default: with --dir)"
    ),
    argument("--token-file", type=Path, metavar="FILE", help="holds the bearer token callers have to send"),
)
