"""What Argo accepts and then hangs or dies on; each line is a place and the beginning of what is said of it."""

from typing import Any

import pytest

from airflow_argo.argo import go_yaml
from airflow_argo.argo.lint import lint

LEAF = "{name: leaf, inputs: {parameters: [{name: m, default: x}]}, container: {image: x}}"


def found(text: str) -> list[str]:
    manifest = go_yaml.load_all(text)[0]
    manifest.setdefault("metadata", {"name": "a"})
    manifest.setdefault("spec", {})
    manifest["spec"].setdefault("entrypoint", "leaf")
    manifest["spec"].setdefault("templates", []).append(go_yaml.load_all(LEAF)[0])
    return [f"{finding.path}: {finding.message}" for finding in lint(manifest)]


def in_template(body: str) -> list[str]:
    return found(f"spec: {{templates: [{{name: main, {body}}}]}}")


def in_step(body: str) -> list[str]:
    return in_template(f"steps: [[{{name: a, template: leaf}}], [{{name: b, template: leaf, {body}}}]]")


def told(findings: list[str], *beginnings: str) -> bool:
    return len(findings) == len(beginnings) and all(map(str.startswith, findings, beginnings))


@pytest.mark.parametrize(
    ("text", "beginning"),
    [
        ("{status: {phase: Succeeded}}", "status: Argo keeps it"),
        ("{metadata: {name: a, uid: x}}", "metadata.uid: only the server gives it"),
        ("{metadata: {name: a, resourceVersion: '1'}}", "metadata.resourceVersion: only the server gives it"),
        ("{metadata: {labels: {}}}", "metadata.name: the workflow has neither a name nor a generateName"),
        ("{metadata: {name: A_b}}", "metadata.name: 'A_b' is no name that Kubernetes takes"),
        ("{metadata: {generateName: A-}}", "metadata.generateName: 'A-' begins no name"),
        ("{metadata: {name: a, labels: {k: 'a b'}}}", "metadata.labels.k: 'a b' is no valid label value"),
        ("{metadata: {name: a, labels: {workflows.argoproj.io/completed: 'true'}}}", "metadata.labels.workflows"),
        ("{spec: {shutdown: Stop}}", "spec.shutdown: the workflow is stopped as soon as it starts"),
        ("{spec: {podPriority: 1}}", "spec.podPriority: Argo has no such field and drops it"),
        ("{spec: {synchronization: {mutex: {name: a}}}}", "spec.synchronization.mutex: Argo has no such field"),
        ("{spec: {arguments: {parameters: [{name: p, value: {a: 1}}]}}}", "spec.arguments.parameters.p.value: paramet"),
        ("{spec: {arguments: {parameters: [{name: p, value: 12345678901234567890}]}}}", "spec.arguments.parameters.p."),
        ('{spec: {arguments: {parameters: [{name: p, value: "a\\x1b"}]}}}', "spec.arguments.parameters.p.value: the t"),
        ("{spec: {arguments: {parameters: [{name: p, value: 'a{{=1+'}]}}}", "spec.arguments.parameters.p.value: the e"),
    ],
)  # fmt: skip
def test_the_workflow(text: str, beginning: str) -> None:
    findings = found(text)
    assert told(findings, beginning), findings


@pytest.mark.parametrize(
    ("body", "beginning"),
    [
        ("container: {image: x, imagePullPolice: Never}", "templates.main.container.imagePullPolice: Argo has no such"),
        ("template: leaf, container: {image: x}", "templates.main.template: Argo has no such field"),
        ("timeout: 2s, container: {image: x}", "templates.main.timeout: 2s is over before a pod is started"),
        ("container: {image: x, args: ['{{item}}']}", "templates.main: '{{item}}' stays as it stands"),
        ("container: {image: x, args: ['{{=1+}}']}", "templates.main.container.args[0]: the expression cannot be read"),
        ("container: {image: x, args: ['{{={''a'': {''b'': 1}}}}']}", "templates.main.container.args[0]: the expressi"),
        ("container: {image: x, args: ['{{=nosuch + 1}}']}", "templates.main.container.args[0]: nothing is called 'no"),
        ("container: {image: x, args: ['{{=workflow.nmae}}']}", "templates.main.container.args[0]: there is no variab"),
        ("container: {image: x, args: ['{{=inputs.parameters.q}}']}", "templates.main.container.args[0]: the template"),
        ("container: {image: x, args: ['{{=workflow.parameters.q}}']}", "templates.main.container.args[0]: the workfl"),
        ("container: {image: x, args: ['{{=steps.a.status}}']}", "templates.main.container.args[0]: there is no step"),
        ("retryStrategy: {expression: 'a ='}, container: {image: x}", "templates.main.retryStrategy.expression: the e"),
    ],
)  # fmt: skip
def test_a_template(body: str, beginning: str) -> None:
    findings = in_template(body)
    assert told(findings, beginning), findings


@pytest.mark.parametrize(
    ("body", "beginning"),
    [
        ("withParam: hello", "templates.main.steps[1].b.withParam: this is no JSON list: invalid character 'h'"),
        ("withParam: '{}'", "templates.main.steps[1].b.withParam: this is JSON, but no list"),
        ("withSequence: {start: 1}", "templates.main.steps[1].b.withSequence: neither end nor count"),
        ("withSequence: {count: '5.0'}", "templates.main.steps[1].b.withSequence.count: '5.0' is no whole number"),
        ("withItems: []", "templates.main.steps[1].b.withItems: an empty list is no loop"),
        ("when: '{{item}} == 1'", "templates.main.steps[1].b: '{{item}}' stays as it stands: there is no loop"),
        ("withItems: [1], when: '{{hello}} == 1'", "templates.main.steps[1].b: in a loop the unknown tag '{{hello}}'"),
        ("when: 'a-b == 1'", "templates.main.steps[1].b.when: Failed to evaluate"),
        ("when: '1'", "templates.main.steps[1].b.when: Expected boolean evaluation"),
        ("withParam: '{{=steps.b.outputs.result}}'", "templates.main.steps[1].b: step 'b' is not over"),
        ("withParam: '{{=steps.z.outputs.result}}'", "templates.main.steps[1].b.withParam: there is no step 'z' here"),
        ("hooks: {h: {template: leaf, expression: 'steps.b.status =='}}", "templates.main.steps[1].b.hooks.h.expressi"),
    ],
)  # fmt: skip
def test_a_step(body: str, beginning: str) -> None:
    findings = in_step(body)
    assert told(findings, beginning), findings


@pytest.mark.parametrize(
    "body",
    [
        "withParam: '[]'",
        "withParam: 'null'",
        "withParam: '{{steps.a.outputs.result}}'",
        "withParam: '{{=toJson(map(0..3, { {''x'': #} } ))}}'",
        "withParam: '{{=let n = 3; toJson(0..n)}}'",
        "withParam: '{{=steps.nosuch?.outputs ?? ''[]''}}'",
        "withItems: [{a: 1}], when: '{{item.a}} == 1'",
        "withSequence: {count: '{{steps.a.outputs.result}}', format: '%03d'}",
        "when: 'true'",
        "when: '{{steps.a.status}} == Succeeded'",
        'hooks: {h: {template: leaf, expression: \'steps["b"].status == "Failed"\'}}',
    ],
)
def test_what_is_good_is_left_alone(body: str) -> None:
    assert in_step(body) == []


@pytest.mark.parametrize(
    ("group", "beginning"),
    [
        (
            "[{name: a, template: leaf}, {name: b, template: leaf, withParam: '{{steps.a.outputs.result}}'}]",
            "templates.main.steps[0].b: step 'a' is not over when this one starts",
        ),
        (
            "[{name: a, template: leaf, withParam: '{{=steps.b.outputs.result}}'}], [{name: b, template: leaf}]",
            "templates.main.steps[0].a: step 'b' is not over when this one starts",
        ),
    ],
)
def test_steps_that_use_what_is_not_there_yet(group: str, beginning: str) -> None:
    findings = in_template(f"steps: [{group}]")
    assert told(findings, beginning), findings


@pytest.mark.parametrize(
    ("task", "beginnings"),
    [
        ("withParam: '{{tasks.a.outputs.result}}'", ["templates.main.tasks.c: task 'a' is not surely over"]),
        ("depends: b, withParam: '{{tasks.a.outputs.result}}'", []),
        ("dependencies: [a], withParam: '{{=tasks.a.outputs.result}}'", []),
        ("depends: 'a && (b', when: 'true'", ["templates.main.tasks.c.depends: the logic cannot be read"]),
        ("depends: '!a.Failed || b.Succeeded'", []),
    ],
)
def test_tasks(task: str, beginnings: list[str]) -> None:
    before = "{name: a, template: leaf}, {name: b, template: leaf, depends: a}"
    if "dependencies" in task:
        before = before.replace("depends: a", "dependencies: [a]")
    findings = in_template(f"dag: {{tasks: [{before}, {{name: c, template: leaf, {task}}}]}}")
    assert told(findings, *beginnings), findings


def test_an_inline_template_in_a_loop_may_use_the_item() -> None:
    assert (
        in_template("steps: [[{name: a, withItems: [1], inline: {container: {image: x, args: ['{{item}}']}}}]]") == []
    )


def test_a_dag_of_too_many_tasks() -> None:
    tasks = ", ".join(f"{{name: t{index}, template: leaf}}" for index in range(201))
    assert told(in_template(f"dag: {{tasks: [{tasks}]}}"), "templates.main.tasks: these are 201")


def test_a_manifest_that_is_too_large_is_told_with_its_largest_field() -> None:
    manifest: dict[str, Any] = {
        "metadata": {"name": "a"},
        "spec": {"entrypoint": "m", "templates": [{"name": "m", "script": {"image": "x", "source": "x" * 2**20}}]},
    }
    (finding,) = lint(manifest)
    assert finding.path == "spec.templates[0].script.source"
    assert finding.message.startswith("the workflow is 1,025 KiB of JSON")
