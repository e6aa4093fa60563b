"""How a running workflow is shown: as a tree that moves on a terminal, line by line anywhere else."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from airflow_argo.argo.status import Node, Progress, Workflow, message, phase
from airflow_argo.argo.view.times import epoch
from airflow_argo.argo.view.tree import lines
from airflow_argo.local.terminal import PHASE_COLOURS, harmless, writes_unicode
from airflow_argo.local.tree_view import Row, branches, fitted

_HEAD = 5
_REDRAWN_PER_SECOND = 4
_MARKS = {
    "Pending": "◷",
    "Running": "●",
    "Succeeded": "✔",
    "Skipped": "○",
    "Omitted": "○",
    "Failed": "✖",
    "Error": "⚠",
}
_PLAIN_MARKS = {"Pending": ".", "Running": "*", "Succeeded": "+", "Skipped": "o", "Omitted": "o"}
_BRANCHES = ("├─ ", "└─ ", "│  ", "   ")
_PLAIN_BRANCHES = ("|- ", "`- ", "|  ", "   ")


class LineView:
    """Says each change of each node once.

    :param clock: gives the time of day that stands before each line.
    """

    def __init__(self, console: Console, clock: Callable[[], str] = lambda: time.strftime("%H:%M:%S")) -> None:
        self._console = console
        self._clock = clock
        self._said: dict[str, str] = {}

    def show(self, workflow: Workflow) -> None:
        """Take what the workflow is like now."""
        name = str(workflow["metadata"]["name"])
        rows = [Row(depth, node) for depth, node in lines(workflow)]
        news = [row for row in rows if row.phase not in ("Pending", self._said.get(row.node["id"]))]
        for row in sorted(news, key=_order_of_events):
            self._said[row.node["id"]] = row.phase
            self._console.print(self._line(row.phase, row.node, name))

    def say(self, words: str) -> None:
        """Say something of the run as a whole."""
        self._console.print(Text(words))

    def __enter__(self) -> LineView:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing is left to do."""

    def _line(self, now: str, node: Node, workflow: str) -> Text:
        where = str(node["name"]).removeprefix(workflow).lstrip(".") or workflow
        text = Text(f"{self._clock()}  ", style="dim")
        text.append(f"{now:<10}", style=PHASE_COLOURS.get(now, "default"))
        text.append(harmless(where), style="not dim")
        if node.get("message"):
            text.append(f"  {harmless(node['message'])}", style="not dim yellow")
        return text


class LiveView:
    """Shows the tree as it is now, and takes it away at the end.

    :param clock: seconds since the epoch.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.time) -> None:
        self._console = console
        self._clock = clock
        self._workflow: Workflow = {}
        self._tree: list[tuple[int, Node]] = []
        self._words = ""
        self._live = Live(
            console=console,
            get_renderable=self.picture,
            refresh_per_second=_REDRAWN_PER_SECOND,
            transient=True,
            vertical_overflow="crop",
        )

    def show(self, workflow: Workflow) -> None:
        """Take what the workflow is like now."""
        # Once: it is drawn several times.
        self._workflow, self._tree = workflow, list(lines(workflow))

    def say(self, words: str) -> None:
        """Say something of the run as a whole."""
        self._words = words

    def __enter__(self) -> LiveView:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def picture(self) -> RenderableType:
        """What stands on the terminal."""
        if not self._workflow:
            return Text(self._words)
        name = str(self._workflow["metadata"]["name"])
        shown, left_out = fitted(self._tree, max(self._console.height - _HEAD - 1, 1))
        stems = branches([row.depth for row in shown], _BRANCHES if self._unicode else _PLAIN_BRANCHES)
        told = [self._row(stem, row) for stem, row in zip(stems, shown, strict=True)]
        if left_out:
            told.append(Text(f"and {left_out} more lines", style="dim"))
        return Group(*self._head(name), *told)

    @property
    def _unicode(self) -> bool:
        return writes_unicode(self._console.file)

    def _head(self, name: str) -> list[Text]:
        status: Mapping[str, Any] = self._workflow.get("status") or {}
        now = phase(self._workflow) or "Pending"
        progress = Progress.of(self._workflow)
        state = Text.assemble("Status:    ", (now, PHASE_COLOURS.get(now, "")))
        said = self._words or message(self._workflow)
        if said:
            state.append(f"  {harmless(said)}", style="yellow")
        return [
            _one_line(Text(f"Name:      {name}")),
            _one_line(state),
            _one_line(Text(f"Progress:  {progress.done}/{progress.total}")),
            _one_line(Text(f"Duration:  {self._duration(status)}")),
            Text(""),
        ]

    def _row(self, stem: str, row: Row) -> Text:
        marks = _MARKS if self._unicode else _PLAIN_MARKS
        style = PHASE_COLOURS.get(row.phase, "")
        text = Text.assemble((stem, "dim"), (f"{marks.get(row.phase, 'x')} ", style))
        if row.count > 1:
            return _one_line(text.append(f"{row.count} {row.phase}", style=style))
        text.append(harmless(row.node.get("displayName") or row.node["name"]))
        text.append(f"  {self._duration(row.node)}", style="dim")
        if row.node.get("message"):
            text.append(f"  {harmless(row.node['message'])}", style="yellow")
        return _one_line(text)

    def _duration(self, times: Mapping[str, Any]) -> str:
        started = epoch(times.get("startedAt"))
        if started is None:
            return ""
        finished = epoch(times.get("finishedAt"))
        passed = max(int((self._clock() if finished is None else finished) - started), 0)
        minutes, seconds = divmod(passed, 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours}h{minutes:02}m"
        return f"{minutes}m{seconds:02}s" if minutes else f"{seconds}s"


def _order_of_events(row: Row) -> tuple[str, int]:
    """What runs after what holds it, what has ended before it: several may have ended since the last look."""
    ended = str(row.node.get("finishedAt") or "")
    return (ended, -row.depth) if ended else ("", row.depth)


def _one_line(text: Text) -> Text:
    # A line that wraps would make the picture higher than was reckoned.
    text.no_wrap, text.overflow = True, "ellipsis"
    return text
