"""Steps templates, their groups, conditions and loops."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.messages import PodReport

TWO_GROUPS = """
templates:
- name: main
  steps:
  - - {name: a, template: work, arguments: {parameters: [{name: value, value: one}]}}
    - {name: b, template: work}
  - - {name: c, template: work, arguments: {parameters: [{name: value, value: "{{steps.a.outputs.parameters.out}}!"}]}}
"""


def test_a_container_alone_is_the_root(world):
    run = world("entrypoint: work").run()
    assert (run.phase, run.phases, run.status["progress"]) == ("Succeeded", {"": "Succeeded"}, "1/1")


def test_groups_run_one_after_the_other(world):
    run = world(TWO_GROUPS).run()
    assert run.started == ["[0].a", "[0].b", "[1].c"]
    assert run.inputs("[1].c") == {"value": "one!"}
    assert run.children("") == ["[0]"]
    assert run.children("[0].a") == ["[1]"]
    assert [run.name_of(node) for node in run.nodes[""]["outboundNodes"]] == ["[1].c"]


def test_labels_and_conditions_speak_of_the_end(world):
    run = world(TWO_GROUPS).run()
    labels = run.workflow["metadata"]["labels"]
    assert labels["workflows.argoproj.io/phase"] == "Succeeded"
    assert labels["workflows.argoproj.io/completed"] == "true"
    assert {row["type"]: row["status"] for row in run.status["conditions"]} == {
        "PodRunning": "False",
        "Completed": "True",
    }


def test_a_failed_step_lets_its_siblings_end(world, failing):
    run = world(TWO_GROUPS, failing("one")).run()
    assert run.phases == {"": "Failed", "[0]": "Failed", "[0].a": "Failed", "[0].b": "Succeeded"}
    assert run.message == f"child '{run.nodes['[0].a']['id']}' failed"
    assert run.status["progress"] == "1/2"


@pytest.mark.parametrize(
    ("report", "phase", "message"),
    [
        (PodReport(exit_code=3), "Failed", "main: Error (exit code 3)"),
        (PodReport(exit_code=64, error="no such program"), "Failed", "main: Error (exit code 64): no such program"),
        (PodReport(exit_code=None, error="pod deleted"), "Error", "pod deleted"),
        (
            PodReport(exit_code=0, unreadable={"out": "no such file or directory"}),
            "Error",
            "wait: Error (exit code 64): open /var/run/argo/outputs/parameters/tmp/out: no such file or directory",
        ),
        (
            PodReport(exit_code=2, unreadable={"out": "no such file or directory"}),
            "Failed",
            "main: Error (exit code 2)",
        ),
    ],
)
def test_what_a_report_means(world, report, phase, message):
    run = world("entrypoint: work", lambda pod: report).run()
    assert (run.nodes[""]["phase"], run.nodes[""]["message"]) == (phase, message)


def test_the_outputs_of_a_failed_pod_are_there(world):
    run = world("entrypoint: work", lambda pod: PodReport(exit_code=5, parameters={"out": "half"})).run()
    assert run.nodes[""]["outputs"]["exitCode"] == "5"
    assert run.outputs("") == {"out": "half"}


def test_an_unreadable_output_with_a_default_takes_it(world):
    spec = """
    entrypoint: maker
    templates:
    - name: maker
      container: {image: x, command: [x]}
      outputs: {parameters: [{name: out, valueFrom: {path: /o, default: none}}]}
    """
    run = world(spec, lambda pod: PodReport(exit_code=0, unreadable={"out": "open /o: no such file"})).run()
    assert (run.phase, run.outputs("")) == ("Succeeded", {"out": "none"})


@pytest.mark.parametrize(
    ("continue_on", "report", "phase"),
    [
        ("{failed: true}", PodReport(exit_code=1), "Succeeded"),
        ("{error: true}", PodReport(exit_code=1), "Failed"),
        ("{error: true}", PodReport(exit_code=None, error="pod deleted"), "Succeeded"),
        ("{failed: true}", PodReport(exit_code=None, error="pod deleted"), "Failed"),
    ],
)
def test_continue_on_forgives_one_phase(world, continue_on, report, phase):
    spec = f"templates: [{{name: main, steps: [[{{name: a, template: work, continueOn: {continue_on}}}]]}}]"
    assert world(spec, lambda pod: report).run().phase == phase


def test_when_is_decided_before_arguments_are_looked_at(world):
    spec = """
    templates:
    - name: main
      steps:
      - - name: a
          template: work
          when: "1 == 2"
          arguments: {parameters: [{name: value, value: "{{steps.nowhere.outputs.result}}"}]}
    """
    run = world(spec).run()
    assert run.phases["[0].a"] == "Skipped"
    assert run.nodes["[0].a"]["message"] == "when '1 == 2' evaluated false"
    assert run.phase == "Succeeded"


def test_a_when_that_cannot_be_evaluated_is_an_error_of_the_group(world):
    run = world('templates: [{name: main, steps: [[{name: a, template: work, when: "a-b == a-b"}]]}]').run()
    assert run.phases == {"": "Failed", "[0]": "Error"}
    assert run.message.startswith("failed to resolve references: ")


LOOP = """
templates:
- name: main
  steps:
  - - name: w
      template: work
      withParam: '%s'
      arguments: {parameters: [{name: value, value: "{{item}}"}]}
  - - name: all
      template: work
      arguments: {parameters: [{name: value, value: "{{steps.w.outputs.parameters.out}}"}]}
"""


def test_a_loop_runs_once_for_each_item_and_collects_in_order(world):
    run = world(LOOP % '["b", 1, {"k": "v"}, [1, "t"]]').run()
    assert run.children("[0]") == ["[0].w(0:b)", "[0].w(1:1)", "[0].w(2:k:v)", "[0].w(3:[1 t])"]
    assert run.inputs("[1].all") == {"value": '["b","1","{\\"k\\":\\"v\\"}","[1,\\"t\\"]"]'}


def test_only_what_succeeded_is_collected(world, failing):
    spec = LOOP.replace("withParam", "continueOn: {failed: true}\n      withParam") % '["a", "b", "c"]'
    run = world(spec, failing("b")).run()
    assert run.inputs("[1].all") == {"value": '["a","c"]'}


def test_an_empty_list_is_one_skipped_node(world):
    run = world(LOOP % "[]").run()
    assert run.nodes["[0].w"]["message"] == "Skipped, empty params"
    assert run.inputs("[1].all") == {"value": "x"}
    assert run.phase == "Succeeded"


def test_a_list_that_is_none_fails_the_workflow(world):
    run = world(LOOP % "{}").run()
    assert (run.phase, run.phases["[0]"]) == ("Failed", "Error")
    assert "json: cannot unmarshal object into Go value of type []v1alpha1.Item" in run.message


def test_ten_thousand_skipped_steps_need_no_stack(world):
    spec = """
    templates:
    - {name: main, steps: [[{name: w, template: work, when: "false", withSequence: {count: 10000}}]]}
    """
    run = world(spec).run()
    assert run.phase == "Succeeded"
    assert len(run.nodes) == 10_002


def test_a_template_may_nest_ninety_nine_times_and_no_more(world):
    spec = """
    entrypoint: again
    templates: [{name: again, steps: [[{name: a, template: again}]]}]
    """
    run = world(spec).run()
    assert run.phase == "Failed"
    deepest = max(run.nodes.values(), key=lambda node: len(node["name"]))
    assert deepest["name"].count(".a") == 99
    assert deepest["message"].startswith("Maximum recursion depth exceeded.")


def test_the_outputs_of_steps_come_from_its_parts(world):
    spec = """
    templates:
    - name: main
      steps:
      - - {name: a, template: work, arguments: {parameters: [{name: value, value: rows}]}}
      outputs:
        parameters:
        - {name: plain, valueFrom: {parameter: "{{steps.a.outputs.parameters.out}}"}}
        - {name: computed, valueFrom: {expression: "steps.a.outputs.parameters.out + '!'"}}
        - {name: missing, valueFrom: {parameter: "{{steps.b.outputs.result}}", default: none}}
        - {name: exported, globalName: everywhere, valueFrom: {parameter: "{{steps.a.exitCode}}"}}
    """
    run = world(spec).run()
    assert run.outputs("") == {"plain": "rows", "computed": "rows!", "missing": "none", "exported": "0"}
    assert run.status["outputs"] == {"parameters": [{"name": "everywhere", "value": "0"}]}


def test_the_result_is_asked_for_only_where_it_is_referred_to(world):
    spec = """
    templates:
    - name: main
      steps:
      - - {name: a, template: work}
        - {name: b, template: work}
      - - {name: c, template: work, arguments: {parameters: [{name: value, value: "{{steps.b.outputs.result}}"}]}}
    """
    run = world(spec).run()
    assert "result" not in run.nodes["[0].a"]["outputs"]
    assert run.nodes["[0].b"]["outputs"]["result"] == "x"


def test_what_cannot_be_called_is_an_error(world):
    run = world("templates: [{name: main, steps: [[{name: a, template: nowhere}]]}]").run()
    expected = "step group deemed errored due to child wf[0].a error: template nowhere not found"
    assert (run.phase, run.message, run.phases["[0]"]) == ("Failed", expected, "Error")


def test_an_entry_template_that_cannot_run_is_an_error_of_the_workflow(world):
    run = world("entrypoint: nowhere").run()
    expected = "error in entry template execution: template nowhere not found"
    assert (run.phase, run.message) == ("Error", expected)


def test_a_reference_to_what_never_was_waits_for_ever(world):
    """As in Argo: all items were skipped, so there is no list, and nobody says so."""
    run = world(LOOP.replace("withParam", 'when: "false"\n      withParam') % '["a"]').run()
    assert (run.phase, run.phases["[1]"], run.started) == ("Running", "Running", [])
