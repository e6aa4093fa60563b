"""Hera's client, as a stranger: its own models read the answers."""

from __future__ import annotations

from typing import Any

import pytest

hera = pytest.importorskip("hera.workflows", reason="hera is not installed")
exceptions = pytest.importorskip("hera.exceptions")
# Hera calls pydantic by old names, and leaves its connections open.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def _workflow(service: Any, name: str, command: str, kind: Any = None) -> Any:
    workflow = (kind or hera.Workflow)(name=name, namespace="argo", entrypoint="main", workflows_service=service)
    with workflow:
        hera.Container(name="main", image="alpine", command=["sh", "-c"], args=[command])
    return workflow


@pytest.fixture
def service(url: str) -> Any:
    return hera.WorkflowsService(host=url, namespace="argo", verify_ssl=False)


def test_a_workflow_from_lint_to_delete(service: Any, api: Any) -> None:
    models = hera.models
    _workflow(service, "hera-one", "exit 3").lint()
    assert _workflow(service, "hera-one", "exit 3").create().metadata.name == "hera-one"
    api.wait("hera-one")
    assert service.get_workflow("hera-one").status.phase == "Failed"
    assert "hera-one" in [each.metadata.name for each in service.list_workflows().items]
    service.retry_workflow("hera-one", models.WorkflowRetryRequest())
    api.wait("hera-one")
    again = service.resubmit_workflow("hera-one", models.WorkflowResubmitRequest())
    for name in (again.metadata.name, "hera-one"):
        service.delete_workflow(name)
    with pytest.raises(exceptions.NotFound, match="not found"):
        service.get_workflow("hera-one")


def test_a_running_workflow_is_stopped(service: Any, api: Any) -> None:
    _workflow(service, "hera-long", "sleep 600").create()
    api.wait("hera-long", lambda workflow: workflow["status"].get("phase") == "Running")
    service.stop_workflow("hera-long", hera.models.WorkflowStopRequest())
    api.wait("hera-long")
    assert service.get_workflow("hera-long").status.message == "Stopped with strategy 'Stop'"


def test_templates_and_crons(service: Any) -> None:
    models = hera.models
    _workflow(service, "hera-template", "true", hera.WorkflowTemplate).create()
    assert service.get_workflow_template("hera-template").spec.entrypoint == "main"
    request = models.WorkflowSubmitRequest(resource_kind="WorkflowTemplate", resource_name="hera-template")
    assert service.submit_workflow(request).metadata.name.startswith("hera-template-")
    cron = hera.CronWorkflow(
        name="hera-cron", namespace="argo", entrypoint="main", workflows_service=service, schedules=["0 3 1 1 *"]
    )
    with cron:
        hera.Container(name="main", image="alpine", command=["true"])
    cron.create()
    assert service.suspend_cron_workflow("hera-cron", models.CronWorkflowSuspendRequest()).spec.suspend
    service.delete_cron_workflow("hera-cron")
    assert not service.list_cron_workflows().items
