from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.argo import errors
from airflow_argo.argo.diagnosis import kind_of_failure, kind_of_node
from airflow_argo.argo.report import failure_of


def node(message: str, phase: str = "Failed") -> dict[str, Any]:
    return {"id": message, "name": message, "type": "Pod", "phase": phase, "message": message}


@pytest.mark.parametrize(
    ("message", "phase", "kind"),
    [
        ("main: Error (exit code 1)", "Failed", errors.UserCodeError),
        ("Error (exit code 137)", "Failed", errors.UserCodeError),
        ("wait: Error (exit code 64): open /tmp/result: no such file or directory", "Error", errors.UserCodeError),
        ("main: OOMKilled (exit code 137)", "Failed", errors.WorkerOutOfMemoryError),
        ('ImagePullBackOff: Back-off pulling image "nope"', "Failed", errors.ImageError),
        ("Pod failed before main container starts due to ErrImagePull: not found", "Error", errors.ImageError),
        ("CreateContainerConfigError: secret 'x' not found", "Error", errors.ImageError),
        ("Unschedulable: 0/3 nodes are available: 3 Insufficient cpu.", "Failed", errors.UnschedulableError),
        ("timeout", "Failed", errors.UnschedulableError),
        ("Pod was active on the node longer than the specified deadline", "Failed", errors.DeadlineExceededError),
        ("Step exceeded its deadline", "Failed", errors.DeadlineExceededError),
        ("Max duration limit exceeded", "Failed", errors.DeadlineExceededError),
        ("workflow shutdown with strategy:  Stop", "Failed", errors.WorkflowStoppedError),
        ("pod deleted", "Error", errors.InfrastructureError),
        ("The node was low on resource: memory.", "Failed", errors.InfrastructureError),
        ("wait: Error (exit code 64): workflowtaskresults is forbidden", "Error", errors.InfrastructureError),
        ("failed to evaluate expression: unexpected token EOF", "Error", errors.WorkflowFailedError),
        ("", "Failed", errors.UserCodeError),
    ],
)
def test_what_argo_says_of_a_node_names_the_kind(message: str, phase: str, kind: type[Exception]) -> None:
    assert kind_of_node(node(message, phase)) is kind


def test_of_several_kinds_the_one_counts_that_a_retry_can_do_least_about() -> None:
    lost, broken = node("pod deleted", "Error"), node("main: Error (exit code 1)")
    assert kind_of_failure({}, [lost, broken]) is errors.UserCodeError
    assert kind_of_failure({}, [lost]) is errors.InfrastructureError


def test_a_workflow_that_was_stopped_failed_for_that() -> None:
    workflow = {"spec": {"shutdown": "Stop"}}
    assert kind_of_failure(workflow, [node("main: Error (exit code 1)")]) is errors.WorkflowStoppedError


def test_where_no_worker_failed_its_pods_tell_and_then_the_workflow_itself() -> None:
    pods = {"a": node("main: OOMKilled (exit code 137)"), "b": {**node("x"), "phase": "Succeeded"}}
    found = {"metadata": {"name": "wf"}, "status": {"nodes": pods}}
    assert type(failure_of(found, [], "http://argo/wf", {})) is errors.WorkerOutOfMemoryError
    late = {"status": {"message": "Max duration limit exceeded"}}
    assert kind_of_failure(late, []) is errors.DeadlineExceededError
    assert kind_of_failure({"status": {"message": "invalid spec"}}, []) is errors.WorkflowFailedError


@pytest.mark.parametrize("kind", errors.WorkflowFailedError.__subclasses__())
def test_every_kind_is_caught_as_a_failed_workflow(kind: type[Exception]) -> None:
    from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

    policy = ExceptionRetryPolicy([RetryRule(exception=errors.WorkflowFailedError, action=RetryAction.FAIL)])
    assert policy.evaluate(kind("it failed"), 1, 3).action is RetryAction.FAIL


def test_what_to_do_next_stands_apart_from_a_link() -> None:
    assert str(errors.UnschedulableError("It waited.\n  http://argo/w", hint="Ask for less.")).endswith(
        "/w\n  Ask for less."
    )
    assert str(errors.UnschedulableError("It waited", hint="Ask for less.")) == "It waited. Ask for less."
