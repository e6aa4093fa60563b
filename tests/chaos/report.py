"""The table at the end."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from tests.chaos.judge import Verdict

_COUNTS = ("duplicates", "orphans", "lost", "wrong", "missed")
_EVIDENCE_SHOWN = 12


def show(console: Console, verdicts: Sequence[Verdict], leaks: Sequence[str] | None) -> None:
    """Print the table, and after it what stands behind each number that is not 0."""
    table = Table(title="One workflow per attempt, whatever dies")
    table.add_column("fault")
    table.add_column("mode")
    for column in (
        "rounds",
        "duplicates",
        "orphans",
        "lost results",
        "wrong states",
        "missed",
        "Airflow's",
        "s to stop",
        "max",
    ):
        table.add_column(column, justify="right")
    for verdict in verdicts:
        table.add_row(*_cells(verdict))
    table.add_section()
    totals = [str(sum(getattr(verdict, name) for verdict in verdicts)) for name in (*_COUNTS, "airflows")]
    table.add_row("all", "", str(sum(verdict.rounds for verdict in verdicts)), *totals, "", "")
    console.print(table)
    console.print("Airflow's: tries that Airflow took from tasks by itself, late reports and lost heartbeats.")
    for verdict in verdicts:
        for line in verdict.evidence[:_EVIDENCE_SHOWN]:
            console.print(f"{verdict.fault} {verdict.mode}: {line}", highlight=False, soft_wrap=True, markup=False)
    if leaks is None:
        console.print("There was no token to search for.")
        return
    console.print(f"The token was found in {len(leaks)} places{': ' if leaks else '.'}{'; '.join(leaks)}")


def _cells(verdict: Verdict) -> list[str]:
    counts = [getattr(verdict, name) for name in _COUNTS]
    return [
        verdict.fault,
        verdict.mode,
        str(verdict.rounds),
        *(f"[bold red]{count}[/]" if count else "0" for count in counts),
        str(verdict.airflows or ""),
        "" if verdict.stop_median is None else f"{verdict.stop_median:.1f}",
        "" if verdict.stop_max is None else f"{verdict.stop_max:.1f}",
    ]
