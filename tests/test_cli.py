"""``airflow-argo``, as its user types it."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from airflow_argo.cli import main, parser
from airflow_argo.commands.grammar import COMMANDS, Command

HELLO = """
spec:
  entrypoint: hello
  arguments: {parameters: [{name: name, value: nobody}]}
  templates:
  - name: hello
    container: {image: alpine, command: [echo, "hello {{workflow.parameters.name}}"]}
"""
LOOP = """
metadata: {name: loop}
spec:
  entrypoint: main
  templates:
  - name: main
    steps:
    - - name: fan
        template: exit
        arguments: {parameters: [{name: code, value: "{{item}}"}]}
        withItems: [0, 3]
  - name: exit
    inputs: {parameters: [{name: code}]}
    container: {image: alpine, command: [sh, -c, "echo leaving; exit {{inputs.parameters.code}}"]}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "hello.yaml"
    path.write_text(HELLO, encoding="utf-8")
    return path


def test_run_shows_what_a_workflow_did(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(file), "-p", "name=wörld"]) == 0
    shown = capsys.readouterr().out
    assert "hello-" in shown
    assert "│ hello wörld" in shown
    assert shown.splitlines()[-1] == "Succeeded"


def test_run_gives_the_finished_workflow_as_json(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(file), "--output", "json"]) == 0
    shown = capsys.readouterr()
    workflow = json.loads(shown.out)
    assert workflow["status"]["phase"] == "Succeeded"
    assert f"Succeeded {workflow['metadata']['name']}" in shown.err


def test_run_keeps_its_directory(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept"
    assert main(["run", str(file), "--dir", str(kept)]) == 0
    assert any(b"hello nobody" in path.read_bytes() for path in (kept / "logs").rglob("*") if path.is_file())


def test_ctrl_c_stops_the_workflow_and_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "slow.yaml"
    path.write_text(
        HELLO.replace("entrypoint: hello", "entrypoint: hello\n  onExit: bye").replace(
            '[echo, "hello {{workflow.parameters.name}}"]}',
            '[sleep, "60"]}\n  - name: bye\n    container: {image: alpine, command: [echo, over]}',
        ),
        encoding="utf-8",
    )
    command = [sys.executable, "-u", "-m", "airflow_argo.cli", "run", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        next(line for line in run.stdout if "Running" in line)
        run.send_signal(signal.SIGINT)
        shown = run.stdout.read()
        assert run.wait(timeout=20) == 130
    assert "Stopping the workflow" in shown
    assert "over" in shown
    assert shown.splitlines()[-1].startswith("Failed: Stopped")


def test_run_tells_a_failure_by_its_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "loop.yaml"
    path.write_text(LOOP, encoding="utf-8")
    assert main(["run", str(path)]) == 1
    shown = capsys.readouterr().out
    assert "Succeeded fan(0:0)" in shown
    assert "Failed    fan(1:3)" in shown
    assert "main: Error (exit code 3)" in shown


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["run", "no-such.yaml"], "there is no file"),
        (["run", "HELLO", "-p", "name"], "there is no '='"),
        (["run", "HELLO", "-p", "nam=x"], "declares no parameter 'nam'"),
        (["local", "--host", "0.0.0.0"], "--token-file"),
    ],
)
def test_what_cannot_be_done_says_why(
    file: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    assert main([str(file) if word == "HELLO" else word for word in arguments]) != 0
    assert reason in capsys.readouterr().err


def test_run_names_the_lines_of_what_it_cannot_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pod.yaml"
    path.write_text(
        "kind: Workflow\nmetadata: {generateName: w-}\nspec:\n  entrypoint: main\n  templates:\n  - name: main\n"
        "    resource: {action: get, manifest: x}\n",
        encoding="utf-8",
    )

    assert main(["run", str(path)]) == 2

    told = capsys.readouterr().err
    assert f"{path}, line 7: templates.main.resource: resource templates need Kubernetes" in told


def test_run_names_the_lines_of_what_argo_refuses(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "refused.yaml"
    path.write_text(file.read_text(encoding="utf-8").replace("container:", "suspend: {}\n    container:", 1))

    assert main(["run", str(path)]) == 2

    assert f"{path}, line " in capsys.readouterr().err


def test_local_prints_its_url_when_it_accepts_requests() -> None:
    command = [sys.executable, "-m", "airflow_argo.cli", "local", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        url = server.stdout.readline().strip()
        version = requests.get(f"{url}/api/v1/version", timeout=10).json()["version"]
        server.send_signal(signal.SIGTERM)
        assert server.stdout.read() == ""
        server.wait(timeout=20)
    assert version.startswith("v4.1")


def test_help_tells_all_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert all(f"{command.name} " in shown for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_examples_of_each_command_are_ones(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command.name, "--help"])
    shown = capsys.readouterr().out
    for line, meaning in command.examples:
        assert f"  # {meaning}\n  airflow-argo {command.name} {line}".rstrip() in shown
        words = shlex.split(re.split(r" [|<] ", line)[0])
        assert parser().parse_args([command.name, *words]).command == command.name
