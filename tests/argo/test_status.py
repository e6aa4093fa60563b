from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.argo import node_names, status


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Error"])
def test_these_phases_are_the_end(phase: str) -> None:
    assert status.is_finished({"status": {"phase": phase}})


@pytest.mark.parametrize("found", [{}, {"status": None}, {"status": {}}, {"status": {"phase": ""}}])
def test_a_new_workflow_has_no_phase(found: dict[str, Any]) -> None:
    assert status.phase(found) == ""
    assert not status.is_finished(found)


@pytest.mark.parametrize("phase", ["Pending", "Running", "SomethingNew"])
def test_any_other_phase_is_not_the_end(phase: str) -> None:
    assert not status.is_finished({"status": {"phase": phase}})


@pytest.mark.parametrize(("text", "expected"), [("7/11", (7, 11)), ("", (0, 0)), (None, (0, 0)), ("soon", (0, 0))])
def test_progress(text: str | None, expected: tuple[int, int]) -> None:
    progress = status.Progress.of({"status": {"progress": text}})
    assert (progress.done, progress.total) == expected


def test_steps_before_the_workers_do_not_count_as_workers() -> None:
    assert status.Progress(8, 12).without(1) == status.Progress(7, 11)
    assert status.Progress(0, 1).without(2) == status.Progress(0, 0)


def test_node_ids_are_as_argo_makes_them() -> None:
    # From Argo's documentation of node field selectors.
    assert node_names.node_id("appr-promotion-ffsv4", "appr-promotion-ffsv4.app1.wait-approval") == (
        "appr-promotion-ffsv4-3235686597"
    )
    assert node_names.node_id("wf", "wf") == "wf"


def pod_name(node: dict[str, Any], **metadata: Any) -> str:
    return status.pod_name({"metadata": {"name": "wf", **metadata}}, {"id": "wf-1", "name": "wf.a", **node})


def test_pod_names() -> None:
    number = node_names.fnv1a("wf.a")
    assert pod_name({"templateName": "pull"}) == f"wf-pull-{number}"
    assert pod_name({"templateRef": {"name": "shared", "template": "pull"}}) == f"wf-pull-{number}"
    assert pod_name({"templateName": "x" * 300}).startswith("wf-" + "x" * 239 + "-")
    assert pod_name({"name": "wf"}) == "wf"
    assert pod_name({}, annotations={"workflows.argoproj.io/pod-name-format": "v1"}) == "wf-1"


def test_pods_below_a_worker_of_several_steps() -> None:
    def node(name: str, kind: str, *children: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "name": name, "type": kind, "children": list(children), **more}

    worker = node("wf.worker(0:a)", "Steps", "wf.worker(0:a)[0]")
    every = [
        worker,
        node("wf.worker(0:a)[0]", "StepGroup", "wf.worker(0:a)[0].x", "wf.worker(0:a).onExit"),
        node("wf.worker(0:a)[0].x", "Pod", "wf.collect"),
        node("wf.worker(0:a).onExit", "Pod", nodeFlag={"hooked": True}),
        node("wf.collect", "Pod"),
    ]
    found = {"metadata": {"name": "wf"}, "status": {"nodes": {item["id"]: item for item in every}}}
    assert [pod["name"] for pod in status.pods_below(found, worker)] == ["wf.worker(0:a)[0].x"]
