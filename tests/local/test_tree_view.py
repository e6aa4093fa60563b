from __future__ import annotations

import pytest

from airflow_argo.local.tree_view import Row, branches, fitted

GLYPHS = ("├ ", "└ ", "│ ", "  ")


def node(name: str, phase: str = "Succeeded") -> dict[str, object]:
    return {"id": name, "name": name, "displayName": name, "phase": phase}


def told(rows: list[Row]) -> list[tuple[int, str, int]]:
    return [(row.depth, row.phase, row.count) for row in rows]


@pytest.mark.parametrize(
    ("depths", "shown"),
    [
        ([], []),
        ([0], [""]),
        ([0, 1, 1], ["", "├ ", "└ "]),
        ([0, 1, 2, 1, 2, 3], ["", "├ ", "│ └ ", "└ ", "  └ ", "    └ "]),
    ],
)
def test_branches_make_a_tree(depths: list[int], shown: list[str]) -> None:
    assert branches(depths, GLYPHS) == shown


def test_a_tree_that_fits_is_shown_whole() -> None:
    tree = [(0, node("wf")), *((1, node(str(number))) for number in range(5))]
    found, more = fitted(tree, 6)
    assert told(found) == [(0, "Succeeded", 1)] + [(1, "Succeeded", 1)] * 5
    assert more == 0


def test_neighbours_of_one_phase_become_one_line_where_room_is_short() -> None:
    tree = [
        (0, node("wf", "Running")),
        *((1, node(f"a{number}")) for number in range(50)),
        (1, node("bad", "Failed")),
        *((1, node(f"b{number}", "Pending")) for number in range(50)),
    ]
    found, more = fitted(tree, 10)
    assert told(found) == [(0, "Running", 1), (1, "Succeeded", 50), (1, "Failed", 1), (1, "Pending", 50)]
    assert more == 0


def test_what_still_does_not_fit_is_counted() -> None:
    tree = [(0, node("wf")), *((1, node(str(number), ("Failed", "Succeeded")[number % 2])) for number in range(20))]
    found, more = fitted(tree, 5)
    assert len(found) == 4
    assert more == 17


def test_a_node_with_others_below_it_is_never_counted_away() -> None:
    tree = [(0, node("wf")), *((depth, node(f"{number}{depth}")) for number in range(9) for depth in (1, 2))]
    found, _ = fitted(tree, 12)
    assert all(row.count == 1 for row in found)
