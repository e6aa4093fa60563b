from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from airflow_argo.argo import api, errors
from airflow_argo.argo.api import Call

MANIFEST = {"metadata": {"name": "x"}}


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (api.create_workflow("ns", MANIFEST), ("POST", "/api/v1/workflows/ns", {"workflow": MANIFEST})),
        (
            api.create_workflow("ns", MANIFEST, server_dry_run=True),
            ("POST", "/api/v1/workflows/ns", {"workflow": MANIFEST, "serverDryRun": True}),
        ),
        (
            api.submit_workflow("ns", "CronWorkflow", "nightly", {"name": "n", "parameters": ["a=1"]}),
            (
                "POST",
                "/api/v1/workflows/ns/submit",
                {
                    "resourceKind": "CronWorkflow",
                    "resourceName": "nightly",
                    "submitOptions": {"name": "n", "parameters": ["a=1"]},
                },
            ),
        ),
        (api.lint_workflow("ns", MANIFEST), ("POST", "/api/v1/workflows/ns/lint", {"workflow": MANIFEST})),
        (api.get_workflow("ns", "x"), ("GET", "/api/v1/workflows/ns/x", None)),
        (api.get_workflow("ns", "@latest"), ("GET", "/api/v1/workflows/ns/@latest", None)),
        (api.list_workflows("ns"), ("GET", "/api/v1/workflows/ns", None)),
        (api.stop_workflow("ns", "x"), ("PUT", "/api/v1/workflows/ns/x/stop", {})),
        (api.terminate_workflow("ns", "x"), ("PUT", "/api/v1/workflows/ns/x/terminate", {})),
        (api.end_workflow("stop", "ns", "x"), ("PUT", "/api/v1/workflows/ns/x/stop", {})),
        (api.end_workflow("terminate", "ns", "x"), ("PUT", "/api/v1/workflows/ns/x/terminate", {})),
        (api.suspend_workflow("ns", "x"), ("PUT", "/api/v1/workflows/ns/x/suspend", {})),
        (api.resume_workflow("ns", "x"), ("PUT", "/api/v1/workflows/ns/x/resume", {})),
        (api.retry_workflow("ns", "x"), ("PUT", "/api/v1/workflows/ns/x/retry", {})),
        (api.delete_workflow("ns", "x"), ("DELETE", "/api/v1/workflows/ns/x", None)),
        (api.watch_workflows("ns"), ("GET", "/api/v1/workflow-events/ns", None)),
        (api.workflow_log("ns", "x"), ("GET", "/api/v1/workflows/ns/x/log", None)),
        (api.version(), ("GET", "/api/v1/version", None)),
        (api.info(), ("GET", "/api/v1/info", None)),
        (api.userinfo(), ("GET", "/api/v1/userinfo", None)),
    ],
)
def test_method_path_and_body(call: Call[Any], expected: tuple[str, str, Any]) -> None:
    body = api.encode_body(call)
    assert (call.method, call.path, json.loads(body) if body else None) == expected


@pytest.mark.parametrize(
    ("call", "query"),
    [
        (
            api.get_workflow("ns", "x", fields=("metadata.name", "status.phase"), uid="u"),
            {"fields": "metadata.name,status.phase", "uid": "u"},
        ),
        (api.get_workflow("ns", "x", fields=["-spec", "status.nodes"]), {"fields": "-spec,status.nodes"}),
        (api.get_workflow("ns", "x", fields=["-spec", "-status.nodes"]), {"fields": "-spec,status.nodes"}),
        (api.workflow_status("ns", "x"), {"fields": ",".join(api.STATUS_FIELDS)}),
        (
            api.list_workflows("ns", label_selector="a=b", limit=2, continue_from="4", remaining_count=True),
            {
                "listOptions.labelSelector": "a=b",
                "listOptions.limit": "2",
                "listOptions.continue": "4",
                "listOptions.fieldSelector": "ext.showRemainingItemCount=true",
            },
        ),
        (
            api.list_workflows("ns", field_selector="metadata.name=x", remaining_count=True, fields=["status.phase"]),
            {
                "listOptions.fieldSelector": "metadata.name=x,ext.showRemainingItemCount=true",
                "fields": "metadata,items.status.phase",
            },
        ),
        (api.list_workflows("ns", fields=["-spec", "status.nodes"]), {"fields": "-items.spec,items.status.nodes"}),
        (
            api.watch_workflows("ns", label_selector="a", resource_version="7", timeout_seconds=300),
            {
                "listOptions.labelSelector": "a",
                "listOptions.resourceVersion": "7",
                "listOptions.timeoutSeconds": "300",
            },
        ),
        (
            api.watch_workflows("ns", fields=["status.phase", "metadata.name"]),
            {"fields": "result.type,error,result.object.status.phase,result.object.metadata.name"},
        ),
        (
            api.watch_workflows("ns", fields=["-spec", "status.nodes"]),
            {"fields": "-result.object.spec,result.object.status.nodes"},
        ),
        (api.workflow_log("ns", "x"), {"logOptions.container": "main"}),
        (
            api.workflow_log("ns", "x", pod_name="p", tail_lines=0, limit_bytes=9, follow=True, grep="a.b"),
            {
                "podName": "p",
                "grep": "a.b",
                "logOptions.container": "main",
                "logOptions.follow": "true",
                "logOptions.tailLines": "0",
                "logOptions.limitBytes": "9",
            },
        ),
    ],
)
def test_the_query(call: Call[Any], query: dict[str, str]) -> None:
    assert dict(call.query) == query
    assert len(call.query) == len(query)


def test_fields_are_kept_or_left_out_but_not_both() -> None:
    with pytest.raises(errors.ManifestError, match="either"):
        api.get_workflow("ns", "x", fields=["metadata", "-spec"])


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../other"])
def test_a_name_that_would_be_another_address_is_refused(name: str) -> None:
    with pytest.raises(errors.ManifestError, match="namespace"):
        api.list_workflows(name)
    with pytest.raises(errors.ManifestError, match="name"):
        api.delete_workflow("ns", name)


def test_names_are_quoted() -> None:
    assert api.get_workflow("ä b", "a?b#c%2Fd").path == "/api/v1/workflows/%C3%A4%20b/a%3Fb%23c%252Fd"


def test_a_log_without_a_container_is_refused() -> None:
    with pytest.raises(errors.ManifestError, match="container"):
        api.workflow_log("ns", "x", container="")


@pytest.mark.parametrize(
    ("call", "repeatable"),
    [
        (api.create_workflow("ns", MANIFEST), True),
        (api.create_workflow("ns", {"metadata": {"generateName": "x-"}}), False),
        (api.create_workflow("ns", {}), False),
        (api.submit_workflow("ns", "WorkflowTemplate", "t", {}), False),
        (api.submit_workflow("ns", "WorkflowTemplate", "t", {"generateName": "x-"}), False),
        (api.submit_workflow("ns", "WorkflowTemplate", "t", {"name": "x"}), True),
        (api.retry_workflow("ns", "x"), False),
        (api.stop_workflow("ns", "x"), True),
        (api.delete_workflow("ns", "x"), True),
    ],
)
def test_only_what_does_no_harm_twice_is_repeatable(call: Call[Any], repeatable: bool) -> None:
    assert call.repeatable is repeatable


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()])
def test_a_body_that_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(errors.ManifestError, match="JSON"):
        api.encode_body(api.create_workflow("ns", {"spec": value}))


def test_a_body_is_ascii_whatever_it_holds() -> None:
    body = api.encode_body(api.create_workflow("ns", {"spec": "ü\ud800"}))
    assert body == b'{"workflow":{"spec":"\\u00fc\\ud800"}}'


def test_importing_it_brings_no_network_library() -> None:
    heavy = "{'requests', 'aiohttp', 'asyncio', 'socket', 'email'}"
    program = f"import sys, airflow_argo.argo.api; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
