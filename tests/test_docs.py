"""Every code block of the README and of ``docs/`` is what it says it is, and runs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.go_yaml import load_all
from airflow_argo.cli import parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Kinds of blocks that a test below runs or reads; ``text`` is what a program printed.
KINDS = {"python", "bash", "console", "yaml", "text"}


def blocks(*kinds: str) -> list[Any]:
    return list(_blocks(*kinds))


def _blocks(*kinds: str) -> Iterator[Any]:
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8"))):
            if match[1] in kinds:
                yield pytest.param(match[2], id=f"{page.name}-{number}")


def test_no_block_is_of_a_kind_that_nothing_checks() -> None:
    kinds = {match[1] for page in PAGES for match in BLOCK.finditer(page.read_text(encoding="utf-8"))}
    assert kinds <= KINDS


@pytest.mark.parametrize("code", [block for block in blocks("python") if "with DAG" in block.values[0]])
def test_a_dag_runs_as_it_stands(run_dag: Any, code: str, tmp_path: Path) -> None:
    path = tmp_path / "dag.py"
    path.write_text(code, encoding="utf-8")
    run = run_dag(path)
    assert run.state == "success"
    (results,) = [
        found[0].result for name, found in run.tasks.items() if name in ("measure", "pull", "hello", "round_up")
    ]
    assert results in (
        [{"word": "fan", "length": 3}, {"word": "out", "length": 3}],
        [[0, 500], [500, 500], [1000, 50]],
        [None],
        [5, 5],
    )


@pytest.mark.parametrize("code", [block for block in blocks("python") if "with DAG" not in block.values[0]])
def test_other_python_runs(code: str) -> None:
    exec(compile(code, "docs", "exec"), {})


@pytest.mark.parametrize("text", blocks("yaml"))
def test_yaml_is_yaml(text: str) -> None:
    assert load_all(text)


@pytest.mark.parametrize("text", blocks("bash"))
def test_shell_lines_are_what_they_should_be(text: str) -> None:
    for line in re.split(r"\n(?=export|airflow)", text.strip()):
        program, *words = shlex.split(line)
        if program == "airflow":
            assert words in (["db", "migrate"], ["dags", "test", "pull_rows"])
            continue
        assert program == "export"
        for name, _, value in (word.partition("=") for word in words):
            if name == "AIRFLOW_CONN_ARGO_DEFAULT":
                assert json.loads(value)["conn_type"] == "argo"


@pytest.mark.parametrize("text", blocks("console"))
def test_a_command_is_one(text: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for line in text.splitlines():
        if not line.startswith("$ "):
            continue
        program, *arguments = shlex.split(line[2:])
        if program == "airflow-argo":
            parser().parse_args(arguments)
        elif program == "make":
            assert arguments[0] in targets
        else:
            assert line == "$ pip install airflow-provider-argo-workflows"


def test_links_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"
