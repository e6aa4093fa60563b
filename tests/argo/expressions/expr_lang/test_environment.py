"""What an expression finds."""

from __future__ import annotations

import time

import pytest

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import check, environment, evaluate, evaluate_bool
from airflow_argo.argo.expressions.expr_lang.sprig import LEFT_OUT, SPRIG


def test_names_are_expanded_at_their_dots() -> None:
    scope = {"steps.a-b.status": "Succeeded", "workflow.labels.app.kubernetes.io/name": "n", "x": None}
    env = environment(scope)
    assert env["steps"] == {"a-b": {"status": "Succeeded"}}
    assert env["workflow"] == {"labels": {"app": {"kubernetes": {"io/name": "n"}}}}
    assert env["x"] is None


def test_a_longer_name_beats_its_beginning() -> None:
    assert environment({"item": "whole", "item.k": "part", "item-x": "1"})["item"] == {"k": "part"}


def test_only_what_is_wanted_is_expanded() -> None:
    env = environment({"a.b": "1", "c.d": "2"}, ["a"])
    assert env["a"] == {"b": "1"}
    assert "c" not in env


def test_conditions_give_booleans() -> None:
    env = environment({"steps.a.status": "Failed"})
    assert evaluate_bool("steps.a.status == 'Failed'", env)
    assert not evaluate_bool("steps['a'].status == 'Error'", env)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("asInt('x') == 1", "unable to evaluate expression 'asInt('x') == 1': invalid operation: int(x) (1:1)"),
        ("'a'", "unable to cast expression result 'a' to bool"),
        ("1", "unable to cast expression result '%!s(int=1)' to bool"),
        ("nil", "unable to cast expression result '%!s(<nil>)' to bool"),
        ("[1,'a',nil]", "unable to cast expression result '[%!s(int=1) a <nil>]' to bool"),
        ("{'a': true}", "unable to cast expression result 'map[a:%!s(bool=true)]' to bool"),
        ("duration('1m')", "unable to cast expression result '1m0s' to bool"),
        ("nosuch", "unknown name nosuch (1:1)"),
    ],
)
def test_other_conditions_are_refused(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        evaluate_bool(expression, environment({}))
    assert str(failure.value).splitlines()[0] == message


def test_a_check_does_not_compute() -> None:
    check("asInt('x') + inputs.parameters.later", environment({"inputs.parameters.a": "1"}))
    with pytest.raises(ExpressionError, match="unknown name nosuch"):
        check("true ? 1 : nosuch", environment({}))


def test_what_is_given_to_sprig_is_not_checked() -> None:
    check("sprig.trim(nosuch)", environment({}))


def test_the_same_expression_sees_each_environment() -> None:
    values = [evaluate("a + a", environment({"a": value})) for value in ("x", "y")]
    assert values == ["xx", "yy"]
    assert evaluate("a + a", {"a": 2}) == 4
    assert evaluate("map(1..2, # * int(n))", environment({"n": "3"})) == [3, 6]
    assert evaluate("map(1..2, # * int(n))", environment({"n": "5"})) == [5, 10]


@pytest.mark.parametrize("name", LEFT_OUT)
def test_a_function_that_is_left_out_fails_by_name(name: str) -> None:
    with pytest.raises(ExpressionError, match=f"sprig.{name} is not supported"):
        evaluate(f"sprig.{name}('a')", environment({}))


def test_argo_takes_two_functions_of_sprig_away() -> None:
    assert "env" not in SPRIG
    assert "expandenv" not in SPRIG
    with pytest.raises(ExpressionError, match=r"cannot call nil \(1:7\)"):
        evaluate("sprig.env('HOME')", environment({}))


@pytest.mark.parametrize(
    "expression",
    ["1..1000000", "repeat('ab', 500000)", "map(1..9, repeat('a', 200000))", "sprig.repeat(1000000, 'a')"],
)
def test_memory_is_bounded(expression: str) -> None:
    with pytest.raises(ExpressionError, match="memory budget exceeded"):
        evaluate(expression, environment({}))


@pytest.mark.parametrize(
    "expression",
    [
        "reduce(1..20, #acc + #acc, repeat('a', 90000))",
        "replace(repeat('a', 90000), '', repeat('b', 90000))",
        "join(map(1..90000, ''), repeat('a', 90000))",
    ],
)
def test_text_is_bounded(expression: str) -> None:
    with pytest.raises(ExpressionError, match="memory budget exceeded"):
        evaluate(expression, environment({}))


def test_an_expression_cannot_take_functions_away_from_others() -> None:
    evaluate("sprig.unset(sprig, 'upper')", environment({}))
    assert evaluate("sprig.upper('a')", environment({})) == "A"


def test_ten_thousand_elements_are_quick() -> None:
    env = environment({"rows": "1000000", "per": "100"})
    limit = "min(int(per), int(rows) - # * int(per))"
    expression = f'map(0..int(int(rows) / int(per)) - 1, {{{{"offset": # * int(per), "limit": {limit}}}}})'
    started = time.process_time()
    assert len(evaluate(expression, env)) == 10_000
    assert time.process_time() - started < 1
