"""DAG templates: dependencies, targets, loops, and the phase of the whole."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted

DIAMOND = """
templates:
- name: main
  dag:
    tasks:
    - {name: d, template: work, dependencies: [b, c]}
    - {name: b, template: work, dependencies: [a], arguments: {parameters: [{name: value, value: "b"}]}}
    - {name: c, template: work, depends: a, arguments: {parameters: [{name: value, value: "c"}]}}
    - {name: a, template: work, arguments: {parameters: [{name: value, value: "a"}]}}
"""


def test_tasks_start_when_what_they_depend_on_has_ended(world):
    run = world(DIAMOND).run()
    assert run.started == ["a", "b", "c", "d"]
    assert (run.children(""), run.children("a"), run.children("b")) == (["a"], ["b", "c"], ["d"])
    assert run.phase == "Succeeded"


def test_a_failure_omits_what_follows_and_fails_the_dag_without_a_message(world, failing):
    run = world(DIAMOND, failing("b")).run()
    assert run.phases == {"": "Failed", "a": "Succeeded", "b": "Failed", "c": "Succeeded", "d": "Omitted"}
    assert run.nodes["d"]["message"] == "omitted: depends condition not met"
    assert run.message == ""


def depending(on: str) -> str:
    return f"""
    templates:
    - name: main
      dag:
        tasks:
        - {{name: a, template: work, arguments: {{parameters: [{{name: value, value: "a"}}]}}}}
        - {{name: b, template: work, depends: "{on}"}}
    """


@pytest.mark.parametrize(
    ("depends", "ok", "failed"),
    [
        ("a", ("Succeeded", "Succeeded"), ("Omitted", "Failed")),
        ("a.Failed", ("Omitted", "Succeeded"), ("Succeeded", "Succeeded")),
        ("a.Failed || a.Errored", ("Omitted", "Succeeded"), ("Succeeded", "Succeeded")),
        ("!a.Succeeded", ("Omitted", "Succeeded"), ("Succeeded", "Succeeded")),
        ("a.Succeeded || a.Failed", ("Succeeded", "Succeeded"), ("Succeeded", "Succeeded")),
    ],
)
def test_depends(world, failing, depends, ok, failed):
    run = world(depending(depends)).run()
    assert (run.phases["b"], run.phase) == ok
    run = world(depending(depends), failing("a")).run()
    assert (run.phases["b"], run.phase) == failed


def test_only_what_the_target_needs_runs(world):
    run = world(DIAMOND.replace("  dag:\n", "  dag:\n    target: c\n")).run()
    assert sorted(run.phases) == ["", "a", "c"]


LOOP = """
templates:
- name: main
  dag:
    tasks:
    - name: w
      template: work
      withParam: '%s'
      arguments: {parameters: [{name: value, value: "{{item}}"}]}
    - name: all
      template: work
      depends: w.AnySucceeded || w.Skipped
      arguments: {parameters: [{name: value, value: "{{tasks.w.outputs.parameters.out}}"}]}
"""


def test_a_loop_is_a_task_group(world):
    run = world(LOOP % '["a", "b"]').run()
    assert run.nodes["w"]["type"] == "TaskGroup"
    assert run.children("w") == ["w(0:a)", "w(1:b)"]
    assert run.children("w(1:b)") == ["all"]
    assert run.inputs("all") == {"value": '["a","b"]'}


def test_any_succeeded_takes_what_there_is(world, failing):
    run = world(LOOP % '["a", "b"]', failing("a")).run()
    assert (run.phases["w"], run.phase, run.inputs("all")) == ("Failed", "Succeeded", {"value": '["b"]'})


def test_an_empty_list_is_a_skipped_task(world):
    run = world(LOOP % "[]").run()
    assert (run.nodes["w"]["type"], run.phases["w"], run.phases["all"]) == ("Skipped", "Skipped", "Succeeded")


def test_a_list_that_is_none_is_an_error_of_the_task(world):
    run = world(LOOP % "hello").run()
    assert run.phases == {"": "Error", "w": "Error", "all": "Omitted"}
    assert "could not be parsed as a JSON list: hello: invalid character 'h'" in run.nodes["w"]["message"]


def test_dags_nest_and_hand_out_outputs(world):
    spec = """
    templates:
    - name: main
      dag:
        tasks:
        - {name: nested, template: inner}
        - {name: out, template: work, depends: nested,
           arguments: {parameters: [{name: value, value: "{{tasks.nested.outputs.parameters.o}}"}]}}
    - name: inner
      dag: {tasks: [{name: t, template: work}]}
      outputs: {parameters: [{name: o, valueFrom: {parameter: "{{tasks.t.outputs.parameters.out}}"}}]}
    """
    run = world(spec).run()
    assert run.inputs("out") == {"value": "x"}
    assert run.children("nested.t") == ["out"]
    assert run.children("nested") == ["nested.t"]


def test_the_exit_hook_of_a_task_is_waited_for(world):
    spec = """
    templates:
    - name: main
      dag:
        tasks:
        - {name: a, template: work, hooks: {exit: {template: work,
           arguments: {parameters: [{name: value, value: "{{tasks.a.status}} {{tasks.a.outputs.parameters.out}}"}]}}}}
        - {name: b, template: work, depends: a}
    """
    run = world(spec).run()
    assert run.started == ["a", "a.onExit", "b"]
    assert run.inputs("a.onExit") == {"value": "Succeeded x"}
    assert run.nodes["a.onExit"]["nodeFlag"] == {"hooked": True}
    assert run.children("a") == ["a.onExit", "b"]


class TestALoopWhoseTemplateCannotBeExecuted:
    SPEC = """
        templates:
        - name: main
          dag: {tasks: [{name: w, template: t, withItems: ITEMS, arguments:
            {parameters: [{name: key, value: "{{item}}"}]}}]}
        - name: t
          inputs: {parameters: [{name: key}]}
          memoize: {key: "{{inputs.parameters.key}}", cache: {configMap: {name: memo}}}
          container: {image: busybox, command: [echo]}
    """

    def test_starts_no_more_items(self, world):
        done = world(self.SPEC.replace("ITEMS", "[a_b, c, d]")).run()
        assert (done.phase, done.children("w")) == ("Error", ["w(0:a_b)"])

    def test_but_goes_on_at_the_next_event_while_others_run(self, world):
        done = world(self.SPEC.replace("ITEMS", "[a, b_c, d]")).run()
        assert (done.phase, done.children("w")) == ("Error", ["w(0:a)", "w(1:b_c)", "w(2:d)"])
        assert done.started == ["w(0:a)", "w(2:d)"]


NOT_JSON = """
onExit: work
templates:
- name: say
  inputs: {parameters: [{name: value}]}
  script: {image: x, command: [sh], source: "{{inputs.parameters.value}}"}
- name: main
  dag:
    tasks:
    - {name: w, template: say, withItems: [x, y], arguments: {parameters: [{name: value, value: "{{item}}"}]}}
    - name: all
      template: work
      depends: w
      arguments: {parameters: [{name: value, value: "{{tasks.w.outputs.result}}"}]}
"""
SLOW = "    - {name: slow, template: work, arguments: {parameters: [{name: value, value: slow}]}}\n"


class TestATargetWhoseVariablesCannotBeTold:
    """The results of its loop are no JSON."""

    @staticmethod
    def worker(pod):
        return PodReport(exit_code=0, result="text" if pod.include_result else None)

    def test_is_an_error_of_the_workflow(self, world):
        run = world(NOT_JSON, self.worker).run()
        reason = "invalid character 'e' in literal true (expecting 'r')"
        assert (run.phase, run.message) == ("Error", f"error in entry template execution: {reason}")
        assert (run.nodes[""]["message"], run.nodes[""].get("outboundNodes")) == (reason, None)
        assert "onExit" not in run.phases

    def test_and_the_exit_handler_runs_if_argo_had_to_wait_for_others(self, world):
        run = world(NOT_JSON + SLOW, self.worker).start()
        pods = {run.name_of(node_id): node_id for node_id in run.waiting}
        for node_id in pods.values():
            run.tell(PodStarted(node_id))
        for name in ("w(0:x)", "w(1:y)", "slow"):
            assert run.phase == "Running"
            run.tell(PodFinished(pods[name], self.worker(run.waiting.pop(pods[name]))))
        assert run.run().message == "invalid character 'e' in literal true (expecting 'r')"
        assert (run.phases["slow"], run.phases["onExit"]) == ("Succeeded", "Succeeded")
