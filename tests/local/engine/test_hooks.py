"""Exit handlers and life-cycle hooks of workflows and steps."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted
from airflow_argo.local.engine.nodes import node_id

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


def test_a_hook_does_not_see_the_outputs_of_its_own_step_and_fails_the_group_at_its_end(world):
    expression = "steps.a.status == 'Succeeded' && steps['a'].outputs.parameters.o == '1'"
    run = world(stepping(f'{{x: {{template: work, expression: "{expression}"}}}}')).run()
    assert run.phases == {"": "Failed", "[0]": "Error", "[0].a": "Succeeded"}
    assert "cannot fetch parameters from <nil>" in run.message


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


NEEDS = "{name: needs, inputs: {parameters: [{name: q}]}, container: {image: x}}"
MISSING = "inputs.parameters.q was not supplied"


class TestAHookThatCannotBeExecuted:
    """Its template lacks an argument; what Argo makes of it depends on where it is."""

    def test_of_a_step_fails_the_group_and_hangs_nowhere(self, world):
        hooks = "{x: {template: needs, expression: 'steps.a.status == \"Pending\"'}}"
        run = world(
            f"templates: [{{name: main, steps: [[{{name: a, template: work, hooks: {hooks}}}]]}}, {NEEDS}]"
        ).run()
        assert (run.phase, run.message, run.phases["[0]"]) == ("Failed", MISSING, "Error")
        assert run.children("[0].a") == []

    def test_of_a_target_fails_the_dag(self, world):
        hooks = "{x: {template: needs, expression: 'true'}}"
        tasks = f"{{name: a, template: work, hooks: {hooks}}}, {{name: b, template: work}}"
        run = world(f"templates: [{{name: main, dag: {{tasks: [{tasks}]}}}}, {NEEDS}]").start()
        assert (run.phase, run.message) == ("Error", f"error in entry template execution: {MISSING}")
        assert run.phases == {"": "Error", "a": "Pending", "a.hooks.x": "Error"}

    def test_of_a_loop_too_once_its_items_have_started(self, world):
        task = "{name: a, template: work, withItems: [1, 2], hooks: {x: {template: work, expression: tasks.zz.y == 1}}}"
        run = world(f"templates: [{{name: main, dag: {{tasks: [{task}]}}}}]").start()
        assert (run.phases["a"], run.children("a")) == ("Running", ["a(0:1)", "a(1:2)"])
        assert run.message.startswith("error in entry template execution: unable to evaluate expression")

    def test_of_another_task_is_an_error_of_the_task(self, world):
        hooks = "{x: {template: needs, expression: 'true'}}"
        tasks = f"{{name: a, template: work, hooks: {hooks}}}, {{name: b, template: work, depends: a}}"
        run = world(f"templates: [{{name: main, dag: {{tasks: [{tasks}]}}}}, {NEEDS}]").run()
        assert (run.phase, run.nodes["a"]["message"], run.phases["b"]) == ("Error", MISSING, "Omitted")

    def test_of_a_workflow_is_its_error(self, world):
        hooks = "{x: {template: needs, expression: 'true'}}"
        run = world(
            f"hooks: {hooks}\ntemplates: [{{name: main, steps: [[{{name: a, template: work}}]]}}, {NEEDS}]"
        ).run()
        assert (run.phase, run.message, run.children("")) == ("Error", MISSING, ["[0]"])


class TestAnExitHookThatCannotBeExecuted:
    @staticmethod
    def steps(more: str = "") -> str:
        step = "{name: a, template: work, hooks: {exit: {template: needs}}}"
        return f"templates: [{{name: main, steps: [[{step}{more}], [{{name: c, template: work}}]]}}, {NEEDS}]"

    def test_is_an_error_of_the_workflow_if_it_is_the_last_of_the_entrys_group(self, world):
        run = world(self.steps()).run()
        assert (run.phase, run.message) == ("Error", MISSING)
        assert (run.phases["[0]"], run.nodes[""]["message"]) == ("Error", "Workflow operation error")

    def test_else_a_failure(self, world):
        run = world(self.steps(", {name: b, template: work}")).run()
        assert (run.phase, run.message, run.phases["[0]"]) == ("Failed", MISSING, "Error")
        assert "[1].c" not in run.phases

    def test_the_exit_handler_of_the_workflow_runs_all_the_same(self, world):
        assert world("onExit: work\n" + self.steps()).run().phases["onExit"] == "Succeeded"

    def test_of_a_task_is_nobodys_business(self, world):
        tasks = "{name: a, template: work, hooks: {exit: {template: needs}}}, {name: b, template: work, depends: a}"
        run = world(f"templates: [{{name: main, dag: {{tasks: [{tasks}]}}}}, {NEEDS}]").run()
        assert (run.phase, run.phases["a"], run.phases["a.onExit"]) == ("Succeeded", "Succeeded", "Error")


def test_the_hooks_of_a_target_see_it_pending(world):
    hooks = "{x: {template: work, expression: tasks.%s.status == 'Pending'}}"
    tasks = f"{{name: a, template: work, hooks: {hooks % 'a'}}}, "
    tasks += f"{{name: b, template: work, depends: a, hooks: {hooks % 'b'}}}"
    run = world(f"templates: [{{name: main, dag: {{tasks: [{tasks}]}}}}]").run()
    assert [name for name in run.phases if ".hooks." in name] == ["b.hooks.x"]


def test_the_hook_of_a_step_sees_the_steps_before_it_in_its_group(world):
    hooks = """{x: {template: work, expression: "steps['a(0:p)'].status == 'Running'"}}"""
    run = world(
        f"templates: [{{name: main, steps: [[{{name: a, template: work, withItems: [p, q], hooks: {hooks}}}]]}}]"
    )
    run.run()
    assert run.phase == "Succeeded"
    assert [name for name in run.phases if ".hooks." in name] == ["[0].a(0:p).hooks.x", "[0].a(1:q).hooks.x"]


def test_the_hook_of_a_loop_of_a_dag_cannot_name_its_task_in_a_tag(world):
    argument = "{parameters: [{name: value, value: '{{tasks.a.status}}'}]}"
    hooks = f"{{x: {{template: work, expression: 'false', arguments: {argument}}}}}"
    run = world(
        f"templates: [{{name: main, dag: {{tasks: [{{name: a, template: work, withItems: [p], hooks: {hooks}}}]}}}}]"
    )
    assert run.run().phases == {"": "Error", "a": "Error"}
    assert run.nodes["a"]["message"] == "failed to resolve {{tasks.a.status}}"


def test_what_follows_a_task_that_was_tried_hangs_below_the_hook_that_came_last(world):
    spec = """
    templates:
    - name: main
      dag:
        tasks:
        - name: a
          template: tried
          hooks: {exit: {template: work}, done: {template: work, expression: tasks.a.status == "Succeeded"}}
        - {name: b, template: work, depends: a}
    - {name: tried, retryStrategy: {limit: 1}, container: {image: busybox, command: [echo]}}
    """
    run = world(spec).run()
    assert (run.children("a.onExit"), run.children("a.hooks.done")) == ([], ["b"])


class TestAHookThatHasToWaitForItsTurn:
    """Argo takes it for an error, but for the exit of a task."""

    ROOM = "Max parallelism reached"

    def test_of_a_step_that_has_ended_last_fails_the_steps(self, world):
        twice = "{a: {template: work, expression: %s}, b: {template: work, expression: %s}}"
        done = 'steps.a.status == "Succeeded"'
        run = world("parallelism: 1\n" + stepping(twice % (f"'{done}'", f"'{done}'"))).run()
        assert (run.phase, run.message, run.phases["[0]"]) == ("Failed", self.ROOM, "Error")
        assert run.started == ["[0].a", "[0].a.hooks.a"]

    def test_of_the_exit_of_a_step_ends_a_workflow_that_has_no_worker_yet(self, world):
        step = "{name: a, template: work, withItems: [1, 2], onExit: work}"
        spec = f"templates: [{{name: main, parallelism: 1, steps: [[{step}]]}}]"
        run = world(spec).run()
        assert (run.phase, run.message) == ("Error", self.ROOM)
        assert run.phases == {"": "Error", "[0]": "Error", "[0].a(0:1)": "Succeeded", "[0].a(1:2)": "Pending"}

    def test_of_the_exit_of_a_step_is_forgotten_when_there_is_room_while_others_run(self, world):
        spec = """
        parallelism: 2
        templates: [{name: main, steps: [[{name: a, template: work, withItems: [1, 2, 3], onExit: work}]]}]
        """
        run = world(spec).start()

        def end(name):
            run.tell(PodFinished(node_id("wf", f"wf[0].{name}"), PodReport(exit_code=0)))

        for item in ("0:1", "1:2"):
            run.tell(PodStarted(node_id("wf", f"wf[0].a({item})")))
        end("a(0:1)")
        assert run.phases["[0]"] == "Error"
        run.tell(PodStarted(node_id("wf", "wf[0].a(2:3)")))
        end("a(1:2)")
        end("a(0:1).onExit")
        assert run.phases["[0]"] == "Running"
        end("a(1:2).onExit")
        end("a(2:3)")
        end("a(2:3).onExit")
        assert (run.phase, run.nodes["[0]"]["message"]) == ("Succeeded", self.ROOM)

    def test_is_an_error_of_a_task(self, world):
        done = 'tasks.a.status == "Succeeded"'
        spec = f"""
        parallelism: 1
        templates:
        - name: main
          dag:
            tasks:
            - name: a
              template: work
              hooks: {{a: {{template: work, expression: '{done}'}}, b: {{template: work, expression: '{done}'}}}}
            - {{name: b, template: work, depends: a}}
        """
        run = world(spec).run()
        assert (run.phases["a"], run.nodes["a"]["message"], run.phases["b"]) == ("Error", self.ROOM, "Omitted")

    def test_of_the_workflow_is_its_error_once_its_workers_have_ended(self, world):
        spec = """
        parallelism: 1
        hooks: {running: {template: work, expression: 'workflow.status == "Running"'}}
        templates: [{name: main, steps: [[{name: a, template: work}], [{name: b, template: work}]]}]
        """
        run = world(spec).run()
        assert (run.phase, run.message) == ("Error", self.ROOM)
        assert run.phases == {"": "Error", "[0]": "Running", "[0].a": "Succeeded"}

    def test_is_not_thought_of_while_the_limit_of_the_workflow_is_reached(self, world):
        running = "{run: {template: work, expression: 'steps.a.status == \"Running\"'}}"
        run = world("parallelism: 1\n" + stepping(running)).run()
        assert (run.phase, run.started) == ("Succeeded", ["[0].a", "[1].b"])
