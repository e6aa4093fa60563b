"""What people do to a workflow while it runs: suspend, resume, set, stop, terminate; and its deadlines."""

from __future__ import annotations

import pytest

from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.interventions import check_resume, set_nodes
from airflow_argo.local.engine.messages import PodReport, Resume, Shutdown, Suspend, Tick

ASK = """
templates:
- name: main
  steps:
  - - {name: ask, template: ask}
  - - {name: say, template: work, arguments: {parameters: [{name: value, value: "{{steps.ask.outputs.parameters.a}}"}]}}
- name: ask
  suspend: {}
  outputs: {parameters: [{name: a, valueFrom: {supplied: {}%s}}]}
"""


def test_a_suspended_node_waits_until_it_is_resumed(world):
    run = world(ASK % ", default: dflt").run()
    assert (run.phase, run.phases["[0].ask"], run.step.wake_at) == ("Running", "Running", None)
    run.tell(Resume()).run()
    assert (run.phase, run.inputs("[1].say")) == ("Succeeded", {"value": "dflt"})


def test_an_output_without_a_value_forbids_resuming(world):
    run = world(ASK % "").run()
    with pytest.raises(NodeError, match="raw output parameter 'a' has not been set"):
        check_resume(run.workflow)
    run.tell(Resume())
    assert run.phases["[0].ask"] == "Running"


def test_what_is_set_is_used(world):
    run = world(ASK % "").run()
    set_nodes(run.workflow, lambda node: node["displayName"] == "ask", "", run.now, parameters={"a": "by hand"})
    run.tell(Tick())
    assert run.phases["[0].ask"] == "Running"
    run.tell(Resume()).run()
    assert (run.phase, run.inputs("[1].say"), run.status["progress"]) == ("Succeeded", {"value": "by hand"}, "2/2")


def test_a_phase_that_is_set_ends_the_node(world):
    run = world(ASK % "").run()
    set_nodes(run.workflow, lambda node: True, "", run.now, phase="Failed", message="no")
    run.tell(Tick()).run()
    assert (run.phase, run.nodes["[0].ask"]["message"]) == ("Failed", "no")


BOTH = """
templates:
- name: main
  steps: [[{name: a, template: ask}, {name: b, template: ask}], [{name: c, template: work}]]
- {name: ask, suspend: {}}
"""


def test_the_progress_is_looked_at_again_when_something_else_happens(world):
    run = world(BOTH).run()
    set_nodes(run.workflow, lambda node: node["displayName"] == "a", "", run.now, phase="Succeeded")
    run.tell(Tick())
    assert (run.phases["[0].a"], run.status["progress"]) == ("Succeeded", "0/2")
    set_nodes(run.workflow, lambda node: node["displayName"] == "b", "", run.now, phase="Succeeded")
    run.tell(Tick())
    assert run.status["progress"] == "2/3"
    run.run()
    assert (run.phase, run.status["progress"]) == ("Succeeded", "3/3")


@pytest.mark.parametrize(
    ("chosen", "values", "message"),
    [
        (False, {"phase": "Failed"}, "no suspend nodes matching nodeFieldSelector: name=x"),
        (True, {"parameters": {"b": "1"}}, "node is not expecting output parameter 'b'"),
    ],
)
def test_what_cannot_be_set(world, chosen, values, message):
    run = world(ASK % "").run()
    with pytest.raises(NodeError, match=message):
        set_nodes(run.workflow, lambda node: chosen, "name=x", run.now, **values)


def test_a_suspension_may_end_by_itself(world):
    run = world("entrypoint: wait\ntemplates: [{name: wait, suspend: {duration: 20}}]").start()
    began = run.now
    run.run()
    assert run.phase == "Succeeded"
    assert 19 <= run.now - began <= 21


TWO = "templates: [{name: main, steps: [[{name: a, template: work}], [{name: b, template: work}]]}]"


def test_nothing_new_starts_while_a_workflow_is_suspended(world):
    run = world(TWO)
    run.run_until(lambda: run.phases.get("[0].a") == "Running")
    run.tell(Suspend()).run()
    assert (run.phase, run.phases["[0].a"], "[1]" in run.phases) == ("Running", "Succeeded", False)
    run.tell(Resume()).run()
    assert run.phase == "Succeeded"


def test_a_workflow_may_begin_suspended(world):
    run = world("suspend: true\n" + TWO).run()
    assert (run.phase, run.status["nodes"]) == ("Running", {})
    assert run.tell(Resume()).run().phase == "Succeeded"


WITH_HANDLER = "onExit: work\n" + TWO


@pytest.mark.parametrize(("strategy", "handler"), [("Stop", True), ("Terminate", False)])
def test_stop_lets_the_exit_handler_run_and_terminate_does_not(world, strategy, handler):
    run = world(WITH_HANDLER)
    run.run_until(lambda: run.phases.get("[0].a") == "Running")
    run.tell(Shutdown(strategy))
    assert run.nodes["[0].a"]["message"] == f"workflow shutdown with strategy:  {strategy}"
    run.run()
    assert (run.phase, run.message) == ("Failed", f"Stopped with strategy '{strategy}'")
    assert ("onExit" in run.phases) is handler


def test_a_stopped_dag_fails_at_once_and_its_task_group_stays_running(world):
    spec = "templates: [{name: main, dag: {tasks: [{name: w, template: work, withItems: [1, 2]}]}}]"
    run = world(spec)
    run.run_until(lambda: run.phases.get("w(1:2)") == "Running")
    run.tell(Shutdown("Stop")).run()
    assert (run.phase, run.phases["w"], run.phases["w(0:1)"]) == ("Failed", "Running", "Failed")


def test_a_suspended_node_fails_when_the_workflow_is_stopped(world):
    run = world(ASK % "").run()
    run.tell(Shutdown("Stop")).run()
    assert run.nodes["[0].ask"]["message"] == "Stopped with strategy 'Stop'"
    assert run.phase == "Failed"


def test_the_deadline_of_a_workflow_spares_its_exit_handler(world):
    run = world("activeDeadlineSeconds: 60\n" + WITH_HANDLER)
    run.start()
    run.now = run.step.wake_at
    run.tell(Tick()).run()
    assert run.nodes["[0].a"]["message"] == "Step exceeded its deadline"
    assert (run.phase, run.phases["onExit"]) == ("Failed", "Succeeded")


@pytest.mark.parametrize(
    ("limits", "seconds"),
    [
        ("activeDeadlineSeconds: 30", 30),
        ("activeDeadlineSeconds: 300", 100),
        ("activeDeadlineSeconds: 0", 100),
        ("timeout: 2h, activeDeadlineSeconds: 9", 7200),
        ("podSpecPatch: 'activeDeadlineSeconds: 7'", 7),
    ],
)
def test_a_pods_time_counts_from_its_start_and_its_timeout_comes_before_all_else(world, limits, seconds):
    spec = f"""
    activeDeadlineSeconds: 100
    templates: [{{name: main, {limits}, container: {{image: x, command: [x]}}}}]
    """
    run = world(spec).start()
    command = run.step.commands[0]
    assert (command.active_seconds, command.deadline) == (seconds, run.now + 100)


def test_a_pod_that_was_killed_at_its_deadline_has_failed(world):
    run = world("entrypoint: work", lambda pod: PodReport(exit_code=143, deadline_exceeded=True)).run()
    assert run.message == "Pod was active on the node longer than the specified deadline"


def test_what_waits_for_its_turn_in_a_dag_has_failed_too_when_it_is_stopped(world):
    spec = """
    parallelism: 1
    templates:
    - name: main
      dag:
        tasks:
        - {name: a, template: work, withItems: [1, 2, 3]}
        - {name: b, template: work}
        - {name: c, template: work, depends: b}
    """
    run = world(spec).start()
    run.turn()
    run.tell(Shutdown("Stop")).run()
    assert [run.phases[f"a({item})"] for item in ("0:1", "1:2", "2:3")] == ["Failed"] * 3
    assert (run.phases["b"], run.phases["c"]) == ("Failed", "Omitted")
    assert run.nodes["a(2:3)"]["message"] == "workflow shutdown with strategy: Stop"
