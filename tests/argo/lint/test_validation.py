import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError, NotFoundError
from airflow_argo.argo.lint import validate, validate_template

LEAF = "{name: leaf, inputs: {parameters: [{name: m, default: x}]}, container: {image: x}}"


def workflow(spec: str) -> dict[str, Any]:
    return {"metadata": {"generateName": "a-"}, "spec": go_yaml.load_all(spec)[0]}


def template(body: str) -> dict[str, Any]:
    return workflow(f"{{entrypoint: main, templates: [{{name: main, {body}}}, {LEAF}]}}")


def step(body: str) -> dict[str, Any]:
    return template(f"steps: [[{{name: a, {body}}}]]")


def dag(tasks: str) -> dict[str, Any]:
    return template(f"dag: {{tasks: [{tasks}]}}")


def whole(text: str) -> dict[str, Any]:
    return go_yaml.load_all(text)[0]


# What each manifest is answered was seen on v4.1.2.
MADE: dict[str, Callable[[str], dict[str, Any]]] = {
    "workflow": workflow,
    "template": template,
    "step": step,
    "tasks": dag,
    "manifest": whole,
}
REFUSALS = go_yaml.load_all((Path(__file__).parent / "refusals.yaml").read_text())[0]
CASES = [
    pytest.param(MADE[kind](case["given"]), case["says"], id=f"{kind}-{case['given']}"[:100])
    for kind, cases in REFUSALS.items()
    for case in cases
]


def refused(manifest: dict[str, Any], **options: Any) -> str:
    before = copy.deepcopy(manifest)
    with pytest.raises(ManifestError) as caught:
        validate(manifest, **options)
    assert manifest == before
    return caught.value.message


@pytest.mark.parametrize(("manifest", "message"), CASES)
def test_a_fault_is_told_in_argo_s_words(manifest: dict[str, Any], message: str) -> None:
    assert refused(manifest) == message


def test_a_target_that_is_no_task() -> None:
    manifest = template("dag: {target: a z, tasks: [{name: a, template: leaf}]}")
    assert refused(manifest) == "templates.main.targets: target 'z' is not defined"


@pytest.mark.parametrize(
    "manifest",
    [
        # An empty list is lost on the way to Argo's server.
        workflow(
            "{entrypoint: m, arguments: {parameters: [{name: a, value: x, enum: []}]},"
            " templates: [{name: m, suspend: {}}]}"
        ),
        template("container: {image: x, args: ['{{unknown.tag}}', '{{=nosuch}}', '{{=1+}}']}"),
        template("container: {image: '{{workflow.name}}', args: ['{{workflow.creationTimestamp.s}}', '{{pod.name}}']}"),
        template("container: {image: x, args: ['{{retries}}']}, retryStrategy: {}, timeout: 5s"),
        template("timeout: '{{=string(3)}}s', container: {image: x}"),
        template("resource: {action: '{{=lower(\"GET\")}}'}"),
        step("template: leaf, withItems: [{x: 1}, y], when: '{{item}} {{item.x}}'"),
        step("template: leaf, withParam: '[]', when: '{{item.any.thing}}'"),
        step("templateRef: {name: t, template: 'x-{{workflow.name}}'}"),
        dag("{name: b, template: leaf, depends: a.AnySucceeded}, {name: a, template: leaf, withItems: [1]}"),
        workflow("{entryPoint: main, templates: [{name: main, container: {image: x}}]}"),
        workflow("{entrypoint: m, templateDefaults: {container: {image: x}}, templates: [{name: m, container: {}}]}"),
    ],
)
def test_what_argo_accepts_passes(manifest: dict[str, Any]) -> None:
    validate(manifest)


TEMPLATE = {
    "metadata": {"name": "t"},
    "spec": {
        "entrypoint": "leaf",
        "arguments": {"parameters": [{"name": "p", "value": "1"}]},
        "templates": [
            {"name": "x", "inputs": {"parameters": [{"name": "i"}]}, "steps": [[{"name": "s", "template": "leaf"}]]},
            {"name": "leaf", "container": {"image": "{{workflow.parameters.p}}"}},
            {"name": "broken", "container": {"image": "{{inputs.parameters.q}}"}},
        ],
    },
}


def known(name: str, cluster: bool) -> dict[str, Any] | None:
    return TEMPLATE if name == "t" and not cluster else None


def test_names_in_a_referenced_template_are_looked_up_there() -> None:
    manifest = step("templateRef: {name: t, template: x}, arguments: {parameters: [{name: i, value: 1}]}")
    manifest["spec"]["arguments"] = {"parameters": [{"name": "p", "value": "1"}]}
    validate(manifest, templates=known)
    del manifest["spec"]["arguments"]
    place = "templates.main.steps[0].a templates.x.steps[0].s"
    assert (
        refused(manifest, templates=known) == f"{place} templates.leaf: failed to resolve {{{{workflow.parameters.p}}}}"
    )


def test_an_argument_that_a_referenced_template_wants() -> None:
    manifest = step("templateRef: {name: t, template: x}")
    manifest["spec"]["arguments"] = {"parameters": [{"name": "p", "value": "1"}]}
    place = "templates.main.steps[0].a templates.x"
    assert refused(manifest, templates=known) == f"{place} inputs.parameters.i was not supplied"


def test_every_template_of_a_workflow_template_is_checked() -> None:
    manifest = workflow("{workflowTemplateRef: {name: t}, entrypoint: leaf}")
    message = "templates.broken templates.broken: failed to resolve {{inputs.parameters.q}}"
    assert refused(manifest, templates=known) == message


def test_a_workflow_template_that_is_not_there_is_not_found() -> None:
    with pytest.raises(NotFoundError, match=r'^workflowtemplates.argoproj.io "u" not found$'):
        validate(workflow("{workflowTemplateRef: {name: u}}"), templates=known)
    with pytest.raises(NotFoundError, match=r'^clusterworkflowtemplates.argoproj.io "t" not found$'):
        validate(workflow("{workflowTemplateRef: {name: t, clusterScope: true}}"), templates=known)


def test_arguments_may_be_empty_for_lint() -> None:
    manifest = workflow(f"{{entrypoint: leaf, arguments: {{parameters: [{{name: a}}]}}, templates: [{LEAF}]}}")
    validate(manifest, allow_empty=True)


def test_an_error_has_a_place_and_an_untouched_message() -> None:
    with pytest.raises(ManifestError) as caught:
        validate(step("template: nope"))
    assert caught.value.path == "templates.main.steps[0].a"
    assert str(caught.value) == "templates.main.steps[0].a template name 'nope' undefined"


def test_a_name_that_is_too_long() -> None:
    manifest = workflow("{}") | {"metadata": {"name": "x" * 64}}
    assert refused(manifest) == f'workflow name "{"x" * 64}" must not be more than 63 characters long (currently 64)'


def test_templates_that_call_each_other_without_end_are_no_trouble() -> None:
    validate(template("steps: [[{name: a, template: main}]]"))


def test_templates_nested_deeper_than_argo_runs_are_refused() -> None:
    chain = [{"name": f"t{i}", "steps": [[{"name": "a", "template": f"t{i + 1}"}]]} for i in range(2000)]
    manifest = {"spec": {"entrypoint": "t0", "templates": [*chain, {"name": "t2000", "container": {"image": "x"}}]}}
    assert "more deeply than the 100 levels" in refused(manifest)


def test_a_workflow_template_needs_no_entrypoint_and_no_values() -> None:
    spec = go_yaml.load_all(f"{{arguments: {{parameters: [{{name: a}}]}}, templates: [{LEAF}]}}")[0]
    validate_template({"metadata": {"name": "t"}, "spec": spec})
    spec["templates"][0]["container"]["args"] = ["{{workflow.parameters.any}}", "{{inputs.parameters.q}}"]
    with pytest.raises(
        ManifestError, match=r"^templates.leaf templates.leaf: failed to resolve {{inputs.parameters.q}}"
    ):
        validate_template({"metadata": {"name": "t"}, "spec": spec})


def test_the_name_of_a_workflow_template_is_limited() -> None:
    with pytest.raises(ManifestError, match=r'^cluster workflow template name "x+" must not be more than 63'):
        validate_template({"metadata": {"name": "x" * 64}, "spec": {}}, cluster=True)
