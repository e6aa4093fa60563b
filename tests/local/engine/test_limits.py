"""parallelism and failFast; and what a step of the engine costs."""

from __future__ import annotations

import time

import pytest

from airflow_argo.argo.fan_out import fan_out as argo_fan_out
from airflow_argo.local.engine import Execution
from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted, Shutdown
from airflow_argo.local.engine.nodes import node_id


def fan_out(count: int, **main: str) -> str:
    fields = "".join(f"\n  {key}: {value}" for key, value in main.items())
    return f"""
templates:
- name: main{fields}
  steps: [[{{name: w, template: work, withSequence: {{count: {count}}},
            arguments: {{parameters: [{{name: value, value: "{{{{item}}}}"}}]}}}}]]
"""


@pytest.mark.parametrize("spec", ["parallelism: 3\n" + fan_out(10), fan_out(10, parallelism="3")])
def test_no_more_pods_than_allowed_run_and_all_run_in_order(world, spec):
    run = world(spec).run()
    assert (run.phase, run.most_at_once) == ("Succeeded", 3)
    assert run.started == [f"[0].w({index}:{index})" for index in range(10)]


def test_what_waits_has_no_node_yet(world):
    run = world("parallelism: 3\n" + fan_out(10)).start()
    assert len(run.nodes) == 2 + 3


def test_one_inner_workflow_at_a_time(world):
    spec = """
    templates:
    - {name: main, parallelism: 1, steps: [[{name: w, template: inner, withSequence: {count: 2}}]]}
    - {name: inner, steps: [[{name: a, template: work}], [{name: b, template: work}]]}
    """
    run = world(spec).run()
    assert run.started == ["[0].w(0:0)[0].a", "[0].w(0:0)[1].b", "[0].w(1:1)[0].a", "[0].w(1:1)[1].b"]


def test_fail_fast_starts_nothing_more(world, failing):
    run = world(fan_out(5, parallelism="2", failFast="true"), failing("0")).run()
    assert run.message == "template has failed or errored children and failFast enabled"
    assert run.phases == {"": "Failed", "[0]": "Failed", "[0].w(0:0)": "Failed", "[0].w(1:1)": "Succeeded"}


def seconds(run) -> float:
    """Run all pods, without a world whose own cost grows."""
    began = time.process_time()
    step = run.execution.start(run.now)
    commands = list(step.commands)
    for command in commands:
        step = run.execution.handle(PodStarted(command.node_id), run.now)
        step = run.execution.handle(PodFinished(command.node_id, PodReport(exit_code=0)), run.now)
        commands += step.commands
    assert step.finished
    return time.process_time() - began


@pytest.mark.parametrize("limit", ["", "parallelism: 10\n"])
def test_the_cost_of_a_worker_does_not_grow_with_their_number(world, limit):
    few = min(seconds(world(limit + fan_out(500))) / 500 for _ in range(2))
    many = min(seconds(world(limit + fan_out(2000))) / 2000 for _ in range(2))
    assert many < 2.5 * few


def seconds_to_stop(count: int) -> float:
    manifest = argo_fan_out(worker={"container": {"image": "x", "command": ["x"]}}, items=list(range(count)))
    manifest["metadata"] = {"name": "wf", "namespace": "argo", "uid": "u", "creationTimestamp": "2026-01-01T00:00:00Z"}
    manifest["status"] = {}
    execution = Execution(manifest, templates=lambda name, cluster: None)
    commands = list(execution.start(0.0).commands)
    for command in commands[:4]:
        execution.handle(PodStarted(command.node_id), 1.0)
    manifest["spec"]["shutdown"] = "Stop"
    began = time.process_time()
    execution.handle(Shutdown("Stop"), 2.0)
    # Those that never ran are told first: the workflow waits for those that do.
    for command in reversed(commands):
        execution.handle(PodFinished(command.node_id, PodReport(exit_code=143)), 3.0)
    assert manifest["status"]["phase"] == "Failed"
    return time.process_time() - began


def test_the_cost_of_stopping_a_worker_does_not_grow_with_their_number():
    few = min(seconds_to_stop(100) / 100 for _ in range(3))
    many = min(seconds_to_stop(800) / 800 for _ in range(2))
    assert many < few * 3


def test_a_template_with_no_parallelism_at_all_has_no_limit(world):
    assert world(fan_out(3, parallelism="0")).run().most_at_once == 3


def test_a_loop_of_a_dag_never_ends_once_a_child_has_failed_fast(world, failing):
    spec = """
    templates:
    - name: main
      failFast: true
      dag:
        tasks:
        - name: w
          template: work
          withItems: [good, bad]
          arguments: {parameters: [{name: value, value: "{{item}}"}]}
    """
    run = world(spec, failing("bad")).run()
    assert run.phases == {"": "Failed", "w": "Running", "w(0:good)": "Succeeded", "w(1:bad)": "Failed"}


ORDERED = """
templates:
- name: main
  parallelism: 1
  dag:
    tasks:
    - {name: loop, template: work, withItems: [1, 2]}
    - {name: first, template: work}
    - {name: after, template: work, depends: first}
    - {name: last, template: work, depends: loop}
"""


def test_the_tasks_of_a_dag_start_in_the_order_of_its_last_ones_and_what_these_need(world):
    run = world(ORDERED).run()
    assert run.started == ["first", "after", "loop(0:1)", "loop(1:2)", "last"]


def test_so_they_do_at_the_limit_of_the_workflow(world):
    run = world("parallelism: 1\n" + ORDERED.replace("  parallelism: 1\n", "")).run()
    assert run.started == ["first", "after", "loop(0:1)", "loop(1:2)", "last"]


RETRIED = """
templates:
- name: main
  failFast: true
  steps: [[{name: a, template: tried}, {name: b, template: work}]]
- name: tried
  retryStrategy: {limit: 1, backoff: {duration: 30s}}
  container: {image: busybox, command: [echo], args: [bad]}
"""


def test_one_failed_attempt_is_enough_to_fail_fast(world, failing):
    run = world(RETRIED, failing("bad")).run()
    assert run.message == "template has failed or errored children and failFast enabled"
    assert (run.phases["[0].a"], run.phases["[0].a(0)"], run.phases["[0].b"]) == ("Running", "Failed", "Succeeded")
    assert "message" not in run.nodes["[0].a"]


def test_it_is_when_the_next_attempt_waits_for_its_turn(world, failing):
    run = world(RETRIED.replace("failFast", "parallelism: 1\n  failFast"), failing("bad")).run()
    assert (run.phase, run.started) == ("Failed", ["[0].a(0)"])


@pytest.mark.parametrize("main", ["steps: [[{task}]]", "dag: {{tasks: [{task}]}}"])
def test_no_exit_hook_runs_once_a_child_has_failed_fast(world, failing, main):
    task = "{name: a, template: work, onExit: work}"
    spec = f"templates: [{{name: main, failFast: true, {main.format(task=task)}}}]"
    assert world(spec, failing("x")).run().started in (["a"], ["[0].a"])


def test_the_group_that_is_furthest_in_tells_of_the_fast_failure(world, failing):
    spec = """
    templates:
    - {name: main, failFast: true, steps: [[{name: a, template: inner}]]}
    - {name: inner, steps: [[{name: b, template: work}]]}
    """
    run = world(spec, failing("x")).run()
    assert run.nodes["[0].a[0]"]["message"] == run.message
    assert run.phases["[0]"] == "Running"


def test_what_waits_in_a_loop_is_known_by_its_id_when_its_dag_has_failed_fast(world, failing):
    run = world(ORDERED.replace("parallelism", "failFast: true\n  parallelism"), failing("x")).run()
    assert run.phases == {"": "Failed", "first": "Failed", "loop": "Running"}
    assert run.nodes["loop"]["children"] == [node_id("wf", "wf.loop(0:1)")]
