"""Where artifacts are, and what refers to them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.engine.artifact_references import resolve_artifact, resolved_by_step, resolved_by_task
from airflow_argo.local.engine.artifact_repository import keeps_logs, key_format, resolve, with_archive_location
from airflow_argo.local.engine.artifacts import has_location, is_complete, joined, key_of, with_key
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.scope import Scope
from airflow_argo.local.engine.support import unsupported

TREE = {"name": "tree", "path": "/tmp/tree", "s3": {"key": "wf/tree"}, "archive": {"none": {}}}


@pytest.mark.parametrize(
    ("location", "key", "complete"),
    [
        ({}, "", False),
        ({"s3": {"key": "k"}}, "k", False),
        ({"s3": {"bucket": "b", "key": "k"}}, "k", False),
        ({"s3": {"endpoint": "e", "bucket": "b", "key": "k"}}, "k", True),
        ({"s3": {}}, "", False),
        ({"gcs": {"key": "k"}}, "k", False),
        ({"azure": {"blob": "k"}}, "k", False),
        ({"hdfs": {"path": "k"}}, "k", False),
        ({"oss": {"key": "k"}}, "k", False),
        ({"http": {"url": "http://host/a/b?c"}}, "/a/b", True),
        ({"raw": {"data": "x"}}, "", True),
        ({"raw": {}}, "", True),
        ({"git": {"repo": "r"}}, "", True),
        ({"from": "{{steps.a.outputs.artifacts.b}}"}, "", False),
    ],
)
def test_a_location_has_a_key_and_may_need_a_store_of_its_own(location: Any, key: str, complete: bool) -> None:
    assert (key_of(location), is_complete(location)) == (key, complete)
    assert has_location(location) is (complete or bool(key))


@pytest.mark.parametrize("kind", ["s3", "gcs", "oss", "azure", "hdfs", "http"])
def test_a_key_can_be_replaced(kind: str) -> None:
    artifact = {kind: {"url": "http://host/old"} if kind == "http" else {}}
    assert key_of(with_key(artifact, "/a/b")) == "/a/b"


@pytest.mark.parametrize("artifact", [{"raw": {"data": ""}}, {"git": {"repo": ""}}, {}])
def test_what_has_no_key_gets_none(artifact: dict[str, Any]) -> None:
    with pytest.raises(NodeError, match="key unsupported"):
        with_key(artifact, "k")


@pytest.mark.parametrize(
    ("key", "more", "expected"),
    [("a", "b", "a/b"), ("a/", "/b", "a/b"), ("a", "../b", "b"), ("", "b", "b"), ("a", "", "a"), ("/a", "b", "/a/b")],
)
def test_keys_are_joined_as_paths_are(key: str, more: str, expected: str) -> None:
    assert joined(key, more) == expected


@given(st.text(), st.text())
def test_a_joined_key_is_clean(key: str, more: str) -> None:
    result = joined(key, more)
    assert joined(result, "") == result
    assert "//" not in result


@pytest.mark.parametrize(
    ("repository", "expected"),
    [
        ({}, "{{workflow.name}}/{{pod.name}}"),
        ({"s3": {"bucket": "b"}}, "{{workflow.name}}/{{pod.name}}"),
        ({"archiveLogs": True, "s3": {"keyFormat": "x/{{pod.name}}"}}, "x/{{pod.name}}"),
        ({"s3": {"keyPrefix": "old"}}, "old/{{workflow.name}}/{{pod.name}}"),
        ({"azure": {"blobNameFormat": "blob"}}, "blob"),
    ],
)
def test_the_repository_says_how_keys_begin(repository: dict[str, Any], expected: str) -> None:
    assert key_format(repository) == expected


@pytest.mark.parametrize(
    ("repository", "spec", "template", "expected"),
    [
        (None, None, None, False),
        (None, True, None, True),
        (None, True, False, False),
        (None, False, True, True),
        (True, False, False, True),
    ],
)
def test_who_says_that_logs_are_kept(repository: Any, spec: Any, template: Any, expected: bool) -> None:
    location = {} if template is None else {"archiveLocation": {"archiveLogs": template}}
    assert keeps_logs({"archiveLogs": repository}, {"archiveLogs": spec}, location) is expected


def test_a_pod_is_told_where_its_outputs_go() -> None:
    template = {"name": "t", "outputs": {"artifacts": [{"name": "a", "path": "/a"}]}}
    status = {
        "artifactRepositoryRef": {"artifactRepository": {"s3": {"keyFormat": "{{workflow.name}}-x/{{pod.name}}"}}}
    }
    told = with_archive_location(template, {}, status, {"workflow.name": "wf", "pod.name": "p"})
    assert told["archiveLocation"] == {"archiveLogs": False, "s3": {"key": "wf-x/p"}}
    assert "archiveLocation" not in with_archive_location({"name": "t"}, {}, status, {})


CONFIG_MAPS: dict[str, Any] = {
    "artifact-repositories": {
        "metadata": {"annotations": {"workflows.argoproj.io/default-artifact-repository": "mine"}},
        "data": {"mine": "s3: {keyFormat: a}", "list": "[]", "broken": "{"},
    },
    "other": {"metadata": {}, "data": {"k": "archiveLogs: true"}},
}


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"key": "mine"}, {"s3": {"keyFormat": "a"}}),
        ({}, {"s3": {"keyFormat": "a"}}),
        (None, {"s3": {"keyFormat": "a"}}),
        ({"configMap": "other", "key": "k"}, {"archiveLogs": True}),
    ],
)
def test_a_repository_is_found_in_its_config_map(reference: dict[str, Any] | None, expected: dict[str, Any]) -> None:
    found = resolve({"artifactRepositoryRef": reference}, "argo", CONFIG_MAPS.get)
    assert found["artifactRepository"] == expected
    assert found["namespace"] == "argo"


def test_without_a_config_map_there_is_the_servers_and_those_of_the_quick_start() -> None:
    assert resolve({}, "argo", {}.get)["default"] is True
    quick = resolve({"artifactRepositoryRef": {"key": "my-key"}}, "argo", {}.get)["artifactRepository"]
    assert (key_format(quick), quick["archiveLogs"]) == ("prefix/{{workflow.name}}/{{pod.name}}", True)


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ({"key": "nothing"}, 'failed to find any artifact repository for artifact repository ref "#nothing"'),
        ({"configMap": "other"}, 'failed to find any artifact repository for artifact repository ref "other#"'),
        ({"configMap": "none", "key": "k"}, 'artifact repository ref "none#k"'),
        ({"key": "list"}, 'failed to unmarshall config map key "list" .* it is no object'),
        ({"key": "broken"}, 'failed to unmarshall config map key "broken"'),
    ],
)
def test_a_repository_that_is_not_there_is_an_error(reference: dict[str, Any], reason: str) -> None:
    with pytest.raises(NodeError, match=reason):
        resolve({"artifactRepositoryRef": reference}, "argo", CONFIG_MAPS.get)


@pytest.fixture
def scope() -> Scope:
    return Scope(
        {"steps.make.outputs.artifacts.tree": TREE, "steps.make.status": "Succeeded", "inputs.parameters.f": "x"}
    )


def test_from_gives_the_artifact_that_it_names(scope: Scope) -> None:
    assert resolve_artifact({"name": "a", "from": "{{steps.make.outputs.artifacts.tree}}"}, scope) == TREE


@pytest.mark.parametrize(
    ("sub_path", "key"),
    [("a/b", "wf/tree/a/b"), ("{{inputs.parameters.f}}", "wf/tree/x"), ("{{item}}", "wf/tree/{{item}}")],
)
def test_a_sub_path_goes_on_with_the_key(scope: Scope, sub_path: str, key: str) -> None:
    found = resolve_artifact({"name": "a", "from": "{{steps.make.outputs.artifacts.tree}}", "subPath": sub_path}, scope)
    assert found == {**TREE, "s3": {"key": key}}


def test_an_expression_may_choose(scope: Scope) -> None:
    expression = "steps.make.status == 'Succeeded' ? steps.make.outputs.artifacts.tree : nil"
    assert resolve_artifact({"name": "a", "fromExpression": expression}, scope) == TREE


def test_what_is_no_artifact_is_said_as_go_prints_it(scope: Scope) -> None:
    with pytest.raises(
        NodeError, match=r"Variable \{\{&Artifact\{Name:out,Path:,Mode:nil,From:,.*\} is not an artifact"
    ):
        resolve_artifact({"name": "out", "fromExpression": "steps.make.status"}, scope)


NOWHERE = {"name": "a", "from": "{{steps.make.outputs.artifacts.nothing}}"}
UNKNOWN = 'Unable to resolve: "steps.make.outputs.artifacts.nothing"'


def test_steps_and_tasks_name_what_is_missing(scope: Scope) -> None:
    with pytest.raises(NodeError) as of_step:
        resolved_by_step({"artifacts": [NOWHERE]}, scope)
    with pytest.raises(NodeError) as of_task:
        resolved_by_task({"artifacts": [NOWHERE]}, scope)
    assert (str(of_step.value), str(of_task.value)) == (f"unable to resolve references: {UNKNOWN}", UNKNOWN)


def test_an_optional_argument_is_left_out(scope: Scope) -> None:
    arguments = {"artifacts": [{**NOWHERE, "optional": True}]}
    assert resolved_by_step(arguments, scope) == resolved_by_task(arguments, scope) == {"artifacts": []}


def test_a_task_forgives_only_what_is_not_there(scope: Scope) -> None:
    wrong = {"artifacts": [{"name": "a", "optional": True, "fromExpression": "steps.make.status"}]}
    assert resolved_by_step(wrong, scope) == {"artifacts": []}
    with pytest.raises(NodeError, match="is not an artifact"):
        resolved_by_task(wrong, scope)


@pytest.mark.parametrize(
    ("artifact", "reason"),
    [
        ({"s3": {"endpoint": "e", "bucket": "b", "key": "k"}}, "a.s3: the embedded Argo Server has an artifact store"),
        ({"gcs": {"bucket": "b", "key": "k"}}, "a.gcs: the embedded Argo Server has an artifact store"),
        ({"git": {"repo": "r"}}, "a.git: git artifacts are not supported"),
        ({"http": {"url": "u", "auth": {"basicAuth": {}}}}, "a.http: http artifacts are fetched without credentials"),
    ],
)
def test_another_store_is_refused_by_name(artifact: dict[str, Any], reason: str) -> None:
    container = {"container": {"image": "i"}, "inputs": {"artifacts": [{"name": "a", "path": "/a", **artifact}]}}
    given_in_step = {
        "steps": [[{"name": "s", "template": "x", "arguments": {"artifacts": [{"name": "a", **artifact}]}}]]
    }
    for template, where in ((container, "templates.x.inputs.artifacts."), (given_in_step, "templates.x.s.arguments.")):
        found = unsupported({"spec": {"templates": [{"name": "x", **template}]}})
        assert len(found) == 1
        assert found[0].startswith(where)
        assert reason in found[0]


def test_what_the_store_can_hold_is_accepted() -> None:
    artifacts = [{"name": "a", "s3": {"key": "k"}}, {"name": "b", "gcs": {"key": "k"}}, {"name": "c"}]
    template = {"name": "x", "container": {"image": "i"}, "outputs": {"artifacts": artifacts}}
    assert unsupported({"spec": {"artifactGC": {"strategy": "OnWorkflowCompletion"}, "templates": [template]}}) == []
