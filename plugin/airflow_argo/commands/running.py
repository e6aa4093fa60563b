"""From a command's name to its end: the same for ``airflow-argo`` and for ``airflow argo``."""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from airflow_argo.argo.errors import ArgoError
from airflow_argo.commands.grammar import COMMANDS

CANNOT = 2
INTERRUPTED = 130


def run_command(name: str, arguments: argparse.Namespace) -> int:
    """Run a command; its exit status. What went wrong is on standard error."""
    module, _, function = next(command.target for command in COMMANDS if command.name == name).rpartition(".")
    try:
        return int(getattr(import_module(module), function)(arguments))
    except ArgoError as error:
        print(f"airflow-argo {name}: {error}", file=sys.stderr)
        return CANNOT
    except BrokenPipeError:
        # Whoever read the output has gone, such as head; Python would complain at its end as well.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CANNOT
    except KeyboardInterrupt:
        return INTERRUPTED
