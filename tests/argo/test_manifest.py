import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import manifest
from airflow_argo.argo.errors import ManifestError, ManifestTooLargeError


@pytest.fixture
def workflow() -> dict[str, Any]:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"generateName": "pull-", "labels": {"team": "a"}},
        "spec": {
            "entrypoint": "main",
            "arguments": {
                "parameters": [
                    {"name": "rows", "value": "1", "enum": ["1", "2"]},
                    {"name": "table", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
                ]
            },
            "templates": [{"name": "main", "container": {"image": "x"}}],
        },
    }


def test_naming_replaces_generate_name(workflow: dict[str, Any]) -> None:
    assert manifest.named(workflow, "a.b-1")["metadata"] == {"name": "a.b-1", "labels": {"team": "a"}}


@pytest.mark.parametrize("name", ["", "A", "a_b", "-a", "a-", "a..b", "a" * 64])
def test_a_name_that_kubernetes_refuses_is_refused(workflow: dict[str, Any], name: str) -> None:
    with pytest.raises(ManifestError, match="cannot name a workflow"):
        manifest.named(workflow, name)


def test_parameters_are_replaced_in_place(workflow: dict[str, Any]) -> None:
    made = manifest.with_parameters(workflow, {"table": {"a": 1}, "rows": 2})
    assert made["spec"]["arguments"]["parameters"] == [
        {"name": "rows", "value": "2", "enum": ["1", "2"]},
        {"name": "table", "value": '{"a":1}'},
    ]


def test_an_undeclared_parameter_is_refused_with_those_that_are_there(workflow: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match="no parameter 'row'; it declares: rows, table"):
        manifest.with_parameters(workflow, {"row": 1})


def test_a_template_on_the_server_may_declare_what_the_manifest_does_not() -> None:
    made = manifest.with_parameters({"spec": {"workflowTemplateRef": {"name": "t"}}}, {"rows": 1})
    assert made["spec"]["arguments"]["parameters"] == [{"name": "rows", "value": "1"}]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\tb\n", "a\tb\n"),
        ("", ""),
        ("}} $(A)", "}} $(A)"),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        ([1, "{{x}}"], '[1,"\\u007b\\u007bx\\u007d\\u007d"]'),
        ({"a": None}, '{"a":null}'),
    ],
)
def test_values_are_written_as_text(value: object, text: str) -> None:
    assert manifest.parameter_text(value) == text


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "None is no value"),
        ("a{{b", "holds '{{'"),
        ("{{=1+1}}", "holds '{{'"),
        ("a\x1b[0m", r"control character U\+001B"),
        (b"x", "type bytes"),
        ([float("nan")], r"p\[0\]: nan does not exist"),
    ],
)
def test_values_that_argo_would_expand_or_lose_are_refused(value: object, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason) as caught:
        manifest.parameter_text(value, path="p")
    assert caught.value.path.startswith("p")


def test_what_only_a_server_writes_is_dropped(workflow: dict[str, Any]) -> None:
    used = copy.deepcopy(workflow)
    used["status"] = {"phase": "Succeeded"}
    used["metadata"] |= {"uid": "u", "resourceVersion": "1", "creationTimestamp": None, "managedFields": []}
    used["metadata"]["labels"] |= {
        "workflows.argoproj.io/completed": "true",
        "workflows.argoproj.io/phase": "Succeeded",
    }
    before = copy.deepcopy(used)
    assert manifest.sanitized(used) == workflow
    assert used == before


def test_labels_and_annotations_are_added(workflow: dict[str, Any]) -> None:
    made = manifest.labelled(workflow, {"airflow/dag": "d", "team": "b"}, {"note": "any text: é"})
    assert made["metadata"]["labels"] == {"team": "b", "airflow/dag": "d"}
    assert made["metadata"]["annotations"] == {"note": "any text: é"}


def test_size_is_that_of_the_json_that_go_writes() -> None:
    assert manifest.size({"a": "<é>", "b": 1.0}) == len('{"a":"\\u003cé\\u003e","b":1}'.encode())


def test_a_manifest_within_the_limit_passes(workflow: dict[str, Any]) -> None:
    manifest.check_size(workflow)


def test_a_manifest_that_is_too_large_names_its_largest_field(workflow: dict[str, Any]) -> None:
    workflow["spec"]["arguments"]["parameters"][0]["value"] = "x" * 1_200_000
    with pytest.raises(ManifestTooLargeError, match=r"1,173 KiB of JSON, .* at most 1,024 KiB; .* with 1,172 KiB") as e:
        manifest.check_size(workflow)
    assert e.value.path == "spec.arguments.parameters[0].value"


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_no_function_changes_what_it_is_given(values: dict[str, str]) -> None:
    source = {"metadata": {"labels": {}}, "spec": {"arguments": {"parameters": [{"name": n} for n in values]}}}
    before = json.dumps(source)
    safe = {name: [value] for name, value in values.items()}
    for made in (manifest.with_parameters(source, safe), manifest.named(source, "a"), manifest.sanitized(source)):
        made["spec"]["arguments"]["parameters"].append("changed")
        made["metadata"]["labels"]["changed"] = "yes"
    assert json.dumps(source) == before


@pytest.mark.parametrize(("own", "kept"), [(None, 100), (50, 50), (500, 100), (0, 100)])
def test_the_shorter_deadline_is_kept(own: int | None, kept: int) -> None:
    spec: dict[str, Any] = {} if own is None else {"activeDeadlineSeconds": own}
    assert manifest.limited({"spec": spec}, seconds=100)["spec"]["activeDeadlineSeconds"] == kept


def test_a_time_to_start_that_the_manifest_says_is_kept() -> None:
    made = {"spec": {"templateDefaults": {"pendingTimeout": "5s", "priorityClassName": "x"}}}
    assert manifest.limited(made, pending_seconds=90) == made
    assert manifest.limited({"spec": {}}, pending_seconds=90)["spec"]["templateDefaults"] == {"pendingTimeout": "90s"}


def test_without_limits_nothing_is_added() -> None:
    assert manifest.limited({"spec": {}}) == {"spec": {}}
