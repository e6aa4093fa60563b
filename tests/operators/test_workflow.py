"""Workflows written as manifests, in a real Airflow against the embedded Argo Server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

MANIFEST = {
    "metadata": {"generateName": "hello-"},
    "spec": {
        "entrypoint": "main",
        "arguments": {"parameters": [{"name": "who", "value": "nobody"}, {"name": "list", "value": "[]"}]},
        "templates": [
            {
                "name": "main",
                "container": {
                    "image": "alpine",
                    "command": ["sh", "-c"],
                    "env": [
                        {"name": "WHO", "value": "{{workflow.parameters.who}}"},
                        {"name": "LIST", "value": "{{workflow.parameters.list}}"},
                    ],
                    "args": ['printf %s "$WHO $LIST" > /tmp/out'],
                },
                "outputs": {"parameters": [{"name": "out", "valueFrom": {"path": "/tmp/out"}}]},
            }
        ],
    },
}


def workflow(run_dag: Any, source: str, arguments: str = "", more: str = "") -> Any:
    return run_dag(f"ArgoWorkflowOperator(task_id='task', workflow={source}, {arguments})\n{more}")


@pytest.mark.parametrize(
    "source",
    [
        repr(MANIFEST),
        "__import__('yaml').safe_dump(" + repr(MANIFEST) + ")",
        f"lambda: {MANIFEST!r}",
        f"lambda params: {{**{MANIFEST!r}}}",
        "type('Hera', (), {'to_dict': lambda self: " + repr(MANIFEST) + "})()",
    ],
    ids=["dict", "text", "callable", "callable with params", "Hera"],
)
def test_a_manifest_may_be_written_in_several_ways(run_dag: Any, source: str) -> None:
    assert workflow(run_dag, source)["task"].result == ["nobody []"]


@pytest.mark.parametrize("name", ["hello.yaml", "hello.YML"])
def test_a_path_is_one_beside_the_dags_file(run_dag: Any, airflow_database: Path, name: str) -> None:
    import yaml

    path = airflow_database / name
    path.write_text(yaml.safe_dump(MANIFEST), encoding="utf-8")
    assert workflow(run_dag, repr(name))["task"].result == ["nobody []"]
    path.unlink()


def test_params_fill_the_parameters_of_the_same_name_and_lists_become_json(run_dag: Any) -> None:
    more = "dag.params.update({'who': 'everybody', 'list': [1, 'ü'], 'unrelated': 5})"
    assert workflow(run_dag, repr(MANIFEST), more=more)["task"].result == ['everybody [1,"\\u00fc"]']


def test_parameters_win_over_params_and_are_templated(run_dag: Any) -> None:
    run = workflow(
        run_dag,
        repr(MANIFEST),
        "parameters={'who': '{{ params.who }}!', 'list': {'a': True}}",
        "dag.params.update({'who': 'everybody'})",
    )
    assert run["task"].result == ['everybody! {"a":true}']


def test_params_stay_at_home_when_told_so(run_dag: Any) -> None:
    run = workflow(run_dag, repr(MANIFEST), "forward_params=False", "dag.params.update({'who': 'everybody'})")
    assert run["task"].result == ["nobody []"]


def test_a_parameter_that_the_workflow_does_not_declare_is_refused(run_dag: Any) -> None:
    run = workflow(run_dag, repr(MANIFEST), "parameters={'whom': 'x'}")
    assert run["task"].state == "failed"
    assert "whom" in run.log
    assert "who" in run.log


def test_a_workflow_can_be_found_by_its_dag_and_its_own_labels(run_dag: Any, argo_url: str) -> None:
    run = workflow(run_dag, repr(MANIFEST), "labels={'team': 'data'}, annotations={'why': 'because'}")
    name = run["task"].xcoms["workflow"]["name"]
    metadata = requests.get(f"{argo_url}/api/v1/workflows/argo/{name}", timeout=10).json()["metadata"]
    assert metadata["labels"]["team"] == "data"
    assert metadata["labels"]["airflow-argo/task_id"] == "task"
    assert metadata["annotations"]["why"] == "because"


def test_a_template_on_the_server(run_dag: Any, argo_url: str) -> None:
    template = {"metadata": {"name": "hello"}, "spec": MANIFEST["spec"]}
    url = f"{argo_url}/api/v1/workflow-templates/argo"
    requests.post(url, json={"template": template}, timeout=10).raise_for_status()
    run = run_dag(
        "ArgoWorkflowOperator(task_id='task', workflow_template='hello', parameters={'who': 'you'})\n"
        "dag.params.update({'list': [1]})"
    )
    requests.delete(f"{url}/hello", timeout=10).raise_for_status()
    assert run["task"].result == ["you [1]"]


def test_a_failure_without_workers_names_the_node(run_dag: Any) -> None:
    broken = {
        "spec": {
            **MANIFEST["spec"],
            "templates": [
                {
                    "name": "main",
                    "script": {"image": "alpine", "command": ["sh"], "source": "echo last words\nexit 9\n"},
                }
            ],
        }
    }
    run = workflow(run_dag, repr(broken))
    assert run["task"].state == "failed"
    assert "UserCodeError" in run.log
    assert "Failed, exit code 9" in run.log
    assert "last words" in run.log


def test_neither_or_both_sources_are_refused() -> None:
    from airflow_argo.argo.errors import ManifestError
    from airflow_argo.operators import ArgoWorkflowOperator

    with pytest.raises(ManifestError, match="either"):
        ArgoWorkflowOperator(task_id="task")
    with pytest.raises(ManifestError, match="either"):
        ArgoWorkflowOperator(task_id="task", workflow=MANIFEST, workflow_template="x")


def shutdown(argo_url: str, name: str) -> str | None:
    spec = requests.get(f"{argo_url}/api/v1/workflows/argo/{name}", timeout=10).json()["spec"]
    found: str | None = spec.get("shutdown")
    return found


@pytest.mark.parametrize(("on_kill", "expected"), [("stop", "Stop"), ("terminate", "Terminate"), ("leave", None)])
def test_a_task_that_is_ended_ends_its_workflow(
    run_dag: Any, argo_url: str, on_kill: str, expected: str | None
) -> None:
    sleeping = {
        "spec": {
            "entrypoint": "main",
            "templates": [{"name": "main", "container": {"image": "alpine", "command": ["sleep", "60"]}}],
        }
    }
    run = workflow(
        run_dag,
        repr(sleeping),
        f"execution_timeout=__import__('datetime').timedelta(seconds=4), on_kill={on_kill!r}",
    )
    assert run["task"].state == "failed"
    name = run["task"].xcoms["workflow"]["name"]
    assert shutdown(argo_url, name) == expected
    requests.delete(f"{argo_url}/api/v1/workflows/argo/{name}", timeout=10)


SLEEPING = {
    "spec": {
        "entrypoint": "main",
        "templates": [{"name": "main", "container": {"image": "alpine", "command": ["sleep", "60"]}}],
    }
}


@pytest.mark.parametrize("state", ["failed", "restarting"])
def test_a_user_who_ends_a_running_task_ends_its_workflow(
    run_dag: Any, argo_url: str, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    # Airflow's own call to its supervisor: the outermost edge.
    monkeypatch.setattr(
        "airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states",
        lambda run_ids, **_: {run_ids[0]: {"task": state}},
    )
    run = run_dag(
        f"""
class Killed(ArgoWorkflowOperator):
    def steps_before_workers(self):
        self.on_kill()
        raise RuntimeError('killed')

Killed(task_id='task', workflow={SLEEPING!r})
"""
    )
    name = run["task"].xcoms["workflow"]["name"]
    assert shutdown(argo_url, name) == "Stop"
    requests.delete(f"{argo_url}/api/v1/workflows/argo/{name}", timeout=10)


def test_a_task_that_is_ended_while_it_takes_the_results_asks_for_no_end(
    run_dag: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "airflow.sdk.execution_time.task_runner.RuntimeTaskInstance.get_task_states",
        lambda run_ids, **_: {run_ids[0]: {"task": "failed"}},
    )
    monkeypatch.setattr("airflow_argo.operators.base.BEFORE_DEFERRING", 0.0)
    container = {"image": "alpine", "command": ["sleep", "1"]}
    brief = {"spec": {"entrypoint": "main", "templates": [{"name": "main", "container": container}]}}
    run = run_dag(
        f"""
class Killed(ArgoWorkflowOperator):
    @property
    def results_are_json(self):
        self.on_kill()
        return False

Killed(task_id='task', workflow={brief!r}, deferrable=True, poll_interval=0.1)
"""
    )
    assert run["task"].state == "success"
    assert "Pausing task as DEFERRED" in run.log
    assert "Asked the Argo Server to end" not in run.log


def test_the_cluster_keeps_the_tasks_time_and_the_pods_time_to_start(run_dag: Any, argo_url: str) -> None:
    run = workflow(
        run_dag,
        repr(MANIFEST),
        "execution_timeout=__import__('datetime').timedelta(minutes=5), "
        "pending_timeout=__import__('datetime').timedelta(seconds=90)",
    )
    name = run["task"].xcoms["workflow"]["name"]
    spec = requests.get(f"{argo_url}/api/v1/workflows/argo/{name}", timeout=10).json()["spec"]
    assert spec["activeDeadlineSeconds"] == 360
    assert spec["templateDefaults"]["pendingTimeout"] == "90s"
