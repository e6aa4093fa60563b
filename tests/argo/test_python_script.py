from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.python_script import arguments_json, literal, python_template

SOURCE = '''
def pull(offset, limit=1, *rest, name="{{x}}"):
    """A docstring, and a brace: """
    return {"text": f"{{{offset}}}", "limit": limit, "rest": rest, "name": name, "null": None}
'''


def run(source: str, item: Any, args: tuple[Any, ...] = (), **kwargs: Any) -> subprocess.CompletedProcess[str]:
    template = python_template(source, "pull", image="python")
    environment = {"ITEM": json.dumps(item), "ARGUMENTS": arguments_json(args, kwargs), "PATH": os.environ["PATH"]}
    program = template["script"]["source"].replace("/tmp/result", "/dev/stdout")
    return subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)


def result(*given: Any, **kwargs: Any) -> Any:
    done = run(*given, **kwargs)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_object_fills_the_arguments_by_name() -> None:
    expected = {"text": "{7}", "limit": 2, "rest": [], "name": "{{x}}", "null": None}
    assert result(SOURCE, {"offset": 7, "limit": 2}) == expected


def test_anything_else_is_the_first_argument_before_those_of_the_call() -> None:
    assert result(SOURCE, [1], (2, 3), name="n") == {
        "text": "{[1]}",
        "limit": 2,
        "rest": [3],
        "name": "n",
        "null": None,
    }


def test_an_exception_shows_the_functions_own_line() -> None:
    done = run("def pull(item):\n    raise ValueError(f'bad {item}')\n", 5)
    assert done.returncode == 1
    assert "raise ValueError(f'bad {item}')" in done.stderr
    assert "ValueError: bad 5" in done.stderr


def test_an_item_that_does_not_fit_is_told_with_the_rule() -> None:
    done = run("def pull(row):\n    return row\n", {"a": 1})
    assert (done.returncode, done.stdout) == (1, "")
    assert "unexpected keyword argument 'a'. An item that is an object fills the arguments by name" in done.stderr
    assert 'This one is {"a": 1}' in done.stderr
    assert "Traceback" not in done.stderr


def test_a_type_error_of_the_function_itself_is_its_own() -> None:
    done = run("def pull(row):\n    return len(5)\n", 1)
    assert "return len(5)" in done.stderr
    assert "An item that is an object" not in done.stderr


def test_a_name_from_outside_is_explained() -> None:
    done = run("def pull(row):\n    return math.floor(row)\n", 1)
    assert "name 'math' is not defined" in done.stderr
    assert "import and define inside it" in done.stderr


def test_a_result_that_is_no_json_fails_and_leaves_no_half_result(tmp_path: Path) -> None:
    done = run("def pull(item):\n    return {'a': {1}}\n", 5)
    assert done.returncode == 1
    assert done.stdout == ""


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])) | st.text(alphabet='"\\{}\n '))
def test_any_source_is_carried_as_it_is_and_without_tags(source: str) -> None:
    text = literal(source)
    assert "{{" not in text
    assert ast.literal_eval(text) == source


def test_arguments_that_are_no_json_are_refused_by_name() -> None:
    with pytest.raises(ManifestError, match=r"arguments\.kwargs\.day"):
        arguments_json([], {"day": object()})


def test_the_template_is_argos_own_dict() -> None:
    template = python_template(SOURCE, "pull", image="python:3.12")
    assert template["script"]["image"] == "python:3.12"
    assert template["outputs"]["parameters"][0]["name"] == "result"
    assert "{{" not in template["script"]["source"]
