from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", "stream/events/argo", "the events of Kubernetes"),
        ("GET", "sensors/argo", "Sensors"),
        ("POST", "sensors/argo", "Sensors"),
        ("PUT", "sensors/argo/s", "Sensors"),
        ("GET", "stream/sensors/argo", "Sensors"),
        ("GET", "stream/sensors/argo/logs", "Sensors"),
        ("DELETE", "event-sources/argo/e", "EventSources"),
        ("GET", "stream/event-sources/argo/logs", "EventSources"),
    ],
)
def test_what_is_missing_is_named(api: Any, method: str, path: str, what: str) -> None:
    answer = api(method, f"/api/v1/{path}", json={})

    assert (answer.status_code, answer.json()["code"]) == (501, 12)
    assert what in answer.json()["message"]
