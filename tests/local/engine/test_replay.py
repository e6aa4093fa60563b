"""After a restart of the server a workflow goes on from what its dict says."""

from __future__ import annotations

import itertools

import pytest

from airflow_argo.local.engine.messages import PodFinished, PodReport

WORKFLOWS = {
    "steps with a loop": """
        templates:
        - name: main
          steps:
          - - {name: w, template: work, withItems: [a, b, c],
               arguments: {parameters: [{name: value, value: "{{item}}"}]}}
          - - {name: all, template: work, when: "'{{steps.w.outputs.parameters.out}}' != ''",
               arguments: {parameters: [{name: value, value: "{{steps.w.outputs.parameters.out}}"}]}}
    """,
    "dag with a failure": """
        templates:
        - name: main
          dag:
            tasks:
            - {name: a, template: work, arguments: {parameters: [{name: value, value: bad}]}}
            - {name: b, template: work, depends: a}
            - {name: c, template: work, depends: a.Failed}
            - {name: w, template: work, depends: c, withSequence: {count: 2}}
    """,
    "retries": """
        templates:
        - name: main
          dag:
            tasks:
            - {name: a, template: again, withItems: [good, bad],
               arguments: {parameters: [{name: value, value: "{{item}}"}]}}
        - name: again
          inputs: {parameters: [{name: value}]}
          retryStrategy: {limit: 2, backoff: {duration: 5}}
          container: {image: x, command: [x], args: ["{{inputs.parameters.value}}"]}
    """,
    "hooks and exit handlers": """
        onExit: work
        hooks:
          ran: {template: work, expression: workflow.status == "Running"}
        templates:
        - name: main
          steps:
          - - {name: a, template: work, hooks: {exit: {template: work}, run: {template: work,
               expression: 'steps.a.status == "Running"'}}}
          - - {name: wait, template: wait}
        - {name: wait, suspend: {duration: 3}}
    """,
    "parallelism": """
        parallelism: 2
        templates: [{name: main, dag: {tasks: [{name: w, template: work, withSequence: {count: 5}}]}}]
    """,
    "exported outputs": """
        templates:
        - name: main
          steps:
          - - {name: a, template: inner}
          - - {name: b, template: work,
               arguments: {parameters: [{name: value, value: "{{workflow.outputs.parameters.g}}"}]}}
        - name: inner
          steps: [[{name: t, template: work}]]
          outputs:
            parameters: [{name: o, globalName: g, valueFrom: {parameter: "{{steps.t.outputs.parameters.out}}"}}]
    """,
}


def shape(run):
    """Everything but the times, which a restart may shift."""
    nodes = {
        name: {
            key: sorted(value) if key in ("children", "outboundNodes") else value
            for key, value in node.items()
            if key not in ("startedAt", "finishedAt")
        }
        for name, node in run.nodes.items()
    }
    keys = ("phase", "message", "progress", "outputs")
    return nodes, {key: run.status.get(key) for key in keys}, run.workflow["metadata"]["labels"]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_restart_at_any_moment_leads_to_the_same_end(world, failing, name):
    whole = shape(world(WORKFLOWS[name], failing("bad")).run())
    for turns in itertools.count():
        run = world(WORKFLOWS[name], failing("bad")).start()
        if not all(run.turn() for _ in range(turns)) or run.step.finished:
            break
        assert shape(run.restart().run()) == whole, f"restarted after {turns} turns"
    assert turns > 3


def test_what_ran_is_not_started_again(world):
    run = world(WORKFLOWS["steps with a loop"])
    run.run_until(lambda: run.phases.get("[0].w(1:b)") == "Running")
    run.restart()
    assert {run.name_of(command.node_id) for command in run.step.commands} == {"[0].w(2:c)"}


def test_a_pod_that_was_lost_is_an_error(world):
    run = world(WORKFLOWS["dag with a failure"])
    run.run_until(lambda: run.phases.get("a") == "Running")
    node_id = run.nodes["a"]["id"]
    run.restart().running.clear()
    run.tell(PodFinished(node_id, PodReport(exit_code=None, error="pod deleted"))).run()
    assert (run.phases["a"], run.nodes["a"]["message"], run.phase) == ("Error", "pod deleted", "Error")


def test_a_finished_workflow_stays_as_it_is(world):
    run = world("entrypoint: work").run()
    before = run.status
    assert run.restart().step.finished
    assert run.status == before
