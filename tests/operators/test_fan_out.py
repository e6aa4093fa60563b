"""The fan-out in a real Airflow, against the embedded Argo Server."""

from __future__ import annotations

from typing import Any

import pytest
import requests

SHELL = """
def sh(script, *outputs, **more):
    parameters = [{"name": name, "valueFrom": {"path": f"/tmp/{name}"}} for name in outputs]
    container = {"image": "alpine", "command": ["sh", "-c"], "args": [script]}
    return {"container": container, "outputs": {"parameters": parameters}, **more}
"""
ECHO = "worker=sh('printf %s \"$ITEM\" > /tmp/result', 'result')"


def fan_out(run_dag: Any, arguments: str, after: str = "", before: str = "") -> Any:
    return run_dag(f"{SHELL}\n{before}\nfan = ArgoFanOutOperator(task_id='fan', {arguments})\n{after}")


def test_rows_become_workers_and_their_results_the_tasks(run_dag: Any) -> None:
    run = fan_out(run_dag, f"{ECHO}, rows=1050, rows_per_worker=500")
    assert run["fan"].result == [
        {"offset": 0, "limit": 500},
        {"offset": 500, "limit": 500},
        {"offset": 1000, "limit": 50},
    ]
    assert [row["phase"] for row in run["fan"].xcoms["workers"]] == ["Succeeded"] * 3
    workflow = run["fan"].xcoms["workflow"]
    assert workflow["phase"] == "Succeeded"
    assert workflow["link"] == run["fan"].xcoms["_link_ArgoWorkflowLink"]
    assert f"/workflows/argo/{workflow['name']}" in workflow["link"]


def test_zero_rows_are_a_success_without_workers(run_dag: Any) -> None:
    run = fan_out(run_dag, f"{ECHO}, rows=0, rows_per_worker=500")
    assert (run.state, run["fan"].result, run["fan"].xcoms["workers"]) == ("success", [], [])


def test_a_generate_step_decides_how_many_workers_run(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        "generate=sh('echo $((ROWS * 2)) > /tmp/rows', 'rows'), rows='{{ params.rows }}', rows_per_worker=3, "
        "worker=sh('echo $((OFFSET + LIMIT)) > /tmp/result', 'result')",
        "dag.params['rows'] = 4",
    )
    assert run["fan"].result == [3, 6, 8]


def test_items_of_any_kind_arrive_as_they_are(run_dag: Any) -> None:
    items = [
        '"; rm -rf',
        "{{workflow.name}}",
        "{{=1+1}}",
        "}}",
        "$(HOME)",
        "a\\b",
        "l\nl",
        "\x00",
        "😀",
        {"{{x}}": [None]},
    ]
    run = fan_out(run_dag, f"{ECHO}, items=given()", before=f"@task\ndef given():\n    return {items!r}\n")
    assert run["fan"].result == items
    assert [row["item"] for row in run["fan"].xcoms["workers"]] == items


@pytest.mark.parametrize("template", ["'{{ params.words }}'", "'{{ params.words | tojson }}'"])
def test_items_come_from_the_dags_params(run_dag: Any, template: str) -> None:
    run = fan_out(run_dag, f"{ECHO}, items={template}", "dag.params['words'] = ['a', {'b': True}]")
    assert run["fan"].result == ["a", {"b": True}]


def test_items_come_from_another_task_and_results_go_to_mapped_ones(run_dag: Any) -> None:
    run = run_dag(
        f"""
{SHELL}
@task
def numbers():
    return [3, 1, 2]

@task
def double(number):
    return number * 2

fan = ArgoFanOutOperator(task_id="fan", items=numbers(), {ECHO})
double.expand(number=fan.output)
"""
    )
    assert [instance.result for instance in run.tasks["double"]] == [6, 2, 4]


def test_a_collect_step_sees_all_results_in_order(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        f"{ECHO}, items='{{{{ params.words }}}}', collect=sh('cp $RESULTS_FILE /tmp/result', 'result')",
        "dag.params['words'] = ['a', '{{=1+1}}', 3]",
    )
    assert run["fan"].result == run["fan"].xcoms["collect"] == ["a", "{{=1+1}}", 3]


def test_a_scaling_script_of_ones_own(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        f"{ECHO}, rows=5, rows_per_worker=2, "
        'scale=sh(\'seq 0 $ROWS_PER_WORKER $((ROWS - 1)) | tr "\\\\n" , | sed "s/^/[/; s/,$/]/"\')',
    )
    assert run["fan"].result == [0, 2, 4]


def test_params_fill_the_workflow_parameters_that_a_template_reads(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        'items=[1], worker=sh(\'echo "\\\\"{{workflow.parameters.city}} {{workflow.parameters.own}}\\\\"" '
        "> /tmp/result', 'result'), parameters={'own': '{{ dag.dag_id[:4] }}'}",
        "dag.params['city'] = 'Bern'",
    )
    assert run["fan"].result == ["Bern test"]


def test_a_failed_worker_fails_the_task_and_loses_nothing(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        "items=['good', 'bad'], worker=sh('printf %s \"$ITEM\" > /tmp/result; echo about to judge $ITEM; "
        "test \"$ITEM\" != \\'\"bad\"\\' || exit 3', 'result')",
    )
    assert run["fan"].state == "failed"
    assert run["fan"].result == ["good", "bad"]
    good, bad = run["fan"].xcoms["workers"]
    assert (good["phase"], bad["phase"], bad["exit_code"]) == ("Succeeded", "Failed", 3)
    assert run["fan"].xcoms["workflow"]["phase"] == "Failed"
    assert "1 of 2 workers failed" in run.log
    assert "worker 1 (item bad): Failed, exit code 3: main: Error (exit code 3)" in run.log
    assert 'about to judge "bad"' in run.log


def test_a_failed_generate_step_shows_its_last_words(run_dag: Any) -> None:
    run = fan_out(run_dag, f"{ECHO}, generate=sh('echo no database; exit 1', 'rows'), rows_per_worker=3")
    assert run["fan"].state == "failed"
    assert "no database" in run.log
    assert ".generate: Failed: main: Error (exit code 1)" in run.log


def test_a_worker_without_a_result_is_told_by_name(run_dag: Any) -> None:
    run = fan_out(run_dag, "items=['a'], worker=sh('true', 'result')")
    assert run["fan"].state == "failed"
    assert "worker 0 (item a): Error, exit code 0" in run.log
    assert "it wrote no result" in run.log


def test_a_result_that_is_no_json_is_told_and_kept(run_dag: Any) -> None:
    run = fan_out(run_dag, "items=['a', 'b'], worker=sh('echo hello > /tmp/result', 'result')")
    assert run["fan"].state == "failed"
    assert "worker 0 (item a): its result is not JSON: hello" in run.log
    assert [row["result"] for row in run["fan"].xcoms["workers"]] == ["hello", "hello"]


def test_results_too_large_for_an_xcom_are_told_with_the_way_out(run_dag: Any) -> None:
    run = fan_out(run_dag, f"{ECHO}, items=['x' * 100] * 3, max_xcom_bytes=200")
    assert run["fan"].state == "failed"
    assert "'max_xcom_bytes' is 200" in run.log
    assert "object storage XCom backend" in run.log


def test_more_results_than_airflow_maps_over_are_told_with_the_way_out(
    run_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__MAX_MAP_LENGTH", "2")
    mapped = "@task\ndef show(x):\n    return x\nshow.expand(x=fan.output)"
    run = fan_out(run_dag, f"{ECHO}, items=[1, 2, 3]", mapped)
    assert run["fan"].state == "failed"
    assert "Airflow maps over 2 at most" in run.log
    assert "max_map_length" in run.log
    assert fan_out(run_dag, f"{ECHO}, items=[1, 2, 3]")["fan"].result == [1, 2, 3]


def test_retried_workers_run_again_in_argo(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        "items=['a'], worker=sh('test {{retries}} -eq 1 && echo {{retries}} > /tmp/result', 'result', "
        "retryStrategy={'limit': 2})",
    )
    assert run["fan"].result == [1]
    assert run["fan"].xcoms["workers"][0]["attempts"] == 2


def test_the_log_tells_the_progress(run_dag: Any) -> None:
    run = fan_out(
        run_dag,
        "items=list(range(11)), parallelism=2, poll_interval=0.05, "
        "worker=sh('sleep 0.1; echo 1 > /tmp/result', 'result')",
    )
    assert "/11 workers done" in run.log
    assert "The workflow has ended: Succeeded" in run.log
    assert "this task attempt has none yet" in run.log


def test_a_deferred_task_goes_on_where_it_left_off(run_dag: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("airflow_argo.operators.base.BEFORE_DEFERRING", 0.0)
    monkeypatch.setattr("airflow_argo.triggers.workflow._FIRST_PAUSE", 0.0)
    run = fan_out(
        run_dag,
        "items=[2.5], deferrable=True, poll_interval=0.1, worker=sh('sleep $ITEM; echo $ITEM > /tmp/result', 'result')",
    )
    assert "TaskDeferred" in run.log or "deferr" in run.log.lower()
    assert run["fan"].result == [2.5]
    assert run["fan"].xcoms["workflow"]["phase"] == "Succeeded"


@pytest.mark.parametrize("deferrable", [True, False])
def test_a_task_keeps_its_time_and_ends_its_workflow(
    run_dag: Any, argo_url: str, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    monkeypatch.setattr("airflow_argo.operators.base.BEFORE_DEFERRING", 0.0)
    run = fan_out(
        run_dag,
        f"items=[1], deferrable={deferrable}, poll_interval=0.2, "
        "execution_timeout=__import__('datetime').timedelta(seconds=5), worker=sh('sleep 60', 'result')",
    )
    assert run["fan"].state == "failed"
    assert "did not end within the execution_timeout of 0:00:05: it is ended (stop)" in run.log
    workflow = run["fan"].xcoms["workflow"]
    assert run["fan"].xcoms["_link_ArgoWorkflowLink"] == workflow["link"]
    stopped = requests.get(f"{argo_url}/api/v1/workflows/argo/{workflow['name']}", timeout=10).json()
    assert stopped["spec"]["shutdown"] == "Stop"


def test_labels_take_numbers(run_dag: Any) -> None:
    run = fan_out(run_dag, f"{ECHO}, items=[1], labels={{'rows': '{{{{ params.n }}}}'}}", "dag.params['n'] = 7")
    assert run.state == "success"
