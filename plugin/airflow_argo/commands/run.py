"""``airflow-argo run``."""

from __future__ import annotations

import argparse

from airflow_argo.argo.errors import ArgoError
from airflow_argo.local.run_file import RunOptions, run_file


def run(arguments: argparse.Namespace) -> int:
    """Run a workflow; the exit status.

    :raises ArgoError: it cannot be run.
    """
    options = RunOptions(
        parameters=dict(_pair(text) for text in arguments.parameter or ()),
        workers=arguments.workers,
        objects=arguments.objects,
        directory=arguments.dir,
        as_json=arguments.output == "json",
    )
    return run_file(arguments.file, options)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgoError(f"-p {text}: there is no '='", hint="Write -p NAME=VALUE.")
    return name, value
