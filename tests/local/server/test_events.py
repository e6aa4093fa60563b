from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("POST", "events/argo/hook", "WorkflowEventBindings"),
        ("GET", "workflow-event-bindings/argo", "WorkflowEventBindings"),
        ("GET", "stream/events/argo", "events of Kubernetes"),
    ],
)
def test_what_is_missing_is_named(api: Any, method: str, path: str, what: str) -> None:
    answer = api(method, f"/api/v1/{path}", json={})

    assert (answer.status_code, answer.json()["code"]) == (501, 12)
    assert what in answer.json()["message"]
