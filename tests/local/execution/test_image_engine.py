"""Running images with podman or docker: the command lines, and a stand-in for the program that records its calls."""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.errors import NotSupportedError
from airflow_argo.local.engine.messages import ContainerReport, PodEvent, PodFinished, PodReport, StartPod
from airflow_argo.local.execution.image_engine import ImageEngine, ImageRun
from airflow_argo.local.execution.image_executor import ImageExecutor
from airflow_argo.local.execution.pod import Pod, PodKey

PLAIN = ImageRun("argo-1", "alpine:3", (), (), {}, (), "")
FIRST = ["podman", "run", "--name", "argo-1", "--network", "host", "--log-driver", "none", "--init"]


@pytest.mark.parametrize(
    ("changes", "rest"),
    [
        ({}, ["alpine:3"]),
        ({"args": ("a", "--b")}, ["alpine:3", "a", "--b"]),
        ({"command": ("sh", "-c"), "args": ("x y",)}, ["--entrypoint", "sh", "alpine:3", "-c", "x y"]),
        ({"environment": {"A": "secret"}}, ["--env", "A", "alpine:3"]),
        ({"environment": {"HTTPS_PROXY": "p", "HOME": "h"}}, ["--env", "HTTPS_PROXY=p", "--env", "HOME=h", "alpine:3"]),
        ({"working_directory": "/w"}, ["--workdir", "/w", "alpine:3"]),
        (
            {"binds": (("/h/t", "/tmp", False), ("/h/s", "/s", True))},
            ["--mount", "type=bind,source=/h/t,target=/tmp", "--mount", "type=bind,source=/h/s,target=/s,readonly",
             "alpine:3"],
        ),
    ],
)  # fmt: skip
def test_how_a_container_is_run(changes, rest):
    assert ImageEngine("podman").run(replace(PLAIN, **changes)) == [*FIRST, *rest]


def test_the_other_command_lines():
    engine = ImageEngine("docker")
    assert engine.run(PLAIN)[:2] == ["docker", "run"]
    assert engine.copy("n", "/out", "/h/out") == ["docker", "cp", "n:/out", "/h/out"]
    assert engine.execute("n", ["true", "x"]) == ["docker", "exec", "n", "true", "x"]
    assert engine.remove("n", "m") == ["docker", "rm", "--force", "--volumes", "n", "m"]
    assert engine.names("n") == ["docker", "ps", "--all", "--filter", "name=n", "--format", "{{.Names}}"]


# What runs is in the file `containers`, by name.
PROGRAM = """#!/bin/sh
bin="$(dirname "$0")"
printf '%%s\\n' "$*" >>"$bin/calls"
case "$1" in
  ps) cat "$bin/containers" 2>/dev/null ;;
  rm) : >"$bin/containers" ;;
  run) echo "$3" >>"$bin/containers"
       case "$*" in *forever*) trap 'exit 143' TERM; sleep 30 & wait;; esac
       echo "out of $3 with $GREETING"; case "$*" in *fails*) exit 3;; esac ;;
  cp) cat "$bin/fetched" 2>/dev/null >"$3" || echo fetched >"$3" ;;
  info) %s ;;
esac
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return stand_in(tmp_path, monkeypatch, "echo 5.0.0")


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, info: str) -> Path:
    program = tmp_path / "bin" / "podman"
    program.parent.mkdir()
    program.write_text(PROGRAM % info)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    return program.parent / "calls"


def recorded(calls: Path) -> list[str]:
    return calls.read_text().splitlines() if calls.exists() else []


async def run(tmp_path: Path, template: dict[str, Any], *, stop_after: Path | None = None) -> PodReport:
    executor = ImageExecutor(tmp_path / "root", ImageEngine("podman"), grace_seconds=5)
    told: asyncio.Future[PodReport] = asyncio.get_running_loop().create_future()

    def tell(event: PodEvent) -> None:
        if isinstance(event, PodFinished):
            told.set_result(event.report)

    command = StartPod("n", "p", {"name": "t", **template}, deadline=None, include_result=True)
    await executor.start(Pod("uid", "wf", "argo", command), tell)
    if stop_after:
        while not recorded(stop_after):  # noqa: ASYNC110 - a program has no event for it
            await asyncio.sleep(0.01)
        await executor.stop(PodKey("uid", "n"))
    report = await asyncio.wait_for(told, 30)
    await executor.close()
    return report


def outputs(*paths: str) -> dict[str, Any]:
    return {"parameters": [{"name": path.strip("/"), "valueFrom": {"path": path}} for path in paths]}


async def test_output_files_are_fetched_and_the_container_is_removed(tmp_path: Path, calls: Path) -> None:
    container = {"image": "tool:1", "args": ["$(GREETING)"], "env": [{"name": "GREETING", "value": "hi"}]}
    report = await run(tmp_path, {"container": container, "outputs": outputs("/result")})
    assert (report.exit_code, report.parameters) == (0, {"result": "fetched"})
    assert (report.result or "").startswith("out of argo-pods-")
    started, fetched, removed, *_ = recorded(calls)
    assert started.endswith("tool:1 hi")
    assert "--env GREETING " in started
    assert (report.result or "").endswith(" with hi")
    assert fetched.startswith("cp argo-pods-")
    assert removed.startswith("rm --force --volumes argo-pods-")


async def test_what_a_container_writes_is_never_run_here(tmp_path: Path, calls: Path) -> None:
    """Its files lie beside what says how its own container is run and removed."""
    harmful = json.dumps({"run": ["true"], "copy": [], "remove": ["touch", str(tmp_path / "harmed")]})
    calls.with_name("fetched").write_text(harmful)

    await run(tmp_path, {"container": {"image": "tool:1"}, "outputs": outputs("/container.json")})

    assert [line for line in recorded(calls) if line.startswith("cp ")]
    assert not (tmp_path / "harmed").exists()


async def test_no_container_outlives_its_server(tmp_path: Path, calls: Path) -> None:
    executor = ImageExecutor(tmp_path / "root", ImageEngine("podman"), grace_seconds=5)
    command = StartPod("n", "p", {"name": "t", "container": {"image": "forever"}}, deadline=None, include_result=True)
    await executor.start(Pod("uid", "wf", "argo", command), lambda event: None)
    containers = calls.with_name("containers")
    while not containers.exists():  # noqa: ASYNC110 - a program has no event for it
        await asyncio.sleep(0.01)

    await executor.close()

    assert containers.read_text() == ""


async def test_containers_of_killed_servers_are_removed_and_no_others(tmp_path: Path, calls: Path) -> None:
    killed, lives = "argo-pods-999999999-abc.1", f"argo-pods-{os.getpid()}-abc.2"
    calls.with_name("containers").write_text(f"{killed}\n{lives}\nargo-pods\nmine-argo-pods-999999999-abc.3\n")
    executor = ImageExecutor(tmp_path / "root", ImageEngine("podman"))

    await executor.remove_left()
    await executor.close()

    assert [line for line in recorded(calls) if line.startswith("rm ")] == [f"rm --force --volumes {killed}"]


async def test_what_is_in_tmp_needs_no_fetching(tmp_path: Path, calls: Path) -> None:
    report = await run(tmp_path, {"container": {"image": "tool:1"}, "outputs": outputs("/tmp/x")})
    assert "no such file" in report.unreadable["tmp/x"]
    assert not [line for line in recorded(calls) if line.startswith("cp ")]


async def test_a_script_is_bound(tmp_path: Path, calls: Path) -> None:
    await run(tmp_path, {"script": {"image": "python:3", "command": ["python"], "source": "print(1)"}})
    started = recorded(calls)[0]
    assert ",target=/argo/staging/script,readonly" in started
    assert started.endswith("--entrypoint python python:3 /argo/staging/script")


async def test_the_exit_code_is_the_containers(tmp_path: Path, calls: Path) -> None:
    assert (await run(tmp_path, {"container": {"image": "fails"}})).exit_code == 3


async def test_each_container_of_a_set_is_one(tmp_path: Path, calls: Path) -> None:
    members = [{"name": "a", "image": "fails"}, {"name": "main", "image": "tool", "dependencies": ["a"]}]
    report = await run(tmp_path, {"containerSet": {"containers": members}})
    assert report.containers["a"] == ContainerReport(3)
    assert report.containers["main"].exit_code == 64


async def test_stopping_reaches_the_container(tmp_path: Path, calls: Path) -> None:
    report = await run(tmp_path, {"container": {"image": "forever"}}, stop_after=calls)
    assert report.exit_code == 143


async def test_asking_whether_it_is_there(calls: Path) -> None:
    await ImageEngine("podman").check()


@pytest.mark.parametrize(
    ("info", "reason"),
    [("echo starting >&2; echo no service here >&2; exit 125", "no service here"), ("exit 1", "exit code 1")],
)
async def test_a_service_that_does_not_answer(tmp_path, monkeypatch, info, reason):
    stand_in(tmp_path, monkeypatch, info)
    with pytest.raises(NotSupportedError, match=f"--executor podman: .*{reason}"):
        await ImageEngine("podman").check()


async def test_a_program_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotSupportedError, match=r"--executor docker: .*No such file"):
        await ImageEngine("docker").check()
