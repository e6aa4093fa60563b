from __future__ import annotations

from typing import Any

from airflow_argo.argo.view import tree


def node(name: str, boundary: str = "wf", **fields: Any) -> dict[str, Any]:
    short = name.rpartition(".")[2]
    return {
        "id": name,
        "name": name,
        "displayName": short,
        "type": "Pod",
        "phase": "Succeeded",
        "boundaryID": boundary,
        **fields,
    }


def drawn(*nodes: dict[str, Any]) -> list[tuple[int, str]]:
    root = node("wf", "", type="DAG")
    workflow = {"metadata": {"name": "wf"}, "status": {"nodes": {each["id"]: each for each in (root, *nodes)}}}
    return [(line[0], line[2]) for line in tree(workflow)["nodes"]]


def test_nodes_stand_below_the_template_they_belong_to_in_order_of_start() -> None:
    assert drawn(
        node("wf.b", startedAt="2026-01-01T00:00:02Z"),
        node("wf.a", startedAt="2026-01-01T00:00:01Z", type="Steps"),
        node("wf.a[0]", "wf.a", type="StepGroup"),
        node("wf.a.inner", "wf.a", startedAt="2026-01-01T00:00:01Z"),
    ) == [(0, "wf"), (1, "a"), (2, "inner"), (1, "b")]


def test_loops_are_in_the_order_of_their_items_and_their_groups_are_left_out() -> None:
    assert drawn(node("wf.w", type="TaskGroup"), node("wf.w(10:x)"), node("wf.w(9:x)"), node("wf.w(1:x)")) == [
        (0, "wf"),
        (1, "w(1:x)"),
        (1, "w(9:x)"),
        (1, "w(10:x)"),
    ]


def test_attempts_stand_below_the_node_that_tries_again() -> None:
    retried = {"nodeFlag": {"retried": True}}
    assert drawn(
        node("wf.w", type="Retry", children=["wf.w(0)", "wf.w(1)"]),
        node("wf.w(0)", **retried),
        node("wf.w(1)", **retried),
    ) == [(0, "wf"), (1, "w"), (2, "w(0)"), (2, "w(1)")]


def test_a_large_tree_is_cut() -> None:
    nodes = {f"wf.w({index}:x)": node(f"wf.w({index}:x)") for index in range(3000)}
    workflow = {"metadata": {"name": "wf"}, "status": {"nodes": {"wf": node("wf", "", type="DAG"), **nodes}}}
    found = tree(workflow)
    assert len(found["nodes"]) == 2000
    assert found["truncated"]


def test_a_circle_ends() -> None:
    assert drawn(node("wf.a", "wf.b"), node("wf.b", "wf.a")) == [(0, "wf")]
