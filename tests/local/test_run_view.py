"""A run as its user sees it, without a server: what the workflow was like at each look goes in."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from airflow_argo.local.run_view import LineView, LiveView

START = "2026-01-01T00:00:00Z"
NOW = 1767225600.0 + 75


def workflow(phase: str, *phases: str, message: str = "", display: str = "step") -> dict[str, Any]:
    ended = {"finishedAt": "2026-01-01T00:00:09Z"}
    nodes = {
        f"wf-{number}": {
            "id": f"wf-{number}",
            "name": f"wf[0].step({number})",
            "displayName": f"{display}({number})",
            "boundaryID": "wf",
            "phase": found,
            "message": message,
            "startedAt": START,
            **({} if found in ("Pending", "Running") else ended),
        }
        for number, found in enumerate(phases)
    }
    nodes["wf"] = {"id": "wf", "name": "wf", "displayName": "wf", "phase": phase, "startedAt": START}
    status = {"phase": phase, "nodes": nodes, "startedAt": START, "progress": "1/2"}
    return {"metadata": {"name": "wf"}, "status": status}


class Stream(io.StringIO):
    encoding = "utf-8"


class Latin(io.StringIO):
    encoding = "iso-8859-1"


def picture(
    found: dict[str, Any], *, height: int = 24, stream: io.StringIO | None = None, width: int = 60
) -> list[str]:
    console = Console(file=stream or Stream(), width=width, height=height, force_terminal=True, color_system=None)
    view = LiveView(console, clock=lambda: NOW)
    view.show(found)
    with console.capture() as shown:
        console.print(view.picture())
    return shown.get().splitlines()


def test_each_change_of_a_node_is_said_once() -> None:
    stream = Stream()
    view = LineView(Console(file=stream, width=80), clock=lambda: "12:00:00")
    view.show(workflow("Running", "Pending", "Running"))
    view.show(workflow("Running", "Running", "Running"))
    view.show(workflow("Running", "Running", "Failed", message="exit code 1"))
    view.show(workflow("Running", "Running", "Failed", message="exit code 1"))
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "12:00:00  Running   wf",
        "12:00:00  Running   [0].step(1)",
        "12:00:00  Running   [0].step(0)",
        "12:00:00  Failed    [0].step(1)  exit code 1",
    ]


def test_what_has_ended_is_said_before_what_holds_it() -> None:
    stream = Stream()
    view = LineView(Console(file=stream, width=80), clock=lambda: "12:00:00")
    found = workflow("Succeeded", "Succeeded")
    found["status"]["nodes"]["wf"]["finishedAt"] = "2026-01-01T00:00:09Z"
    view.show(found)
    assert [line.split()[2] for line in stream.getvalue().splitlines()] == ["[0].step(0)", "wf"]


def test_the_tree_tells_phases_durations_and_messages() -> None:
    assert [line.rstrip() for line in picture(workflow("Running", "Succeeded", "Failed", message="m"))] == [
        "Name:      wf",
        "Status:    Running",
        "Progress:  1/2",
        "Duration:  1m15s",
        "",
        "● wf  1m15s",
        "├─ ✔ step(0)  9s  m",
        "└─ ✖ step(1)  9s  m",
    ]


def test_attempts_stand_below_the_node_that_tries_again() -> None:
    found = workflow("Running", "Failed", "Running", display="try")
    attempts = found["status"]["nodes"]
    for attempt in (attempts["wf-0"], attempts["wf-1"]):
        attempt["nodeFlag"] = {"retried": True}
    attempts["retry"] = {
        **attempts["wf"],
        "id": "retry",
        "name": "wf[0].step",
        "displayName": "step",
        "type": "Retry",
        "boundaryID": "wf",
        "children": ["wf-0", "wf-1"],
    }
    assert [line.rstrip() for line in picture(found)][-4:] == [
        "● wf  1m15s",
        "└─ ● step  1m15s",
        "   ├─ ✖ try(0)  9s",
        "   └─ ● try(1)  1m15s",
    ]


def test_the_picture_is_never_higher_or_wider_than_the_terminal() -> None:
    mixed = [("Failed", "Succeeded")[number % 2] for number in range(99)]
    shown = picture(workflow("Running", *mixed, message="long " * 50), height=12, width=40)
    assert len(shown) <= 12
    assert max(map(len, shown)) <= 40
    assert shown[-1] == "and 95 more lines"


def test_a_terminal_without_unicode_gets_ascii() -> None:
    shown = "\n".join(picture(workflow("Running", "Succeeded", "Failed"), stream=Latin()))
    assert shown.isascii()
    assert "|- + step(0)" in shown
    assert "`- x step(1)" in shown


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x07", "\r", "\x9b2J"])
def test_a_name_or_message_cannot_move_the_cursor(hostile: str) -> None:
    found = workflow("Running", "Failed", message=f"a{hostile}b", display=f"c{hostile}d")
    told = "\n".join(picture(found))
    assert hostile not in told
    stream = Stream()
    LineView(Console(file=stream), clock=lambda: "").show(found)
    assert hostile not in stream.getvalue()
