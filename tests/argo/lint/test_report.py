import copy
from typing import Any

import pytest

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint import Finding, lint, require_clean

CLEAN = {
    "apiVersion": "argoproj.io/v1alpha1",
    "kind": "Workflow",
    "metadata": {"name": "a"},
    "spec": {
        "entrypoint": "main",
        "arguments": {"parameters": [{"name": "p", "value": "1"}]},
        "templates": [{"name": "main", "container": {"image": "x", "args": ["{{workflow.parameters.p}}"]}}],
    },
}


@pytest.fixture
def manifest() -> dict[str, Any]:
    return copy.deepcopy(CLEAN)


def test_a_clean_manifest_has_no_findings_and_stays_as_it_is(manifest: dict[str, Any]) -> None:
    assert lint(manifest) == []
    require_clean(manifest)
    assert manifest == CLEAN


def test_argo_s_own_complaint_comes_first(manifest: dict[str, Any]) -> None:
    manifest["spec"]["entrypoint"] = "nope"
    manifest["spec"]["arguments"]["parameters"][0]["value"] = [1]
    assert [finding.message for finding in lint(manifest)] == [
        "template name 'nope' undefined",
        "parameters are text, and Argo makes a list the empty text",
    ]


def test_all_findings_are_told_in_one_error(manifest: dict[str, Any]) -> None:
    manifest["status"] = {"phase": "Succeeded"}
    manifest["spec"]["templatez"] = []
    with pytest.raises(ManifestError) as caught:
        require_clean(manifest)
    assert str(caught.value) == (
        "the workflow has 2 faults:"
        "\n- status: Argo keeps it: a workflow that comes with a phase is taken to have run. Remove it."
        "\n- spec.templatez: Argo has no such field and drops it. Is 'templates' meant?"
    )


def test_a_single_finding_is_told_with_its_place(manifest: dict[str, Any]) -> None:
    manifest["spec"]["shutdown"] = "Stop"
    with pytest.raises(ManifestError) as caught:
        require_clean(manifest)
    assert caught.value.path == "spec.shutdown"
    assert str(caught.value) == "spec.shutdown: the workflow is stopped as soon as it starts. Remove it."


def test_a_number_where_text_belongs_gets_advice(manifest: dict[str, Any]) -> None:
    manifest["spec"]["templates"][0]["container"]["env"] = [{"name": "PORT", "value": 80}]
    (finding,) = lint(manifest)
    assert "of type string" in finding.message
    assert "quotes" in finding.hint


def test_an_unknown_field_of_a_step_is_told_once(manifest: dict[str, Any]) -> None:
    step = {"name": "a", "template": "main", "wen": "true"}
    manifest["spec"]["templates"].append({"name": "steps", "steps": [[step]]})
    assert lint(manifest) == [
        Finding("templates.steps.steps[0].a.wen", "Argo has no such field and drops it", "Is 'when' meant?")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "{workflowTemplateRef: {name: t}}",
        "{workflowTemplateRef: {name: t, clusterScope: true}, arguments: {parameters: [{name: p, value: x}]}}",
        "{entrypoint: m, templates: [{name: m, steps: [[{name: a, templateRef: {name: t, template: x}}],"
        " [{name: b, template: w, withParam: '{{steps.a.outputs.result}}'}]]}, {name: w, container: {image: x}}]}",
    ],
)
def test_what_only_the_server_knows_is_taken_to_be_good(text: str) -> None:
    manifest = {"metadata": {"name": "a"}, "spec": go_yaml.load_all(text)[0]}
    assert lint(manifest) == []
    assert lint(manifest, templates=lambda name, cluster: None) != []
