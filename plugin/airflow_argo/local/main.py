"""The command ``airflow-argo local``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from airflow_argo.local.options import DEFAULT_PORT, EXECUTORS, ServerOptions
from airflow_argo.local.serving import run_server


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Give a parser the options of the command."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)")
    parser.add_argument("--dir", type=Path, metavar="DIR", help="keep workflows and logs there; default: forget them")
    parser.add_argument(
        "--objects", type=Path, metavar="DIR", help="ConfigMaps and Secrets as YAML files; default: objects below --dir"
    )
    parser.add_argument("--workers", type=int, metavar="N", help="pods that run at a time (four for each processor)")
    parser.add_argument("--executor", choices=EXECUTORS, default="process", help="what runs pods (%(default)s)")
    text = "archive finished workflows (default: with --dir)"
    parser.add_argument("--archive", action=argparse.BooleanOptionalAction, help=text)
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="holds the bearer token callers have to send")


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
    add_arguments(parser)
    return run_server(options_of(parser.parse_args(arguments)))
