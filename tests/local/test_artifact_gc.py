from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.local.artifact_gc import Collector, gives_up_artifacts, mark_deleted, to_collect
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.controller import Controller
from airflow_argo.local.store import Store


def artifact(name: str, strategy: str | None = None, **more: Any) -> dict[str, Any]:
    own = {} if strategy is None else {"artifactGC": {"strategy": strategy}}
    return {"name": name, "s3": {"key": f"wf/{name}"}, **own, **more}


def workflow(usual: str | None, *artifacts: dict[str, Any], kind: str = "Pod") -> dict[str, Any]:
    spec = {"artifactGC": {"strategy": usual}} if usual else {}
    return {"spec": spec, "status": {"nodes": {"n": {"type": kind, "outputs": {"artifacts": list(artifacts)}}}}}


def collected(given: dict[str, Any], *occasions: Any) -> list[str]:
    return [found["name"] for _, found in to_collect(given, *occasions)]


@pytest.mark.parametrize(
    ("usual", "own", "on_completion", "on_deletion"),
    [
        (None, None, False, False),
        ("OnWorkflowCompletion", None, True, False),
        ("OnWorkflowDeletion", None, False, True),
        ("OnWorkflowDeletion", "OnWorkflowCompletion", True, False),
        ("OnWorkflowCompletion", "Never", False, False),
        (None, "OnWorkflowDeletion", False, True),
        ("OnWorkflowCompletion", "", True, False),
    ],
)
def test_an_artifacts_own_strategy_counts_first(
    usual: str | None, own: str | None, on_completion: bool, on_deletion: bool
) -> None:
    given = workflow(usual, artifact("a", own))
    assert collected(given, "OnWorkflowCompletion") == ["a"] * on_completion
    assert collected(given, "OnWorkflowDeletion") == ["a"] * on_deletion


def test_only_what_pods_have_stored_here_is_collected() -> None:
    elsewhere = {"name": "web", "http": {"url": "http://host/path"}}
    given = workflow("OnWorkflowCompletion", artifact("a"), elsewhere, {"name": "raw", "raw": {"data": ""}})
    assert collected(given, "OnWorkflowCompletion") == ["a"]
    assert collected(workflow("OnWorkflowCompletion", artifact("a"), kind="Steps"), "OnWorkflowCompletion") == []


def test_a_templates_strategy_counts_where_the_workflow_takes_its_spec_from_one() -> None:
    given = workflow(None, artifact("a"))
    given["status"]["storedWorkflowTemplateSpec"] = {"artifactGC": {"strategy": "OnWorkflowCompletion"}}
    assert collected(given, "OnWorkflowCompletion") == ["a"]


def test_what_is_gone_is_marked_and_not_collected_again() -> None:
    given = workflow("OnWorkflowCompletion", artifact("a"), artifact("b"), artifact("c", "Never"))
    assert mark_deleted(given, {"wf/a", "wf/c"}, "OnWorkflowCompletion") == {"n"}
    rows = given["status"]["nodes"]["n"]["outputs"]["artifacts"]
    assert [row.get("deleted") for row in rows] == [True, None, None]
    assert collected(given, "OnWorkflowCompletion") == ["b"]
    assert mark_deleted(given, {"wf/a"}, "OnWorkflowCompletion") == set()


@pytest.mark.parametrize(
    ("workflow", "expected"),
    [
        ({"spec": {"artifactGC": {"strategy": "OnWorkflowCompletion"}}}, True),
        ({"spec": {"templates": [{"outputs": {"artifacts": [artifact("a", "OnWorkflowCompletion")]}}]}}, True),
        (
            {"status": {"storedTemplates": {"t": {"outputs": {"artifacts": [artifact("a", "OnWorkflowCompletion")]}}}}},
            True,
        ),
        ({"spec": {"artifactGC": {"strategy": "OnWorkflowDeletion"}}}, False),
        ({}, False),
    ],
)
def test_what_may_be_left_by_a_server_that_was_killed(workflow: dict[str, Any], expected: bool) -> None:
    assert gives_up_artifacts(workflow) is expected


class Idle:
    """Workers without work."""

    def start(self, pod: Any, tell: Any) -> None:
        raise AssertionError(f"{pod} was to be started")

    def stop(self, key: Any) -> None:
        raise AssertionError(f"{key} was to be stopped")

    def forget(self, uid: str) -> None:
        pass

    async def close(self) -> None:
        pass


def no_execution(_: dict[str, Any]) -> Any:
    raise AssertionError("nothing was to be executed")


async def test_a_new_server_collects_what_a_killed_one_left(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    artifacts = ArtifactStore(tmp_path / "artifacts")
    for key in ("wf/a", "wf/b"):
        artifacts.put_file(tmp_path / "file", key)
    left = workflow("OnWorkflowCompletion", artifact("a"), artifact("b", "Never"))
    left["metadata"] = {"name": "wf", "namespace": "argo", "uid": "uid", "creationTimestamp": "2026-01-01T00:00:00Z"}
    left["status"].update(phase="Succeeded", finishedAt="2026-01-01T00:00:00Z")
    with contextlib.closing(Store()) as store:
        store.add_workflow(left)
        controller = Controller(store, Idle(), no_execution, collector=Collector(artifacts))
        controller.recover()
        await controller.close()
        rows = controller.find("argo", "wf")["status"]["nodes"]["n"]["outputs"]["artifacts"]
    assert [row.get("deleted", False) for row in rows] == [True, False]
    assert artifacts.keys_below("wf") == ["wf/b"]


async def test_with_the_workflow_go_its_artifacts_but_those_it_keeps(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    artifacts = ArtifactStore(tmp_path / "artifacts")
    for key in ("wf/a", "wf/b", "wf/c"):
        artifacts.put_file(tmp_path / "file", key)
    given = workflow(None, artifact("a", "OnWorkflowDeletion"), artifact("b"), artifact("c", "Never"))
    given["metadata"] = {"name": "wf", "namespace": "argo", "uid": "uid", "creationTimestamp": "2026-01-01T00:00:00Z"}
    given["status"].update(phase="Succeeded", finishedAt="2026-01-01T00:00:00Z")
    with contextlib.closing(Store()) as store:
        store.add_workflow(given)
        controller = Controller(store, Idle(), no_execution, collector=Collector(artifacts))
        controller.delete("argo", "wf")
        await controller.close()
    assert artifacts.keys_below("wf") == ["wf/b", "wf/c"]
