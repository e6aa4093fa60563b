"""``airflow argo COMMAND``: the commands as Airflow's own command line takes them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_argo.commands.grammar import COMMANDS, SUMMARY

if TYPE_CHECKING:
    import argparse

    from airflow.cli.cli_config import CLICommand
    from rich.text import Text


def get_commands() -> list[CLICommand]:
    """The group ``argo``."""
    from airflow.cli import cli_config
    from airflow.cli.cli_config import ActionCommand, GroupCommand

    # Airflow's own signature says nothing of the types.
    arg: Callable[..., Any] = cli_config.Arg
    commands: list[Any] = [
        ActionCommand(
            name=command.name,
            help=command.summary,
            description=_AsItStands(command.about),  # type: ignore[arg-type]
            epilog=_AsItStands(command.epilog("airflow argo")),  # type: ignore[arg-type]
            func=_runs(command.name),
            args=tuple(arg(argument.flags, **argument.options) for argument in command.arguments),
        )
        for command in COMMANDS
    ]
    return [GroupCommand(name="argo", help=SUMMARY, subcommands=commands)]


class _AsItStands:
    """Text whose lines Airflow's formatter leaves alone; a plain one it would fill into one paragraph."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __rich__(self) -> Text:
        from rich.text import Text

        return Text(self._text)

    def __str__(self) -> str:
        return self._text


def _runs(name: str) -> Callable[[argparse.Namespace], None]:
    def run(arguments: argparse.Namespace) -> None:
        from airflow_argo.commands.running import run_command

        # Airflow ignores what a command returns.
        sys.exit(run_command(name, arguments))

    return run
