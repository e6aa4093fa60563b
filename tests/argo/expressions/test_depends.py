"""What a DAG task waits for."""

from __future__ import annotations

import pytest

from airflow_argo.argo.expressions import depends
from airflow_argo.argo.expressions.errors import ExpressionError


@pytest.mark.parametrize(
    ("text", "logic"),
    [
        ("a", "(a.Succeeded || a.Skipped || a.Daemoned)"),
        ("a && b.Failed", "(a.Succeeded || a.Skipped || a.Daemoned) && b.Failed"),
        ("!a-b.AnySucceeded", "!a-b.AnySucceeded"),
        ("kept", "(kept.Succeeded || kept.Skipped || kept.Daemoned || kept.Failed)"),
        ("both", "(both.Succeeded || both.Skipped || both.Daemoned || both.Errored || both.Failed)"),
    ],
)
def test_bare_names_are_written_out(text: str, logic: str) -> None:
    continue_on = {"kept": {"failed": True}, "both": {"failed": True, "error": True}, "a": None}
    assert depends.logic(text, continue_on=continue_on) == logic


def test_dependencies_are_joined() -> None:
    assert depends.logic(dependencies=["a", "b"]) == (
        "(a.Succeeded || a.Skipped || a.Daemoned) && (b.Succeeded || b.Skipped || b.Daemoned)"
    )
    assert depends.logic() == ""


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a.Succeeded && (b || a.Failed)", ["a", "b"]),
        ("build-image && !test-1.Failed", ["build-image", "test-1"]),
        ("a and b", ["a", "and", "b"]),
        ("a.succeeded", ["a", "succeeded"]),
    ],
)
def test_names_are_found_as_argo_finds_them(text: str, names: list[str]) -> None:
    assert depends.task_names(text) == names


def test_names_of_dependencies() -> None:
    assert depends.task_names(dependencies=["b", "a", "b"]) == ["b", "a"]


def test_results_of_loops() -> None:
    assert depends.loop_task_names("a.AnySucceeded || b.AllFailed || c.Failed || a.AllFailed") == ["a", "b"]


def test_an_unknown_result_is_refused() -> None:
    depends.check_results("a.Succeeded && b && c.Daemoned")
    with pytest.raises(ExpressionError, match=r"^task result 'Successful' for task 'a-b' is invalid$"):
        depends.check_results("a-b.Successful")


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("a-b.Succeeded && !c.Failed", True),
        ("a-b.Succeeded && c.Failed", False),
        ("(a-b.Failed || c.Skipped) && a-b.Succeeded", True),
        ("c.Omitted", False),
    ],
)
def test_is_evaluated(text: str, *, holds: bool) -> None:
    assert depends.evaluate(text, {"a-b": {"Succeeded": True}, "c": {"Skipped": True}}) is holds


def test_a_failing_condition_is_shown_as_it_was_evaluated() -> None:
    with pytest.raises(ExpressionError) as failure:
        depends.evaluate("a-b.Succeeded && x.Failed", {"a-b": {}})
    assert str(failure.value).splitlines()[0] == (
        "unable to evaluate expression 'a_b.Succeeded && x.Failed': unknown name x (1:18)"
    )
