"""Artifacts of pods that really run."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")


def template(command: str, **more: Any) -> dict[str, Any]:
    location = {"archiveLogs": False, "s3": {"key": "wf/pod"}}
    container = {"image": "alpine", "command": ["sh", "-c"], "args": [command]}
    return {"name": "t", "container": container, "archiveLocation": location, **more}


def artifacts(**paths: str) -> dict[str, Any]:
    return {"artifacts": [{"name": name, "path": path, "archive": {"none": {}}} for name, path in paths.items()]}


def content(bench: Any, key: str) -> bytes:
    with bench.executor.artifacts.open(key) as file:
        return bytes(file.read())


async def test_a_worker_finds_what_another_left_where_it_wants_it(bench: Any) -> None:
    made = await bench.run(
        template(
            "echo a >/tmp/x; mkdir -p /data-of-nobody; echo b >/data-of-nobody/y; echo c >rel",
            outputs=artifacts(x="/tmp/x", y="/data-of-nobody/y", z="rel"),
        )
    )
    assert [artifact["s3"]["key"] for artifact in made.artifacts] == ["wf/pod/x", "wf/pod/y", "wf/pod/rel"]
    inputs = [
        {"name": name, "path": f"/in-of-nobody/{name}", "s3": {"key": f"wf/pod/{name}"}} for name in ("x", "y", "rel")
    ]
    used = await bench.run(
        template("cat /in-of-nobody/x /in-of-nobody/y /in-of-nobody/rel", inputs={"artifacts": inputs}),
        "two",
        result=True,
    )
    assert used.result == "a\nb\nc"


async def test_what_is_missing_is_reported_with_what_is_there(bench: Any) -> None:
    report = await bench.run(template("echo a >/tmp/x; exit 3", outputs=artifacts(x="/tmp/x", y="/tmp/y")))
    assert report.exit_code == 3
    assert [artifact["name"] for artifact in report.artifacts] == ["x"]
    assert report.artifact_error == "open /var/run/argo/outputs/artifacts/tmp/y.tgz: no such file or directory; "


async def test_without_its_input_it_never_starts(bench: Any) -> None:
    inputs = {"artifacts": [{"name": "a", "path": "/tmp/a", "s3": {"key": "nothing"}}]}
    report = await bench.run(template("echo ran", inputs=inputs))
    assert report.exit_code is None
    assert report.error == "init: Error (exit code 64): artifact a failed to load: The specified key does not exist."
    assert bench.log() == []


async def test_its_log_is_stored_whole(bench: Any) -> None:
    location = {"archiveLogs": True, "s3": {"key": "logs"}}
    await bench.run({**template("echo out; echo err >&2"), "archiveLocation": location})
    assert sorted(content(bench, "logs/main.log").splitlines()) == [b"err", b"out"]


async def test_an_input_is_a_copy(bench: Any) -> None:
    await bench.run(template("echo first >/tmp/x", outputs=artifacts(x="/tmp/x")))
    inputs = {"artifacts": [{"name": "x", "path": "/tmp/x", "s3": {"key": "wf/pod/x"}}]}
    await bench.run(template("echo second >/tmp/x", inputs=inputs), "two")
    assert content(bench, "wf/pod/x") == b"first\n"


class _Slow(http.server.BaseHTTPRequestHandler):
    asked = threading.Event()
    go_on = threading.Event()
    received: ClassVar[dict[str, bytes]]

    def do_GET(self) -> None:
        self.asked.set()
        self.go_on.wait(20)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_PUT(self) -> None:
        self.received[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(507 if self.path == "/full" else 201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def web() -> Iterator[tuple[str, type[_Slow]]]:
    class Handler(_Slow):
        asked = threading.Event()
        go_on = threading.Event()
        received: ClassVar[dict[str, bytes]] = {}

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", Handler
        Handler.go_on.set()
        server.shutdown()
        thread.join()


async def test_it_can_be_stopped_while_it_waits_for_an_input(bench: Any, web: tuple[str, type[_Slow]]) -> None:
    url, handler = web
    inputs = {"artifacts": [{"name": "a", "path": "/tmp/a", "http": {"url": url}}]}
    pod = bench.pod(template("echo ran", inputs=inputs))
    starting = asyncio.ensure_future(bench.executor.start(pod, bench.tell))
    await asyncio.to_thread(handler.asked.wait, 20)
    await bench.executor.stop(pod.key)
    assert (await bench.finished()).exit_code is None
    await starting


async def test_outputs_can_be_sent_by_http(bench: Any, web: tuple[str, type[_Slow]]) -> None:
    url, handler = web
    outputs = artifacts(good="/tmp/x", bad="/tmp/x")
    for artifact, page in zip(outputs["artifacts"], ("/good", "/full"), strict=True):
        artifact["http"] = {"url": url + page}
    report = await bench.run(template("printf x >/tmp/x", outputs=outputs))
    assert handler.received["/good"] == b"x"
    assert [artifact["http"]["url"] for artifact in report.artifacts] == [f"{url}/good"]
    assert f"saving file /tmp/argo/outputs/artifacts/x to {url}/full failed with reason: 507" in report.artifact_error
