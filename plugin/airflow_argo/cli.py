"""The command ``airflow-argo``: Argo Workflows on this machine, without starting Airflow."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from airflow_argo.argo.errors import ArgoError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    options = parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except ArgoError as error:
        print(f"airflow-argo: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="airflow-argo", description="Argo Workflows on this machine, without a cluster.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    local = commands.add_parser("local", help="the embedded Argo Server", description=_LOCAL)
    _add_local_arguments(local)
    local.set_defaults(command=_local)

    run = commands.add_parser("run", help="run a workflow here and now", description=_RUN)
    run.add_argument("file", metavar="FILE", help="a Workflow as YAML")
    run.add_argument("-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    run.add_argument("--workers", type=int, metavar="N", help="pods that run at a time")
    run.add_argument("--objects", type=Path, metavar="DIR", help="ConfigMaps and Secrets as YAML files")
    run.set_defaults(command=_run)
    return top


_LOCAL = (
    "Answers the Argo Server's REST API and runs container and script templates as processes of this machine. "
    "Prints one line with its URL when it accepts requests. Stops with all its workers on Ctrl-C."
)
_RUN = (
    "Runs a workflow on an embedded Argo Server of its own and prints its nodes with what they logged. "
    "Exit status: 0 if it succeeded, 1 if it failed, 2 if it could not be run."
)


def _add_local_arguments(local: argparse.ArgumentParser) -> None:
    from airflow_argo.local.main import add_arguments

    add_arguments(local)


def _local(options: argparse.Namespace) -> int:
    from airflow_argo.local.main import options_of
    from airflow_argo.local.serving import run_server

    return run_server(options_of(options))


def _run(options: argparse.Namespace) -> int:
    from airflow_argo.local.run_file import run_file

    parameters = dict(_pair(text) for text in options.parameter)
    return run_file(options.file, parameters, workers=options.workers, objects=options.objects)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise ArgoError(f"-p {text}: there is no '='", hint="Write -p NAME=VALUE.")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
