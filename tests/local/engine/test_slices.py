"""A step that gets no time is left unfinished, and taken up again where it was."""

from __future__ import annotations

import copy
from typing import Any

from airflow_argo.argo.fan_out import fan_out
from airflow_argo.local.engine.execution import Execution
from airflow_argo.local.engine.messages import PodFinished, PodReport, StartPod, Step


def workflow(workers: int) -> dict[str, Any]:
    worker = {"container": {"image": "busybox", "command": ["true"]}}
    made = fan_out(worker=worker, items=list(range(workers)))
    return {**made, "metadata": {"name": "wf", "namespace": "argo", "uid": "u"}}


def taken_up(execution: Execution, step: Step) -> list[Step]:
    steps = [step]
    while steps[-1].unfinished:
        steps.append(execution.go_on(0.0))
    return steps


def tree(workers: int, *, has_time: bool) -> tuple[dict[str, Any], int]:
    """What has become of a workflow, and of how many steps its start consisted."""
    manifest = copy.deepcopy(workflow(workers))
    execution = Execution(manifest, templates=lambda name, cluster: None, has_time=lambda: has_time)
    starts = taken_up(execution, execution.start(0.0))
    pods = [command.node_id for step in starts for command in step.commands if isinstance(command, StartPod)]
    assert len(pods) == workers
    for pod in pods:
        taken_up(execution, execution.handle(PodFinished(pod, PodReport(exit_code=0)), 0.0))
    return manifest["status"], len(starts)


def test_a_workflow_that_is_given_no_time_ends_as_any_other():
    hurried, steps = tree(250, has_time=False)
    at_leisure, once = tree(250, has_time=True)
    assert hurried == at_leisure
    assert hurried["phase"] == "Succeeded"
    assert (steps > 250, once) == (True, 1)
