from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.local.artifact_gc import gives_up_artifacts, mark_deleted, to_collect


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
