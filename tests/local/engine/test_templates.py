"""Where templates come from: inline, templateRef, workflowTemplateRef, templateDefaults; what they are given."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine import nodes
from airflow_argo.local.engine.messages import Resume

LIBRARY = {
    "spec": {
        "arguments": {"parameters": [{"name": "who", "value": "library"}]},
        "entrypoint": "hello",
        "templates": [
            {"name": "hello", "steps": [[{"name": "say", "template": "say"}]]},
            {"name": "say", "container": {"image": "x", "args": ["{{workflow.parameters.who}}"]}},
        ],
    }
}


def test_a_referenced_template_finds_its_own_and_sees_the_callers_variables(world):
    run = world("""
    arguments: {parameters: [{name: who, value: caller}]}
    templates: [{name: main, steps: [[{name: a, templateRef: {name: lib, template: hello}}]]}]
    """)
    run.templates["lib", False] = LIBRARY
    run.start()
    assert run.step.commands[0].template["container"]["args"] == ["caller"]
    assert run.nodes["[0].a[0].say"]["templateScope"] == "namespaced/lib"
    assert set(run.status["storedTemplates"]) == {"namespaced/lib/hello", "namespaced/lib/say"}
    run.templates.clear()
    assert run.run().phase == "Succeeded"


def test_a_missing_workflow_template_is_an_error(world):
    run = world("templates: [{name: main, steps: [[{name: a, templateRef: {name: lib, template: hello}}]]}]").run()
    assert run.message.endswith("error: workflow template lib not found")


def test_a_workflow_may_be_a_workflow_template(world):
    run = world("{entrypoint: '', workflowTemplateRef: {name: lib}, arguments: {parameters: [{name: who, value: me}]}}")
    for key in ("entrypoint", "templates"):
        del run.workflow["spec"][key]
    run.templates["lib", False] = LIBRARY
    run.start()
    assert run.step.commands[0].template["container"]["args"] == ["me"]
    assert run.workflow["metadata"]["labels"]["workflows.argoproj.io/workflow-template"] == "lib"
    assert run.run().phase == "Succeeded"


def test_an_inline_template_needs_no_name(world):
    run = world("""
    templates: [{name: main, dag: {tasks: [{name: a, inline: {container: {image: x, args: [hi]}}}]}}]
    """).run()
    assert (run.phase, run.nodes["a"]["type"], run.nodes["a"].get("templateName")) == ("Succeeded", "Pod", None)


def test_template_defaults_reach_every_template_of_their_type(world):
    run = world("""
    entrypoint: work
    templateDefaults: {activeDeadlineSeconds: 9, container: {env: [{name: A, value: "1"}]}, script: {image: y}}
    """).start()
    template = run.step.commands[0].template
    assert (template["activeDeadlineSeconds"], template["container"]["env"]) == (9, [{"name": "A", "value": "1"}])
    assert "script" not in template


ARGUMENTS = """
entrypoint: main
arguments: {parameters: [{name: own, value: %s}, {name: other, value: there}]}
templates:
- name: main
  inputs: {parameters: [{name: own, value: here}, {name: plain, default: dflt}]}
  container:
    {image: x, args: ["{{inputs.parameters.own}} {{inputs.parameters.plain}} {{workflow.parameters.other}} {{no}}"]}
"""


@pytest.mark.parametrize(("value", "text"), [("given", "given"), ("1.0", "1"), ("1e3", "1e3"), ("true", "true")])
def test_an_argument_wins_over_the_inputs_own_value(world, value, text):
    run = world(ARGUMENTS % value).start()
    assert run.step.commands[0].template["container"]["args"] == [f"{text} dflt there {{{{no}}}}"]


def test_an_input_that_gets_nothing_is_an_error(world):
    run = world("templates: [{name: main, inputs: {parameters: [{name: a}]}, container: {image: x}}]").run()
    assert run.message == "error in entry template execution: inputs.parameters.a was not supplied"


def test_labels_may_be_computed(world):
    run = world("""
    entrypoint: work
    arguments: {parameters: [{name: who, value: me}]}
    workflowMetadata: {labels: {a: b}, labelsFrom: {who: {expression: workflow.parameters.who}}}
    """).run()
    labels = run.workflow["metadata"]["labels"]
    assert (labels["a"], labels["who"]) == ("b", "me")


def test_all_labels_in_one_variable_are_those_of_when_argo_last_looked(world):
    run = world("""
    workflowMetadata: {labels: {a: b}}
    templates: [{name: main, container: {image: x, args: ["{{workflow.labels}} {{workflow.labels.a}}"]}}]
    """).start()
    assert run.step.commands[0].template["container"]["args"] == ["null b"]


def test_a_lone_brace_in_an_argument_ends_where_go_writes_two_others(world):
    run = world("""
    arguments: {parameters: [{value: "{{", name: brace}]}
    entrypoint: main
    templates: [{name: main, container: {image: x, args: ["{{workflow.parameters.brace}}"]}}]
    """).start()
    assert run.step.commands[0].template["container"]["args"] == ["{{"]
    run = world("""
    entrypoint: work
    parallelism: 3
    arguments: {parameters: [{name: brace, value: "{{"}]}
    """).start()
    assert run.message.endswith('starting from "\\"}]},\\"parallelism\\":3}"')


def test_a_computed_label_sees_the_labels_and_annotations_beside_it(world):
    run = world("""
    entrypoint: work
    workflowMetadata:
      labels: {a: b}
      annotations: {n: c d}
      labelsFrom: {who: {expression: workflow.labels.a + sprig.nospace(workflow.annotations.n)}}
    """).run()
    assert run.workflow["metadata"]["labels"]["who"] == "bcd"


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ("labelsFrom: {who: {expression: zz}}", 'failed to compile function for expression "zz": unknown name zz'),
        (
            "labelsFrom: {who: {expression: int('x')}}",
            'failed to evaluate label "who" expression "int(\'x\')": invalid operation: int(x)',
        ),
        (
            "labels: {a: b}, labelsFrom: {who: {expression: workflow.labels.zz}}",
            'failed to evaluate label "who" expression "workflow.labels.zz" evaluted to <nil> but must be a string',
        ),
        (
            "labelsFrom: {who: {expression: \"'a b'\"}}",
            'invalid label value "a b" for label "who" and expression "\'a b\'": a valid label must be an empty string',
        ),
        ("labels: {a: b c}", 'invalid label value "b c" for label "a": a valid label must be an empty string'),
        (f"labels: {{a: {'b' * 64}}}", 'for label "a": must be no more than 63 bytes'),
    ],
)
def test_a_label_that_cannot_be_ends_the_workflow(world, metadata, message):
    run = world(f"entrypoint: work\nworkflowMetadata: {{{metadata}}}").run()
    assert run.phase == "Error"
    assert message in run.message
    assert "nodes" not in run.status


def test_a_suspend_node_offers_the_choices_of_its_input(world):
    run = world("""
    templates:
    - name: main
      steps:
      - - {name: ask, template: ask, arguments: {parameters: [{name: ok, value: '{"enum": ["yes", "no"]}'}]}}
    - name: ask
      suspend: {}
      inputs: {parameters: [{name: ok}]}
      outputs: {parameters: [{name: ok, valueFrom: {supplied: {}, default: "no"}}]}
    """).run()
    row = run.nodes["[0].ask"]["inputs"]["parameters"][0]
    assert (row["enum"], row["default"]) == (["yes", "no"], "yes")
    assert run.tell(Resume()).run().outputs("[0].ask") == {"ok": "no"}


def test_a_pod_patch_changes_the_main_container(world):
    run = world("""
    entrypoint: work
    podSpecPatch: '{"containers": [{"name": "main", "env": [{"name": "A", "value": "{{inputs.parameters.value}}"}]}]}'
    """).start()
    assert run.step.commands[0].template["container"]["env"] == [{"name": "A", "value": "x"}]


def test_a_label_that_kubernetes_does_not_take_is_an_error_of_its_step(world):
    run = world("""
    templates:
    - name: main
      steps: [[{name: a, template: labelled, withItems: [fine.1, "x y"]}]]
    - name: labelled
      metadata: {labels: {of: "{{inputs.parameters.value}}"}}
      inputs: {parameters: [{name: value, default: "x y"}]}
      container: {image: x, command: [x]}
    """).run()
    assert (run.phase, run.phases["[0].a(0:fine.1)"]) == ("Failed", "Error")
    pod_name = nodes.pod_name("wf", "wf[0].a(0:fine.1)", "labelled")
    problem = f'Pod "{pod_name}" is invalid: metadata.labels: Invalid value: "x y": a valid label must be'
    assert run.nodes["[0].a(0:fine.1)"]["message"].startswith(problem)


def test_a_pod_patch_that_is_none_is_an_error(world):
    run = world("entrypoint: work\npodSpecPatch: '[not, an, object]'").run()
    assert (run.phase, run.nodes[""]["message"]) == ("Error", "Error applying PodSpecPatch")


@pytest.mark.parametrize(
    "main",
    [
        "steps: [[{name: a, withItems: [1], inline: {container: {image: x}}}]]",
        "dag: {tasks: [{name: a, withItems: [1], inline: {container: {}}}, {name: b, template: work, depends: a}]}",
    ],
)
def test_nothing_can_follow_the_loop_of_an_inline_template(world, main):
    run = world(f"templates: [{{name: main, {main}}}]").run()
    assert (run.phase, run.message) == ("Error", "error in entry template execution: failed to get a template")


def test_nothing_can_follow_a_loop_over_the_names_of_templates(world):
    run = world("""
    templates:
    - name: main
      dag:
        tasks:
        - {name: a, templateRef: {name: lib, template: "{{item}}"}, withItems: [hello, say]}
        - {name: b, template: work, depends: a}
    """)
    run.templates["lib", False] = LIBRARY
    run.run()
    assert (run.phases["a"], run.phases["b"], run.phase) == ("Succeeded", "Error", "Error")
    assert run.nodes[""]["message"] == "template {{item}} not found in workflow template lib"


@pytest.mark.parametrize("main", ["steps: [[%s], [%s]]", "dag: {tasks: [%s, %s]}"])
def test_each_part_sees_the_workflow_as_it_is_when_its_turn_comes(world, main):
    argument = "arguments: {parameters: [{name: value, value: '{{workflow.status}} {{=workflow.status}}'}]}"
    first, second = f"{{name: a, template: work, {argument}}}", f"{{name: b, template: work, {argument}}}"
    if "dag" in main:
        second = second.replace("name: b,", "name: b, depends: a,")
    run = world(f"templates: [{{name: main, {main % (first, second)}}}]").run()
    values = [run.inputs(name)["value"] for name in sorted(run.phases) if name.endswith((".b", "b"))]
    assert values == ["Running Running"]


def test_each_attempt_too(world, failing):
    run = world(
        "templates: [{name: main, retryStrategy: {limit: 1}, container: {image: x, args: ['{{workflow.status}}']}}]",
        failing(""),
    )
    assert run.run().phases == {"": "Succeeded", "(0)": "Failed", "(1)": "Succeeded"}
