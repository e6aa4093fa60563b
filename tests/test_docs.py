"""Every code block of the README and of ``docs/`` is what it says it is, and runs."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo.go_yaml import load_all
from airflow_argo.cli import parser

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", ROOT / "deploy/README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Kinds of blocks that a test below runs or reads; ``text`` is what a program printed.
KINDS = {"python", "bash", "console", "yaml", "text"}


def blocks(*kinds: str) -> list[Any]:
    return list(_blocks(*kinds))


def _blocks(*kinds: str) -> Iterator[Any]:
    for page in PAGES:
        for number, match in enumerate(BLOCK.finditer(page.read_text(encoding="utf-8"))):
            if match[1] in kinds:
                yield pytest.param(match[2], id=f"{page.relative_to(ROOT)}-{number}")


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
        found[0].result
        for name, found in run.tasks.items()
        if name in ("measure", "pull", "hello", "round_up", "count")
    ]
    assert results in (
        [{"word": "fan", "length": 3}, {"word": "out", "length": 3}],
        [[0, 500], [500, 500], [1000, 50]],
        [None],
        [5, 5],
        [16, 17, 14],
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
            check_airflow(words)
            continue
        if program == "airflow-argo":
            parser().parse_args(words)
            continue
        assert program == "export"
        for name, _, value in (word.partition("=") for word in words):
            if name == "AIRFLOW_CONN_ARGO_DEFAULT":
                assert json.loads(value)["conn_type"] == "argo"


def check_airflow(words: list[str]) -> None:
    if words in (["db", "migrate"], ["standalone"]):
        return
    assert words[:2] in (["dags", "test"], ["dags", "unpause"], ["dags", "trigger"])
    assert words[2] in dag_ids()
    if len(words) > 3:
        option, conf = words[3:]
        assert option == "--conf"
        assert json.loads(conf)


def dag_ids() -> set[str]:
    """The DAGs that a page or an example defines."""
    shown = [block.values[0] for block in blocks("python")]
    return {*re.findall(r'with DAG\("(\w+)"', "".join(shown)), *(path.stem for path in (ROOT / "dags").glob("*.py"))}


@pytest.mark.parametrize("text", blocks("console"))
def test_a_command_is_one(text: str) -> None:
    for line in text.splitlines():
        if line.startswith("$ "):
            program, *arguments = shlex.split(line[2:])
            COMMANDS[Path(program).name](arguments)


def check_make(arguments: list[str]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target, *settings = arguments
    assert target in re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)
    for setting in settings:
        assert setting.partition("=")[0] in re.findall(r"^([A-Z_]+) \?=", makefile, re.MULTILINE)


def check_argo(arguments: list[str]) -> None:
    assert arguments[0] in ("cron", "list", "logs", "stop", "submit", "template")


def check_kubectl(arguments: list[str]) -> None:
    assert arguments[0] in ("apply", "auth", "get", "logs")
    if "-k" in arguments:
        assert (ROOT / arguments[arguments.index("-k") + 1] / "kustomization.yaml").exists()


def check_docker(arguments: list[str]) -> None:
    compose, command, *rest = arguments
    assert compose == "compose"
    if command == "exec":
        service, program, path = rest
        text = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
        assert program == "cat"
        assert f"\n  {service}:\n" in text
        assert path in text
    else:
        assert command in ("up", "ps", "down")


def check_pip(arguments: list[str]) -> None:
    assert arguments == ["install", "airflow-provider-argo-workflows"]


COMMANDS = {
    "argo": check_argo,
    "airflow-argo": lambda arguments: parser().parse_args(arguments),
    "docker": check_docker,
    "kubectl": check_kubectl,
    "make": check_make,
    "pip": check_pip,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_file_that_is_named_exists(page: Path) -> None:
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    folders = r"(?:\.ci|dags|deploy|docs|plugin|tests|tools)/[\w./-]*"
    files = r"docker-compose\.yaml|[A-Z]+\.md|setup\.cfg|pyproject\.toml|mkdocs\.yml"
    for name in re.findall(rf"`({folders}|{files})`", text):
        assert (ROOT / name).exists() or name in MADE_BY_THE_READER, name


MADE_BY_THE_READER: set[str] = set()


def heading_ids(page: Path) -> set[str]:
    """How MkDocs and GitHub name headings in addresses."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", heading.lower()).strip()) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", BLOCK.sub("", page.read_text(encoding="utf-8"))):
        if "://" in link:
            continue
        path, _, heading = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if heading:
            assert heading in heading_ids(target), link


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    named = set(re.findall(r"^ +- [^:]+: (\S+\.md)$", navigation, re.MULTILINE))
    assert named == {str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md")}


@pytest.mark.slow
def test_the_documentation_builds_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
