"""Proves that there is one workflow per attempt, whatever dies: ``make chaos``.

A real Airflow and the embedded Argo Server are started, each fault is played in both modes, and what came of it is
judged by what can be seen from outside.
"""

from __future__ import annotations

import argparse
import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from tests.chaos.cells import Cell, cells
from tests.chaos.judge import Verdict
from tests.chaos.play import play_all
from tests.chaos.processes import GIVE_UP, GivenUpError
from tests.chaos.report import show
from tests.chaos.stage import Stage
from tests.chaos.token_search import places_of_token


def main(arguments: Sequence[str]) -> int:
    options = _options(arguments)
    wanted = cells(options.rounds, [name for name in options.only.split(",") if name])
    if options.argo_url:
        # Nobody here may kill that server.
        wanted = [cell for cell in wanted if not cell.fault.direct]
    if not wanted:
        print(f"No fault begins with {options.only}", file=sys.stderr)
        return 2
    console = Console(width=None if sys.stdout.isatty() else 150)
    began = time.monotonic()
    home = Path(tempfile.mkdtemp(prefix="airflow-argo-chaos-", dir=options.below))
    # The database's own user has to get in.
    home.chmod(0o755)

    def tell(line: str) -> None:
        console.print(f"{time.monotonic() - began:6.0f} s  {line}", highlight=False, soft_wrap=True, markup=False)

    def give_up(*_signal: object) -> None:
        tell("Told to end ...")
        GIVE_UP.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, give_up)
    try:
        token = "" if options.argo_url else f"chaos-{secrets.token_hex(16)}"
        with Stage(home, wanted, token, tell, options.argo_url) as stage:
            verdicts = play_all(stage, wanted, options.at_once, tell)
            leaks = places_of_token(stage, known=wanted[0].dag_id) if token else None
    except GivenUpError:
        return 130
    verdicts.sort(key=lambda verdict: _order(wanted, verdict))
    show(console, verdicts, leaks)
    failures = sum(verdict.failures for verdict in verdicts) + len(leaks or ())
    if options.json:
        figures = {"rounds": options.rounds, "leaks": leaks, "cells": [each.as_json() for each in verdicts]}
        figures["seconds"] = round(time.monotonic() - began)
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")
    if failures or options.keep:
        console.print(f"Everything is kept in {home}", highlight=False)
    else:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if failures else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="of each fault in each mode (%(default)s)")
    parser.add_argument("--only", default="", metavar="NAME,…", help="the faults that begin so")
    parser.add_argument("--at-once", type=int, default=4, metavar="N", help="faults at a time (%(default)s)")
    parser.add_argument(
        "--argo-url", default="", metavar="URL", help="an Argo Server that runs already, without a token"
    )
    parser.add_argument(
        "--below", default="/var/tmp", metavar="DIR", help="a folder that workers see, too (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--keep", action="store_true", help="keep logs and records, also if all is well")
    return parser.parse_args(arguments)


def _order(wanted: Sequence[Cell], verdict: Verdict) -> int:
    return next(
        index for index, cell in enumerate(wanted) if (cell.fault.name, cell.mode) == (verdict.fault, verdict.mode)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
