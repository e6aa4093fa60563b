from __future__ import annotations

import io

from airflow_argo.local.terminal import console_on, harmless, logged


def test_a_stream_that_cannot_write_a_character_gets_its_escape() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="iso-8859-1")
    console_on(stream).print("wörld ✓")
    stream.flush()
    assert raw.getvalue().decode("iso-8859-1") == "wörld \\u2713\n"


def test_control_characters_are_shown() -> None:
    assert harmless("a\x1b[2J\tb\x00") == "a\\x1b[2J\tb\\x00"


def test_a_log_keeps_its_colours_and_loses_other_controls() -> None:
    line = logged("\x1b[31mred\x1b[0m \x1b[2Jplain\x07")
    assert line.plain == "red plain"
    assert [(span.start, span.end, str(span.style)) for span in line.spans] == [(0, 3, "color(1)")]
