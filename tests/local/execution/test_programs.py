from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from airflow_argo.local.execution.programs import search_path, write_programs


def run(
    directory: Path, *command: str, stdin: str = "", path: str = "/usr/bin:/bin"
) -> subprocess.CompletedProcess[str]:
    write_programs(directory)
    return subprocess.run(
        ["sh", "-c", 'exec "$@"', "sh", *command],
        env={"PATH": search_path(directory, path)},
        cwd=directory,
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["python", "python3"])
def test_python_is_the_servers_interpreter(tmp_path, name):
    assert run(tmp_path, name, "-c", "import sys; print(sys.prefix)").stdout == f"{sys.prefix}\n"


@pytest.mark.parametrize("name", ["python", "python3"])
def test_python_is_found_where_the_interpreter_has_another_name(tmp_path, monkeypatch, name):
    interpreter = tmp_path / "my bin" / "interpreter"
    interpreter.parent.mkdir()
    interpreter.write_text(f'#!/bin/sh\necho called\nexec {sys.executable} "$@"\n')
    interpreter.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(interpreter))
    assert run(tmp_path, name, "-c", "print('a b')").stdout == "called\na b\n"


@pytest.mark.parametrize(
    ("arguments", "output", "exit_code"),
    [
        ([], "hello argo\n", 0),
        (["echo"], "hello argo\n", 0),
        (["echo", "a  b"], "a  b\n", 0),
        (["cat", "file"], "content\n", 0),
        (["sleep", "0"], "", 0),
        (["exit"], "", 0),
        (["exit", "3"], "", 3),
        (["assert_contains", "file", "tent"], "", 0),
        (["assert_contains", "file", "nope"], "", 1),
        (["sh", "script"], "ran\n", 0),
        (["dance"], "", 1),
    ],
)
def test_argosay(tmp_path, arguments, output, exit_code):
    (tmp_path / "file").write_text("content\n")
    (tmp_path / "script").write_text("echo ran\n")
    done = run(tmp_path, "argosay", *arguments)
    assert (done.stdout, done.returncode) == (output, exit_code)


def test_argosay_writes_into_a_file_whose_directory_it_makes(tmp_path):
    run(tmp_path, "argosay", "echo", "hi", "a/b/c")
    assert (tmp_path / "a/b/c").read_text() == "hi\n"


@pytest.mark.parametrize(("arguments", "stdin"), [(["moo", "to", "you"], ""), ([], "moo to you")])
def test_cowsay(tmp_path, arguments, stdin):
    assert "< moo to you >" in run(tmp_path, "cowsay", *arguments, stdin=stdin).stdout


def test_this_machines_programs_beat_the_stand_ins(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "cowsay").write_text("#!/bin/sh\necho mine\n")
    (own / "cowsay").chmod(0o755)
    assert run(tmp_path, "cowsay", "x", path=f"{own}:/usr/bin:/bin").stdout == "mine\n"
