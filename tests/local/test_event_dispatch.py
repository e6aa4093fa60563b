from typing import Any

import pytest

from airflow_argo.local.event_dispatch import DispatchError, environment, is_meant, workflow_of

TEMPLATE = {"spec": {"workflowMetadata": {"labels": {"team": "a"}, "annotations": {"note": "n"}}}}
PAYLOAD = {"text": 'a "b" <c>\n', "n": 5, "list": [1, 2.5, None], "flag": True}


def binding(selector: str = "true", **submit: Any) -> dict[str, Any]:
    spec = {"event": {"selector": selector}, "submit": {"workflowTemplateRef": {"name": "t"}, **submit}}
    return {"metadata": {"name": "b"}, "spec": spec}


def event(payload: object = PAYLOAD) -> dict[str, Any]:
    headers = [("x-kind", "push"), ("x-kind", "tag"), ("authorization", "Bearer secret")]
    return environment("argo", "hook", headers, payload)


def parameters(**expressions: str) -> dict[str, Any]:
    return {"parameters": [{"name": name, "valueFrom": {"event": text}} for name, text in expressions.items()]}


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ("payload.n == 5", True),
        ("payload.n / 2 == 2.5", True),
        ("payload.nope == nil", True),
        ('namespace == "argo" && discriminator == "hook"', True),
        ('metadata["x-kind"] == ["push", "tag"]', True),
        ('"authorization" in metadata', False),
        ("len(payload.list) > 3", False),
    ],
)
def test_a_selector_sees_the_event(selector: str, meant: bool) -> None:
    assert is_meant(binding(selector), event()) is meant


def test_a_binding_that_submits_nothing_is_never_meant() -> None:
    assert not is_meant({"metadata": {"name": "b"}, "spec": {"event": {"selector": "true"}}}, event())


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        ("", "unexpected token EOF"),
        ("1", "unable to cast expression result '%!s(int=1)' to bool"),
        ('sprig.upper("a") == "A"', "unknown name sprig (1:1)"),
    ],
)
def test_a_selector_that_cannot_be_computed_is_an_error(selector: str, problem: str) -> None:
    with pytest.raises(DispatchError) as error:
        is_meant(binding(selector), event())

    assert str(error.value).startswith(f"failed to evaluate workflow template expression: {problem}")


def test_the_workflow_refers_to_the_template_and_tells_where_it_comes_from() -> None:
    workflow = workflow_of(binding(), event(), TEMPLATE)

    metadata = workflow["metadata"]
    assert metadata["labels"] == {
        "workflows.argoproj.io/workflow-template": "t",
        "workflows.argoproj.io/workflow-event-binding": "b",
        "team": "a",
    }
    assert metadata["annotations"] == {"note": "n"}
    assert metadata["name"].startswith("t-")
    assert len(metadata["name"]) == len("t-12345")
    assert workflow["spec"] == {"workflowTemplateRef": {"name": "t"}, "arguments": {}}


def test_a_cluster_template_has_its_own_label() -> None:
    reference = {"name": "t", "clusterScope": True}

    workflow = workflow_of(binding(workflowTemplateRef=reference), event(), {"spec": {}})

    assert workflow["metadata"]["labels"]["workflows.argoproj.io/cluster-workflow-template"] == "t"


def test_metadata_is_computed_with_all_of_argos_functions() -> None:
    wanted = {
        "generateName": '"run-" + string(int(payload.n)) + "-"',
        "labels": {"team": 'sprig.upper("b")'},
        "annotations": {"list": "toJson(payload.list)"},
    }

    metadata = workflow_of(binding(metadata=wanted), event(), TEMPLATE)["metadata"]

    assert metadata["name"].startswith("run-5-")
    assert metadata["labels"]["team"] == "B"
    assert metadata["annotations"] == {"note": "n", "list": "[1,2.5,null]"}


def test_a_name_is_taken_as_it_is() -> None:
    assert workflow_of(binding(metadata={"name": "namespace"}), event(), TEMPLATE)["metadata"]["name"] == "argo"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("payload.n", "5"),
        ("payload.list", "[1,2.5,null]"),
        ("payload.flag", "true"),
        ("payload.nope", "null"),
        # As Argo prints items: without quotes, with escapes.
        ("payload.text", 'a \\"b\\" <c>\\n'),
        ("{'z': 1, 'a': '<'}", '{"a":"<","z":1}'),
    ],
)
def test_values_of_parameters(expression: str, value: str) -> None:
    workflow = workflow_of(binding(arguments=parameters(p=expression)), event(), TEMPLATE)

    assert workflow["spec"]["arguments"] == {"parameters": [{"name": "p", "value": value}]}


@pytest.mark.parametrize(
    ("submit", "problem"),
    [
        (
            {"arguments": {"parameters": [{"name": "p", "value": "x"}]}},
            'malformed workflow template parameter "p": valueFrom is nil',
        ),
        (
            {"arguments": parameters(p="")},
            "failed to compile workflow template parameter p expression: unexpected token EOF",
        ),
        (
            {"arguments": parameters(p="payload.text.x")},
            'failed to evaluate workflow template parameter "p" expression: invalid operation: int(string) (1:14)\n'
            " | payload.text.x\n | .............^",
        ),
        ({"metadata": {"name": "payload.n"}}, "workflow name expression must evaluate to a string, not a float64"),
        (
            {"metadata": {"labels": {"l": "1"}}},
            'workflow label "l" expression must evaluate to a string, not a int',
        ),
        (
            {"metadata": {"annotations": {"a": "nope"}}},
            'failed to evaluate workflow annotation "a" expression: unknown name nope (1:1)\n | nope\n | ^',
        ),
    ],
)
def test_what_cannot_be_computed_is_told_as_argo_tells_it(submit: dict[str, Any], problem: str) -> None:
    with pytest.raises(DispatchError) as error:
        workflow_of(binding(**submit), event(), TEMPLATE)

    assert str(error.value) == problem


def test_a_number_that_is_no_float_is_refused() -> None:
    with pytest.raises(DispatchError, match="of type float64"):
        event({"n": 10**400})
