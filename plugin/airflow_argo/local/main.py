"""The command ``airflow-argo local``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from airflow_argo.local.arguments import ARGUMENTS
from airflow_argo.local.options import ServerOptions
from airflow_argo.local.serving import run_server


def options_of(arguments: argparse.Namespace) -> ServerOptions:
    """The parsed options of the command."""
    return ServerOptions(
        host=arguments.host,
        port=arguments.port,
        directory=arguments.dir,
        objects=arguments.objects,
        workers=arguments.workers,
        token_file=arguments.token_file,
        executor=arguments.executor,
        archive=arguments.archive,
    )


def main(arguments: Sequence[str]) -> int:
    """Run the command; its exit status."""
    parser = argparse.ArgumentParser(prog="airflow-argo local", description="Run the embedded Argo Server.")
    for argument in ARGUMENTS:
        parser.add_argument(*argument.flags, **argument.options)
    return run_server(options_of(parser.parse_args(arguments)))
