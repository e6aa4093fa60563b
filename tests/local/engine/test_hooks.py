"""Exit handlers and life-cycle hooks of workflows and steps."""

from __future__ import annotations

import pytest

SAY = """
- name: say
  inputs: {parameters: [{name: value}]}
  container: {image: x, command: [echo], args: ["{{inputs.parameters.value}}"]}
"""


def handled(argument: str) -> str:
    return f"""
hooks: {{exit: {{template: say, arguments: {{parameters: [{{name: value, value: '{argument}'}}]}}}}}}
templates:
- {{name: main, steps: [[{{name: a, template: work}}]]}}
{SAY}
"""


@pytest.mark.parametrize(("bad", "status"), [((), "Succeeded"), (("x",), "Failed")])
def test_the_exit_handler_knows_how_it_went(world, failing, bad, status):
    run = world(handled("{{workflow.status}}"), failing(*bad)).run()
    assert run.inputs("onExit") == {"value": status}
    assert (run.phase, run.nodes["onExit"]["nodeFlag"]) == (status, {"hooked": True})


def test_the_exit_handler_knows_the_failures(world, failing):
    argument = '{{=map(fromJSON(fromJSON(workflow.failures)), .displayName + ":" + .phase)}}'
    run = world(handled(argument), failing("x")).run()
    assert run.inputs("onExit") == {"value": '["wf:Failed","[0]:Failed","a:Failed"]'}


def test_without_failures_there_is_null_in_quotes(world):
    assert world(handled("{{workflow.failures}}")).run().inputs("onExit") == {"value": '"null"'}


def test_a_failed_handler_fails_what_had_succeeded(world, failing):
    run = world(handled("bad"), failing("bad")).run()
    assert (run.phase, run.message, run.phases[""]) == ("Failed", "main: Error (exit code 1)", "Succeeded")


def test_a_failed_handler_leaves_a_failure_as_it_was(world, failing):
    run = world(handled("bad"), failing("bad", "x")).run()
    assert run.message == f"child '{run.nodes['[0].a']['id']}' failed"


def test_a_handler_without_arguments_gets_those_of_the_workflow(world):
    spec = "onExit: say\narguments: {parameters: [{name: value, value: theirs}]}\n" + handled("x").split("\n", 2)[2]
    assert world(spec).run().inputs("onExit") == {"value": "theirs"}


def stepping(hooks: str, when: str = "true") -> str:
    return f"""
templates:
- name: main
  steps: [[{{name: a, template: work, when: "{when}", hooks: {hooks}}}], [{{name: b, template: work}}]]
{SAY}
"""


def test_a_step_may_have_an_exit_hook_that_sees_its_outputs(world):
    hook = (
        "{exit: {template: say, arguments: {parameters: [{name: value, value: '{{steps.a.outputs.parameters.out}}'}]}}}"
    )
    run = world(stepping(hook)).run()
    assert run.started == ["[0].a", "[0].a.onExit", "[1].b"]
    assert run.inputs("[0].a.onExit") == {"value": "x"}
    assert run.children("[0].a") == ["[0].a.onExit", "[1]"]


def test_a_skipped_step_has_no_exit(world):
    run = world(stepping("{exit: {template: work}}", when="false")).run()
    assert "[0].a.onExit" not in run.phases


def test_hooks_run_beside_their_step_and_are_waited_for(world):
    running = "{run: {template: work, expression: 'steps.a.status == \"Running\"'}}"
    run = world(stepping(running)).run()
    assert run.started == ["[0].a", "[0].a.hooks.run", "[1].b"]


def test_a_hook_whose_time_does_not_come_does_not_run(world):
    run = world(stepping("{bad: {template: work, expression: 'steps.a.status == \"Failed\"'}}")).run()
    assert run.phase == "Succeeded"
    assert run.started == ["[0].a", "[1].b"]


def test_a_hook_needs_an_expression(world):
    run = world(stepping("{run: {template: work}}")).run()
    assert (run.phase, run.phases["[0]"]) == ("Failed", "Error")
    assert run.message == "Expression required for hook wf[0].a.hooks.run"


def test_a_workflow_may_have_hooks(world):
    spec = """
    hooks:
      running: {template: work, expression: 'workflow.status == "Running"'}
      failed: {template: work, expression: 'workflow.status == "Failed"'}
    templates: [{name: main, steps: [[{name: a, template: work}]]}]
    """
    run = world(spec).run()
    assert "hooks.running" in run.phases
    assert "hooks.failed" not in run.phases
    assert run.children("") == ["[0]", "hooks.running"]


LOOPED = """
templates:
- name: main
  dag:
    tasks:
    - {name: w, template: work, withItems: [1, 2], onExit: work}
"""


def test_a_loop_of_a_dag_forgets_exit_hooks_once_all_items_have_ended(world):
    """The second item ends while the first one's hook runs: Argo completes the group, and the hook is never started."""
    run = world(LOOPED)
    run.run_until(lambda: run.phases.get("w(1:2)") == "Running")
    run.run()
    assert [name for name in run.started if name.endswith("onExit")] == ["w(0:1).onExit", "w.onExit"]


def test_failures_have_the_order_of_argos_struct(world, failing):
    run = world(handled("{{workflow.failures}}"), failing("x")).run()
    assert run.inputs("onExit")["value"].startswith(r'"[{\"displayName\":\"wf\",\"message\":\"child')


def test_a_hook_that_cannot_be_told_fails_the_group_once_all_of_it_has_started(world):
    run = world("""
    templates:
    - name: main
      steps:
      - - {name: a, template: work, hooks: {x: {template: work, expression: "steps.zz.status == 'x'"}}}
        - {name: b, template: work}
    """).start()
    assert run.step.finished
    assert run.phases == {"": "Failed", "[0]": "Error", "[0].a": "Pending", "[0].b": "Pending"}
