"""Retry and resubmit of a fan-out, over HTTP: what has succeeded does not run again."""

from __future__ import annotations

import socket
from typing import Any

import pytest

ITEM = {"parameters": [{"name": "item", "value": "{{item}}"}]}
CALL = {"name": "w", "template": "work", "arguments": ITEM, "withItems": ["a", "b"]}
BODIES = {"steps": {"steps": [[CALL]]}, "dag": {"dag": {"tasks": [CALL]}}}


def fan_out(api: Any, name: str, body: str) -> None:
    """Two workers, of which the one that the argument ``bad`` names fails."""
    script = 'test "$ITEM" != "{{workflow.parameters.bad}}"'
    container = {
        "image": "alpine",
        "command": ["sh", "-c", script],
        "env": [{"name": "ITEM", "value": "{{inputs.parameters.item}}"}],
    }
    worker = {"name": "work", "inputs": {"parameters": [{"name": "item"}]}, "container": container}
    arguments = {"parameters": [{"name": "bad", "value": "b"}]}
    api.create(name, {"name": "main", **BODIES[body]}, worker, arguments=arguments)
    assert api.wait(name)["status"]["phase"] == "Failed"


def pods(workflow: dict[str, Any]) -> dict[str, str]:
    found = workflow["status"]["nodes"].values()
    return {node["inputs"]["parameters"][0]["value"]: node["phase"] for node in found if node.get("inputs")}


@pytest.mark.parametrize("body", BODIES)
def test_a_memoized_resubmit_takes_over_what_has_succeeded(api: Any, body: str) -> None:
    fan_out(api, f"memo-{body}", body)
    request = {"memoized": True, "parameters": ["bad=none"]}
    made = api("PUT", f"/api/v1/workflows/argo/memo-{body}/resubmit", json=request).json()

    ended = api.wait(made["metadata"]["name"])

    assert ended["status"]["phase"] == "Succeeded"
    assert (pods(ended), ended["status"]["progress"]) == ({"a": "Skipped", "b": "Succeeded"}, "1/1")


@pytest.mark.parametrize("body", BODIES)
def test_a_retry_keeps_what_has_succeeded(api: Any, body: str) -> None:
    fan_out(api, f"again-{body}", body)
    before = api("GET", f"/api/v1/workflows/argo/again-{body}").json()

    retried = api("PUT", f"/api/v1/workflows/argo/again-{body}/retry").json()

    assert pods(retried) == {"a": "Succeeded"}
    after = api.wait(f"again-{body}", lambda workflow: workflow["status"].get("phase") == "Failed")
    assert pods(after) == pods(before)


def test_a_terminated_workflow_can_be_retried_while_its_pods_still_end(api: Any, sh: Any) -> None:
    api.create("stubborn", sh("trap '' TERM; sleep 1; exit 0"))
    api.wait("stubborn", lambda workflow: "Running" in str(workflow["status"].get("nodes")))
    api("PUT", "/api/v1/workflows/argo/stubborn/terminate")
    api.wait("stubborn")
    assert api("PUT", "/api/v1/workflows/argo/stubborn/retry").ok

    assert api.wait("stubborn")["status"]["phase"] == "Succeeded"


def test_a_terminated_workflow_can_be_retried_where_its_request_was_not_answered(api: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        api.create("asking", {"name": "main", "http": {"url": f"http://127.0.0.1:{silent.getsockname()[1]}/"}})
        api.wait("asking", lambda workflow: workflow["status"].get("nodes"))
        api("PUT", "/api/v1/workflows/argo/asking/terminate")
        api.wait("asking")

        assert api("PUT", "/api/v1/workflows/argo/asking/retry").ok
