"""Every path of Argo's own description is answered here, or refused by name: none is unknown by accident."""

import json
from pathlib import Path
from typing import Any

import pytest

SWAGGER = Path(__file__).resolve().parents[3] / "../shared/argo/swagger.json"


def operations() -> list[tuple[str, str]]:
    if not SWAGGER.exists():
        return []
    paths: dict[str, dict[str, Any]] = json.loads(SWAGGER.read_text(encoding="utf-8"))["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


OPERATIONS = operations()
# What has no meaning on one machine; each says so.
REFUSED = ("/api/v1/sensors/", "/api/v1/event-sources/", "/api/v1/stream/", "/api/v1/sync/")
VALUES = {"{artifactDiscriminator}": "outputs", "{idDiscriminator}": "workflows", "{namespace}": "argo"}


@pytest.mark.skipif(not OPERATIONS, reason="Argo's description of its API is not here")
def test_every_operation_is_known(api: Any, subtests: Any) -> None:
    for method, path in OPERATIONS:
        filled = "/".join(VALUES.get(part, "nothing") if part.startswith("{") else part for part in path.split("/"))
        with subtests.test(f"{method} {path}"):
            query = {"listOptions.timeoutSeconds": "1"} if "workflow-events" in path else None
            answer = api(method, filled, params=query, data="{}")

            if path.startswith(REFUSED):
                assert answer.status_code == 501
                assert "does not support" in answer.json()["message"]
            else:
                assert answer.status_code != 501
                # A body that says which one is missing, not an unknown path.
                assert "REST API below" not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/v1/nothing"), ("PATCH", "/api/v1/workflows/argo/w"), ("POST", "/api/v1/events/argo/a/b")],
)
def test_what_argo_does_not_know_either(api: Any, method: str, path: str) -> None:
    answer = api(method, path)

    assert (answer.status_code, answer.json()) == (501, {"code": 12, "message": "Not Implemented"})
