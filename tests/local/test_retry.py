"""Which nodes a retry lets go and which it resets, on trees written down as ``name: (type, phase, children)``."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.local.refusal import Refusal
from airflow_argo.local.retry import retried

NOW = 1_800_000_000.0
FAN_OUT = {
    "w": ("DAG", "Failed", ["w.pull"]),
    "w.pull": ("TaskGroup", "Failed", ["w.pull(0:a)", "w.pull(1:b)"]),
    "w.pull(0:a)": ("Pod", "Succeeded", []),
    "w.pull(1:b)": ("Pod", "Failed", []),
    "w.onExit": ("Pod", "Succeeded", []),
}
TRIED = {
    "w": ("Steps", "Failed", ["w[0]"]),
    "w[0]": ("StepGroup", "Failed", ["w[0].a", "w[0].b"]),
    "w[0].a": ("Pod", "Succeeded", []),
    "w[0].b": ("Retry", "Failed", ["w[0].b(0)", "w[0].b(1)"]),
    "w[0].b(0)": ("Pod", "Failed", []),
    "w[0].b(1)": ("Pod", "Failed", []),
}
ALARM = {
    "w": ("DAG", "Failed", ["w.a"]),
    "w.a": ("Pod", "Failed", ["w.alarm"]),
    "w.alarm": ("Pod", "Succeeded", []),
}
NESTED = {
    "w": ("Steps", "Failed", ["w[0]"]),
    "w[0]": ("StepGroup", "Failed", ["w[0].inner", "w[0].other"]),
    "w[0].other": ("Pod", "Succeeded", []),
    "w[0].inner": ("DAG", "Failed", ["w[0].inner.a"]),
    "w[0].inner.a": ("Pod", "Succeeded", ["w[0].inner.b"]),
    "w[0].inner.b": ("Pod", "Failed", []),
}
BOUNDARIES = {"w[0].inner.a": "w[0].inner", "w[0].inner.b": "w[0].inner"}


def workflow(tree: dict[str, tuple[str, str, list[str]]], phase: str = "Failed") -> dict[str, Any]:
    nodes = {}
    for name, (kind, its_phase, children) in tree.items():
        nodes[name] = {
            "id": name,
            "name": name,
            "displayName": name.removeprefix("w."),
            "type": kind,
            "phase": its_phase,
            "children": children,
            "boundaryID": "" if name == "w" else BOUNDARIES.get(name, "w"),
            "message": "of the first time",
            "startedAt": "2026-01-01T00:00:00Z",
            "finishedAt": "2026-01-01T00:00:01Z",
        }
        if name.endswith(")") and "Retry" in tree.get(name[:-3], ""):
            nodes[name]["nodeFlag"] = {"retried": True}
    labels = {"workflows.argoproj.io/phase": phase, "workflows.argoproj.io/completed": "true", "mine": "1"}
    return {
        "metadata": {"name": "w", "uid": "u", "labels": labels},
        "spec": {"arguments": {"parameters": [{"name": "x", "value": "1"}]}, "shutdown": "Stop"},
        "status": {"phase": phase, "message": "no", "finishedAt": "2026-01-01T00:00:01Z", "nodes": nodes},
    }


def phases(of: dict[str, Any]) -> dict[str, str]:
    return {name: node["phase"] for name, node in of["status"]["nodes"].items()}


@pytest.mark.parametrize(
    ("tree", "left"),
    [
        (FAN_OUT, {"w": "Running", "w.pull": "Running", "w.pull(0:a)": "Succeeded"}),
        (TRIED, {"w": "Running", "w[0]": "Running", "w[0].a": "Succeeded", "w[0].b": "Running"}),
        (ALARM, {"w": "Failed", "w.a": "Failed", "w.alarm": "Succeeded"}),
        (
            NESTED,
            {
                "w": "Running",
                "w[0]": "Running",
                "w[0].other": "Succeeded",
                "w[0].inner": "Running",
                "w[0].inner.a": "Succeeded",
            },
        ),
    ],
)
def test_failed_nodes_go_and_their_groups_run_again(tree: Any, left: dict[str, str]) -> None:
    before = workflow(tree)

    assert phases(retried(before, NOW)) == left
    assert phases(before) == {name: phase for name, (_, phase, _) in tree.items()}


def test_a_reset_group_begins_now_and_forgets_who_went() -> None:
    group = retried(workflow(FAN_OUT), NOW)["status"]["nodes"]["w.pull"]

    assert group["children"] == ["w.pull(0:a)"]
    assert (group["startedAt"], group["finishedAt"], "message" in group) == ("2027-01-15T08:00:00Z", None, False)


def test_the_workflow_is_open_again() -> None:
    again = retried(workflow(FAN_OUT), NOW)

    assert again["metadata"]["labels"] == {"workflows.argoproj.io/phase": "Failed", "mine": "1"}
    assert again["spec"] == {"arguments": {"parameters": [{"name": "x", "value": "1"}]}}
    assert {"phase", "message"}.isdisjoint(again["status"])
    assert again["status"]["conditions"] == [{"type": "Completed", "status": "False"}]


def test_parameters_expand_the_loops_anew() -> None:
    again = retried(workflow(FAN_OUT), NOW, parameters=["new=2", "x=a=b"])

    assert phases(again) == {"w": "Running", "w.pull": "Running"}
    assert again["spec"]["arguments"]["parameters"] == [{"name": "new", "value": "2"}, {"name": "x", "value": "a=b"}]


def test_what_has_succeeded_runs_again_where_it_is_chosen() -> None:
    again = retried(workflow(FAN_OUT, "Succeeded"), NOW, restart_successful=True, selector="displayName=pull(0:a)")

    assert "w.pull(0:a)" not in phases(again)


def test_a_selector_alone_chooses_nothing() -> None:
    assert "w.pull(0:a)" in phases(retried(workflow(FAN_OUT), NOW, selector="displayName=pull(0:a)"))


@pytest.mark.parametrize(
    ("phase", "options", "status", "message"),
    [
        ("Running", {}, 400, "Cannot retry a workflow in phase Running"),
        (
            "Succeeded",
            {},
            400,
            "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector",
        ),
        ("Failed", {"parameters": ["x"]}, 500, "expected parameter of the form: NAME=VALUE. Received: x"),
        (
            "Failed",
            {"restart_successful": True, "selector": "nonsense"},
            500,
            "invalid selector: 'nonsense'; can't understand 'nonsense'",
        ),
    ],
)
def test_what_is_refused(phase: str, options: dict[str, Any], status: int, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        retried(workflow(FAN_OUT, phase), NOW, **options)

    assert (refused.value.status, refused.value.message) == (status, message)


def test_what_came_before_a_failed_node_in_its_group_stays() -> None:
    tree = {
        "w": ("Steps", "Failed", ["w[0]"]),
        "w[0]": ("StepGroup", "Failed", ["w[0].ask"]),
        "w[0].ask": ("Suspend", "Succeeded", ["w[0].b"]),
        "w[0].b": ("Pod", "Failed", []),
    }

    assert phases(retried(workflow(tree), NOW)) == {"w": "Running", "w[0]": "Running", "w[0].ask": "Succeeded"}
