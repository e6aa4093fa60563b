import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from airflow_argo.local.testing import running_server


class Api:
    """Sends requests to the embedded server as any client does."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def __call__(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        return self._session.request(method, f"{self.url}{path}", timeout=30, **kwargs)

    def create(self, name: str, *templates: dict[str, Any], **given: Any) -> requests.Response:
        """Create a workflow whose first template is the entrypoint; without one it ends at once."""
        bodies = list(templates) or [{"name": "main", "suspend": {"duration": "0"}}]
        metadata = {"name": name, **{key: given.pop(key) for key in ("labels", "annotations") if key in given}}
        manifest = {"metadata": metadata, "spec": {"entrypoint": bodies[0]["name"], "templates": bodies, **given}}
        return self("POST", "/api/v1/workflows/argo", json={"workflow": manifest})

    def wait(self, name: str, done: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
        """Follow a workflow by its events until it looks as wanted (by default: has ended)."""
        ended = done or (lambda workflow: workflow["status"].get("finishedAt"))
        query = {"listOptions.fieldSelector": f"metadata.name={name}", "listOptions.timeoutSeconds": "20"}
        with self("GET", "/api/v1/workflow-events/argo", params=query, stream=True) as answer:
            for line in answer.iter_lines(chunk_size=1):
                event = json.loads(line)
                if "error" in event:
                    raise AssertionError(f"{name} never came to what was waited for: {event}")
                workflow: dict[str, Any] = event["result"]["object"]
                if ended(workflow):
                    return workflow
        raise AssertionError(f"the stream of {name} ended")

    def close(self) -> None:
        self._session.close()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with running_server(workers=4) as url:
        yield url


@pytest.fixture
def api(url: str) -> Iterator[Api]:
    api = Api(url)
    yield api
    api.close()


@pytest.fixture
def connect() -> Iterator[Callable[[str], Api]]:
    """Makes clients of servers that a test starts itself."""
    made: list[Api] = []

    def make(url: str) -> Api:
        made.append(Api(url))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def sh() -> Callable[[str], dict[str, Any]]:
    """A template that runs a shell command."""

    def template(command: str, name: str = "main") -> dict[str, Any]:
        return {"name": name, "container": {"image": "alpine", "command": ["sh", "-c"], "args": [command]}}

    return template
