from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.argo import results
from airflow_argo.argo.errors import RetryWithoutEffectError, UserCodeError
from airflow_argo.argo.report import describe, failed_workers, failure, failure_of, worker_lines

Nodes = dict[str, dict[str, Any]]


def node(name: str, *, boundary: str | None = "wf", kind: str = "Pod", phase: str = "Succeeded", **more: Any) -> Nodes:
    """A node whose id is its name, which is enough for whoever follows ids."""
    item, result = more.pop("item", None), more.pop("result", None)
    found: dict[str, Any] = {"id": name, "name": name, "type": kind, "phase": phase, **more}
    if boundary:
        found["boundaryID"] = boundary
    if item is not None:
        found["inputs"] = {"parameters": [{"name": "item", "value": item}]}
    if result is not None:
        found.setdefault("outputs", {})["parameters"] = [{"name": "result", "value": result}]
    return {name: found}


def workflow(*parts: Nodes, phase: str = "Succeeded", template: str = "fan-out", **status: Any) -> dict[str, Any]:
    nodes = node("wf", boundary=None, kind="DAG", phase=phase, templateName=template)
    for part in parts:
        nodes |= part
    return {"metadata": {"name": "wf", "uid": "u"}, "status": {"phase": phase, "nodes": nodes, **status}}


def values(found: dict[str, Any], *, json_only: bool = True, of_fan_out: bool = True) -> list[Any]:
    return results.results(results.workers(found, of_fan_out=of_fan_out), json_only=json_only).values


def test_results_come_in_item_order_however_the_nodes_are_stored() -> None:
    parts = [node(f"wf.worker({index}:x)", item=str(index), result=str(index * index)) for index in (10, 2, 0, 1)]
    assert values(workflow(*parts)) == [0, 1, 4, 100]


def test_only_the_workers_of_a_fan_out_count() -> None:
    found = workflow(
        node("wf.generate", result="3"),
        node("wf.worker", kind="TaskGroup"),
        node("wf.worker(0:a)", result='"a"'),
        node("wf.worker(0:a).onExit", nodeFlag={"hooked": True}, result='"hook"'),
        node("wf.collect", result='["a"]'),
    )
    assert values(found) == ["a"]
    assert results.collected(found) == ["a"]


def test_no_items_are_no_results() -> None:
    assert values(workflow(node("wf.worker", kind="Skipped", phase="Skipped", message="Skipped, empty params"))) == []


def test_a_retried_worker_is_one_worker_with_its_last_attempt() -> None:
    found = workflow(
        node(
            "wf.worker(0:a)",
            kind="Retry",
            item='{"a": 1}',
            result="7",
            children=["wf.worker(0:a)(0)", "wf.worker(0:a)(1)"],
        ),
        node("wf.worker(0:a)(0)", phase="Failed", nodeFlag={"retried": True}),
        node("wf.worker(0:a)(1)", nodeFlag={"retried": True}, result="7"),
    )
    (worker,) = results.workers(found, of_fan_out=True)
    assert (worker.attempts, worker.item, values(found)) == (2, {"a": 1}, [7])


def test_a_row_says_all_that_is_known_of_a_worker() -> None:
    found = workflow(
        node(
            "wf.worker(3:x)",
            phase="Failed",
            item='"x"',
            message="main: Error (exit code 3)",
            outputs={"exitCode": "3"},
            startedAt="2026-01-01T00:00:00Z",
            finishedAt="2026-01-01T00:00:09Z",
        ),
        phase="Failed",
    )
    assert [worker.row() for worker in results.workers(found, of_fan_out=True)] == [
        {
            "index": 3,
            "item": "x",
            "phase": "Failed",
            "exit_code": 3,
            "message": "main: Error (exit code 3)",
            "started": "2026-01-01T00:00:00Z",
            "finished": "2026-01-01T00:00:09Z",
            "attempts": 1,
        }
    ]


def test_a_result_that_is_no_json_is_a_problem_that_names_the_worker() -> None:
    found = workflow(node("wf.worker(0:a)", item='"a"', result="7"), node("wf.worker(1:b)", item='"b"', result="hello"))
    outcome = results.results(results.workers(found, of_fan_out=True), json_only=True)
    assert outcome.values == [7, "hello"]
    (problem,) = outcome.problems
    assert problem.startswith("worker 1 (item b): its result is not JSON: hello")


def test_workers_without_a_result_give_none() -> None:
    assert values(workflow(node("wf.worker(0:a)"), node("wf.worker(1:b)"))) == [None, None]


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        ({"parameters": [{"name": "result", "value": "[1]"}, {"name": "other", "value": "2"}]}, [1]),
        ({"parameters": [{"name": "seen", "value": "hello world"}]}, "hello world"),
        ({"parameters": [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}], "result": "3"}, 3),
        ({"result": "plain text"}, "plain text"),
        ({}, None),
    ],
)
def test_any_workflow_gives_what_its_nodes_have(outputs: dict[str, Any], expected: Any) -> None:
    found = workflow(node("wf[0].sleep(0:20)", outputs=outputs), template="main")
    assert values(found, json_only=False, of_fan_out=False) == [expected]


def test_the_pods_of_a_workflow_without_loops_are_its_workers_in_order_of_start() -> None:
    found = workflow(
        node("wf[1].read", startedAt="2026-01-01T00:00:05Z", outputs={"result": "second"}),
        node("wf[0].write", startedAt="2026-01-01T00:00:01Z", outputs={"result": "first"}),
        template="main",
    )
    assert values(found, json_only=False, of_fan_out=False) == ["first", "second"]


def test_of_nested_loops_the_innermost_nodes_are_the_workers() -> None:
    outer = [node(f"wf.outer({index}:x)", kind="DAG", children=[]) for index in (0, 1)]
    inner = [
        node(f"wf.outer({index}:x).inner({place}:y)", boundary=f"wf.outer({index}:x)", result=f"1{index}{place}")
        for index in (1, 0)
        for place in (1, 0)
    ]
    found = workflow(*outer, *inner, template="main")
    assert values(found, of_fan_out=False) == [100, 101, 110, 111]
    assert [worker.index for worker in results.workers(found, of_fan_out=False)] == [0, 1, 2, 3]


def test_a_holder_that_is_retried_is_no_worker_and_its_former_attempts_do_not_count() -> None:
    holder = node("wf.outer(0:x)", kind="Retry", children=["wf.outer(0:x)(0)", "wf.outer(0:x)(1)"])
    attempts = [node(f"wf.outer(0:x)({number})", kind="DAG", nodeFlag={"retried": True}) for number in (0, 1)]
    inner = [
        node(f"wf.outer(0:x)({number}).inner(0:y)", boundary=f"wf.outer(0:x)({number})", result=str(number))
        for number in (0, 1)
    ]
    assert values(workflow(holder, *attempts, *inner, template="main"), of_fan_out=False) == [1]


def test_the_loops_of_exit_handlers_are_no_workers() -> None:
    found = workflow(
        node("wf.pull(0:a)", result="1"),
        node("wf.onExit", kind="Steps", boundary=None, nodeFlag={"hooked": True}),
        node("wf.onExit[0].tell(0:b)", boundary="wf.onExit", result="77"),
        template="main",
    )
    assert values(found, of_fan_out=False) == [1]


def test_step_groups_come_in_the_order_of_their_numbers() -> None:
    found = workflow(
        *(node(f"wf[{group}].step", kind="DAG") for group in (10, 2)),
        *(node(f"wf[{group}].step.w(0:x)", boundary=f"wf[{group}].step", result=str(group)) for group in (10, 2)),
        node("wf[1].loop(0:y)", result="1"),
        template="main",
    )
    assert values(found, of_fan_out=False) == [1, 2, 10]


def test_a_dag_that_happens_to_be_called_fan_out_is_as_any_other() -> None:
    assert values(workflow(node("wf.pull(0:a)", result="1")), of_fan_out=False) == [1]


def test_a_pod_that_is_tried_again_is_one_worker() -> None:
    found = workflow(
        node("wf[0].write", kind="Retry", result="2", children=["wf[0].write(0)", "wf[0].write(1)"]),
        node("wf[0].write(0)", phase="Failed", nodeFlag={"retried": True}),
        node("wf[0].write(1)", nodeFlag={"retried": True}, result="2"),
        template="main",
    )
    assert values(found, json_only=False, of_fan_out=False) == [2]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "1e999", '"\\ud800"'])
def test_what_no_xcom_can_hold_is_no_result(text: str) -> None:
    outcome = results.results(
        results.workers(workflow(node("wf.worker(0:a)", result=text)), of_fan_out=True), json_only=True
    )
    assert outcome.values == [text]
    assert len(outcome.problems) == 1


def test_a_skipped_worker_has_not_failed() -> None:
    found = workflow(
        node("wf.w(0:a)", kind="Skipped", phase="Skipped"),
        node("wf.w(1:b)", phase="Failed"),
        phase="Failed",
        template="main",
    )
    assert [worker.index for worker in failed_workers(results.workers(found, of_fan_out=False))] == [1]


def test_a_failure_names_workers_items_codes_and_messages() -> None:
    found = workflow(
        node("wf.worker(0:a)", item='"a"', result="1"),
        node(
            "wf.worker(1:b)",
            item='"b"',
            phase="Failed",
            message="main: Error (exit code 3)",
            outputs={"exitCode": "3"},
        ),
        phase="Failed",
    )
    text = failure(
        found,
        results.workers(found, of_fan_out=True),
        "http://argo/wf",
        {"worker 1": ["last", "words"], "worker 2": []},
    )
    assert "Workflow wf has ended as Failed: 1 of 2 workers failed" in text
    assert "worker 1 (item b): Failed, exit code 3: main: Error (exit code 3)" in text
    assert "last log lines of worker 1:\n    last\n    words\n" in text
    assert "last log lines of worker 2:\n    (none)" in text
    assert text.endswith("http://argo/wf")


@pytest.mark.parametrize(
    ("pod_started", "retried", "kind"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", UserCodeError),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z", RetryWithoutEffectError),
        ("2026-01-01T01:00:01Z", "2026-01-01T01:00:00Z", UserCodeError),
    ],
)
def test_a_retry_that_ran_nothing_again_is_told_as_such(pod_started: str, retried: str, kind: type[Exception]) -> None:
    failed = node("wf.worker(0:a)", phase="Failed", message="main: Error (exit code 3)", startedAt=pod_started)
    found = workflow(failed, phase="Failed", startedAt=retried)
    error = failure_of(found, results.workers(found, of_fan_out=True), "link", {})
    assert type(error) is kind


def test_a_missing_result_is_explained() -> None:
    message = "wait: Error (exit code 64): open /var/run/argo/outputs/parameters/tmp/result: no such file or directory"
    found = workflow(node("wf.worker(0:a)", phase="Error", message=message, outputs={"exitCode": "0"}), phase="Error")
    (failed,) = failed_workers(results.workers(found, of_fan_out=True))
    assert "it wrote no result" in describe(failed)


def test_a_failure_that_is_no_workers_names_the_node() -> None:
    found = workflow(
        node("wf.worker", kind="Skipped", phase="Error", message="withParam value could not be parsed"), phase="Error"
    )
    text = failure(found, results.workers(found, of_fan_out=True), "link", {})
    assert "wf.worker: Error: withParam value could not be parsed" in text


def test_many_failures_are_counted_and_not_all_told() -> None:
    found = workflow(*(node(f"wf.worker({index}:x)", phase="Failed") for index in range(100)), phase="Failed")
    text = failure(found, results.workers(found, of_fan_out=True), "link", {})
    assert "100 of 100 workers failed" in text
    assert "and 90 more" in text
    assert len(text.splitlines()) < 15


def test_the_executors_own_lines_are_not_the_workers() -> None:
    entries = [
        {"content": "one"},
        {},
        {"content": "three"},
        {"content": 'time=2026-01-01T00:00:00 level=INFO msg="sub-process exited" argo=true error="<nil>"'},
    ]
    assert worker_lines(entries, 2) == ["", "three"]


def test_the_summary_counts_seconds() -> None:
    found = workflow(startedAt="2026-01-01T00:00:00Z", finishedAt="2026-01-01T00:01:05Z")
    assert results.summary(found, "link", "argo", "argo_default") == {
        "name": "wf",
        "uid": "u",
        "namespace": "argo",
        "phase": "Succeeded",
        "link": "link",
        "duration": 65.0,
        "conn_id": "argo_default",
    }
