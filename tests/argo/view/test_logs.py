from __future__ import annotations

import pytest

from airflow_argo.argo.view.logs import entries_for, log_end

EXECUTORS = {"content": 'time="2026-01-01T00:00:00Z" level=info msg="sub-process exited" argo=true'}


@pytest.mark.parametrize(
    ("own", "executors", "shown", "truncated"),
    [
        (0, 0, 0, False),
        (3, 0, 3, False),
        (4, 3, 4, False),
        (5, 3, 5, False),
        (6, 0, 5, True),
        (6, 3, 5, True),
        # Nobody knows what comes before.
        (2, entries_for(5) - 2, 2, True),
    ],
)
def test_a_log_is_cut_only_where_there_is_more_of_the_workers_own(
    own: int, executors: int, shown: int, truncated: bool
) -> None:
    written = [{"content": f"line {number}"} for number in range(own)]
    entries = [*written, *[EXECUTORS] * executors]
    expected = [entry["content"] for entry in written][own - shown :]
    assert log_end(entries, 5) == {"lines": expected, "truncated": truncated}


def test_a_line_without_an_end_is_cut() -> None:
    assert log_end([{"content": "x" * 100_000}], 5)["lines"] == ["x" * 4000]
