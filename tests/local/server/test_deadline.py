from typing import Any

import pytest


@pytest.mark.parametrize(
    ("timeout", "status"), [("30S", 200), ("1H", 200), ("1u", 504), ("5", 400), ("S", 400), ("-1S", 400)]
)
def test_grpc_timeout(api: Any, timeout: str, status: int) -> None:
    assert api("GET", "/api/v1/workflows/argo", headers={"Grpc-Timeout": timeout}).status_code == status


def test_a_stream_ends_when_its_time_is_over(api: Any) -> None:
    api.create("waits", {"name": "main", "suspend": {}})
    answer = api("GET", "/api/v1/workflow-events/argo", headers={"Grpc-Timeout": "700m"})

    assert answer.status_code == 200
    assert '"waits"' in answer.text
