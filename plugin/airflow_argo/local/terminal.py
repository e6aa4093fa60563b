"""What is written to a terminal, or to what stands in for one."""

from __future__ import annotations

import re
import sys
from typing import IO

from rich.console import Console
from rich.text import Text

PHASE_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    "Error": "red",
    "Running": "cyan",
    "Skipped": "dim",
    "Omitted": "dim",
}
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def console_on(stream: IO[str]) -> Console:
    """A console that breaks no lines and colours nothing by itself; what the stream cannot write is escaped.

    Rich keeps to NO_COLOR, FORCE_COLOR and TERM.
    """
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None and not writes_unicode(stream):
        reconfigure(errors="backslashreplace")
    return Console(file=stream, highlight=False, soft_wrap=True)


def stdout() -> Console:
    """The console on standard output."""
    return console_on(sys.stdout)


def stderr() -> Console:
    """The console on standard error."""
    return console_on(sys.stderr)


def is_live(console: Console) -> bool:
    """Whether lines that were written can be written over."""
    return console.is_terminal and not console.is_dumb_terminal


def writes_unicode(stream: IO[str]) -> bool:
    """Whether the stream takes all characters."""
    return (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "").startswith("utf")


def harmless(text: object) -> str:
    """A text of someone else's without what would move a terminal's cursor: each such character as its escape."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", str(text))


def logged(text: str, *, style: str = "") -> Text:
    """A line of a log: its colours are kept, any other control of the terminal is not."""
    line = Text.from_ansi(text, style=style)
    line.plain = harmless(line.plain)
    return line
