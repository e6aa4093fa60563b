"""The functions that look at each element of a list.

The tables hold what the real library gave (expr-lang v1.17.8 with Argo's environment, sprig v3.3.0).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import go_text

ValueOf: TypeAlias = Callable[[str], Any]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("sum([1,2,3])", "6"),
        ("sum([1,2.5])", "3.5"),
        ("sum([])", "0"),
        ('sum([{"a":1},{"a":2}], .a)', "3"),
        ('sum([{"a":1},{"a":2}], #.a)', "3"),
        ("sum(1..10)", "55"),
        ("all([1,2],# > 0)", "true"),
        ("all([1,2],{# > 1})", "false"),
        ("all([],# > 1)", "true"),
        ("any([1,2],# > 1)", "true"),
        ("none([1,2],# > 2)", "true"),
        ("one([1,2],# > 1)", "true"),
        ("filter([1,2,3],# > 1)", "[2,3]"),
        ("filter(1..5, # % 2 == 0)", "[2,4]"),
        ('filter(fromJSON("{}"), # > 1)', "[]"),
        ('filter([{"a":1},{"a":2}], .a > 1)', '[{"a":2}]'),
        ('filter([{"a":1},{"a":2}], {.a > 1})', '[{"a":2}]'),
        ("map([1,2,3], # * 2)", "[2,4,6]"),
        ("map([1,2,3], {# * 2})", "[2,4,6]"),
        ('map(["a","b"], upper(#))', '["A","B"]'),
        ("map([1,2], #index)", "[0,1]"),
        ("map([[1,2],[3]], map(#, # * 2))", "[[2,4],[6]]"),
        ("map([[1,2],[3]], sum(#))", "[3,3]"),
        ("map([1,2], let x = # * 2; x + 1)", "[3,5]"),
        ("map([1,2], {let x = # * 2; x + 1})", "[3,5]"),
        ('map(1..3, # > 1 ? "big" : "small")', '["small","big","big"]'),
        ('map(1..3, if # > 1 { "big" } else { "small" })', '["small","big","big"]'),
        ("count([1,2,3], # > 1)", "2"),
        ("count([true,false])", "1"),
        ("find([1,2,3], # > 1)", "2"),
        ("find([1], # > 5)", "null"),
        ("findIndex([1,2,3], # > 1)", "1"),
        ("findIndex([1], # > 5)", "null"),
        ("findLast([1,2,3], # < 3)", "2"),
        ("findLastIndex([1,2,3], # < 3)", "1"),
        ("groupBy([1,2,3], # > 1)[true]", "[2,3]"),
        ("sortBy([3,1,2], #)", "[1,2,3]"),
        ('sortBy([3,1,2], #, "desc")', "[3,2,1]"),
        ('sortBy([{"a":2},{"a":1}], .a)', '[{"a":1},{"a":2}]'),
        ("reduce([1,2,3], #acc + #)", "6"),
        ("reduce([1,2,3], #acc + #, 10)", "16"),
        ("reduce([], #acc + #, 5)", "5"),
        ("reduce([1,2,3], #acc + # + #index)", "9"),
        ("[1,2] | map(# * 2) | sum()", "6"),
        ("fromJSON(tasks.a.outputs.result) | map(# + 1)", "[2,3,4]"),
        ('any(fromJSON(tasks.a.outputs.result), type(#) == "string")', "false"),
        ('toJson(map(1..3, {{"i": #}}))', r'"[{\"i\":1},{\"i\":2},{\"i\":3}]"'),
        ("sum(map(1..3, #))", "6"),
        ("filter(map(1..5, # * 2), # > 4)[0]", "6"),
        ("len(filter([1,2,3], # > 1))", "2"),
        ("first(filter([1,2,3], # > 1))", "2"),
        ("fromJSON('{\"a\":[1,2]}').a | sum()", "3"),
        ("[1, nil] | filter(# != nil)", "[1]"),
    ],
)
def test_predicates(value_of: ValueOf, expression: str, value: str) -> None:
    assert gojson.dumps(value_of(expression)) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('groupBy(["a","bb","c"], len(#))', "map[1:[a c] 2:[bb]]"),
        ("groupBy([1,2,3], # > 1)", "map[false:[1] true:[2 3]]"),
    ],
)
def test_predicates_as_go_prints_it(value_of: ValueOf, expression: str, text: str) -> None:
    assert go_text(value_of(expression)) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('sum(["a","b"])', "invalid operation: string + int (1:1)"),
        ('sum(["a"])', "invalid operation: string + int (1:1)"),
        ("toJson(groupBy([1,2],#>1))", "json: unsupported type: map[interface {}][]interface {} (1:1)"),
        ("filter([1],#)", "predicate should return boolean (got int) (1:12)"),
        ("filter(1,#)", "builtin filter takes only array (got int) (1:8)"),
        ('filter(fromJSON("1"), # > 1)', "reflect: call of reflect.Value.Len on float64 Value (1:1)"),
        ('filter(fromJSON("[1,2]"), # )', "interface conversion: interface {} is float64, not bool (1:1)"),
        ("map([1,2], index)", "unknown name index (1:12)"),
        ('map([1,2], # + "a")', "invalid operation: + (mismatched types int and string) (1:14)"),
        ('map(["a","b"], # + 1)', "invalid operation: + (mismatched types string and int) (1:18)"),
        ('map(split("a,b", ","), {"k": #})', 'unexpected token Operator(":") (1:28)'),
        ("map([1,2],#foo)", "unknown pointer #foo (1:11)"),
        ("count([1])", "interface conversion: interface {} is int, not bool (1:1)"),
        ('sortBy([1], #, "x")', "unknown order, use asc or desc (1:1)"),
        ("sortBy([1], #, 1)", "sortBy order argument must be a string (got int) (1:16)"),
        ('sortBy([1,"a"], #)', "invalid operation: string < int (1:1)"),
        ("reduce([], #acc + #)", "reduce of empty array with no initial value (1:1)"),
        ('reduce(["a"], #acc + #, nil)', "invalid operation: <nil> + string (1:20)"),
        ('map(1..3, {"i": #, "s": string(#)})', 'unexpected token Operator(":") (1:15)'),
        ("all(fromJSON('[1,\"x\"]'), #)", "interface conversion: interface {} is float64, not bool (1:1)"),
        ("all(fromJSON('[1,\"x\"]'), # > 0)", "invalid operation: string > int (1:28)"),
        ("map(fromJSON('{\"a\":1}'), #.x)", "reflect: call of reflect.Value.Index on map Value (1:26)"),
        ("filter(fromJSON('{\"a\":1}'), true)", "reflect: call of reflect.Value.Index on map Value (1:1)"),
        ("map([1,2], nil)", "predicate should has one input and one output param (1:12)"),
    ],
)
def test_predicates_fails(value_of: ValueOf, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        value_of(expression)
    assert str(failure.value).splitlines()[0] == message
