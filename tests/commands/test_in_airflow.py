"""``airflow argo COMMAND``, as Airflow's own command line has it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

import pytest

from airflow_argo.commands.grammar import COMMANDS


@pytest.fixture(scope="module")
def airflow() -> argparse.ArgumentParser:
    from airflow.cli.cli_parser import get_parser

    return get_parser()


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_has_the_examples_line_by_line(
    airflow: argparse.ArgumentParser, command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        airflow.parse_args(["argo", command, "--help"])
    shown = capsys.readouterr().out.splitlines()
    examples = next(found for found in COMMANDS if found.name == command).examples
    for line, meaning in examples:
        assert f"  # {meaning}" in [row.rstrip() for row in shown]
        assert f"  airflow argo {command} {line}".rstrip() in [row.rstrip() for row in shown]


def test_a_command_runs_and_gives_its_status(
    airflow: argparse.ArgumentParser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text("kind: Workflow\nspec: {}\n", encoding="utf-8")
    arguments = airflow.parse_args(["argo", "lint", str(path)])
    with pytest.raises(SystemExit) as exited:
        arguments.func(arguments)
    assert exited.value.code == 1
    assert f"{path}:1: error: " in capsys.readouterr().out


def test_what_every_airflow_command_imports_is_light() -> None:
    code = (
        "import sys; import airflow_argo.commands.in_airflow;"
        "heavy = ('rich', 'yaml', 'requests', 'starlette', 'asyncio', 'airflow');"
        "print([name for name in heavy if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"


def test_json_stays_json_beside_airflows_logging(
    airflow: argparse.ArgumentParser, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "file.yaml"
    path.write_text(
        "spec:\n  entrypoint: main\n  templates:\n  - {name: main, container: {image: alpine, command: [echo, hi]}}\n",
        encoding="utf-8",
    )
    arguments = airflow.parse_args(["argo", "run", str(path), "--output", "json"])
    with pytest.raises(SystemExit) as exited:
        arguments.func(arguments)
    assert exited.value.code == 0
    assert json.loads(capsys.readouterr().out)["status"]["phase"] == "Succeeded"


def test_check_finds_a_connection_that_is_stored_in_airflow(airflow_database: Path, argo_url: str) -> None:
    stored = {"conn_type": "argo", "host": argo_url.rpartition(":")[0], "port": int(argo_url.rpartition(":")[2])}

    def airflow(*arguments: str) -> str:
        command = [sys.executable, "-m", "airflow", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    airflow("connections", "add", "argo_stored", "--conn-json", json.dumps(stored))
    assert f"argo_stored: {argo_url}, namespace 'argo'" in airflow("argo", "check", "argo_stored")
