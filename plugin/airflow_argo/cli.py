"""The command ``airflow-argo``: Argo Workflows on this machine, without starting Airflow."""

from __future__ import annotations

import argparse
import shutil
import sys
import textwrap
from collections.abc import Sequence

from airflow_argo import __version__
from airflow_argo.commands.grammar import COMMANDS, SUMMARY

_PROGRAM = "airflow-argo"
_WIDEST = 100


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    options = parser().parse_args(arguments)
    from airflow_argo.commands.running import run_command

    return run_command(options.command, options)


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(
        prog=_PROGRAM, description=f"{SUMMARY}.", epilog=f"'{_PROGRAM} COMMAND --help' tells all of a command."
    )
    top.add_argument("--version", action="version", version=f"{_PROGRAM} {__version__}")
    width = min(shutil.get_terminal_size().columns, _WIDEST) - 2
    commands = top.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for command in COMMANDS:
        below = commands.add_parser(
            command.name,
            help=command.summary,
            description="\n\n".join(textwrap.fill(part, width) for part in command.about.split("\n\n")),
            epilog=command.epilog(_PROGRAM),
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        for argument in command.arguments:
            below.add_argument(*argument.flags, **argument.options)
    return top


if __name__ == "__main__":
    sys.exit(main())
