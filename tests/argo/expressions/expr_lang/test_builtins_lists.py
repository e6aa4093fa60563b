"""The language's functions for lists and maps.

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
        ('len("héllo")', "5"),
        ("len([1,2])", "2"),
        ('len({"a":1})', "1"),
        ("type(1)", '"int"'),
        ("type(1.0)", '"float"'),
        ('type("a")', '"string"'),
        ("type([1])", '"array"'),
        ("type({})", '"map"'),
        ("type(nil)", '"nil"'),
        ("type(true)", '"bool"'),
        ("type(toJson)", '"func"'),
        ("type(1..2)", '"array"'),
        ('type(b"ab")', '"array"'),
        ('type(split("a,b",","))', '"array"'),
        ("first([1,2])", "1"),
        ("first([])", "null"),
        ("first(fromJSON('\"abc\"'))", "97"),
        ("last([1,2])", "2"),
        ("last([])", "null"),
        ("get([1,2],1)", "2"),
        ("get([1,2],5)", "null"),
        ('get({"a":1},"a")', "1"),
        ('get({"a":1},"b")', "null"),
        ("take([1,2,3],2)", "[1,2]"),
        ("take([1,2,3],5)", "[1,2,3]"),
        ('len(keys({"a":1,"b":2}))', "2"),
        ('values({"a":1})', "[1]"),
        ('toPairs({"a":1})', '[["a",1]]'),
        ('fromPairs([["a",1]]).a', "1"),
        ('fromPairs([["a",1]])["a"]', "1"),
        ('toPairs(fromPairs([["a",1]]))', '[["a",1]]'),
        ("reverse([1,2,3])", "[3,2,1]"),
        ('uniq([1,2,1,"a","a",1.0])', '[1,2,"a"]'),
        ('concat([1],[2],["a"])', '[1,2,"a"]'),
        ("concat(1..2, [3])", "[1,2,3]"),
        ("flatten([1,[2,[3]]])", "[1,2,3]"),
        ("sort([3,1,2])", "[1,2,3]"),
        ('sort([3,1,2],"desc")', "[3,2,1]"),
        ('sort(["b","a"])', '["a","b"]'),
        ("sort([1.5,1])", "[1,1.5]"),
        ('get($env, "item")', '"7"'),
        ('get($env, "nosuch")', "null"),
        ("len(1..999999)", "999999"),
        ('len("🎉")', "1"),
        ('"a" in keys({"a":1})', "true"),
        ('"abc" | trim() | upper() | len()', "3"),
    ],
)
def test_lists(value_of: ValueOf, expression: str, value: str) -> None:
    assert gojson.dumps(value_of(expression)) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('fromPairs([["a",1],["b",2]])', "map[a:1 b:2]"),
    ],
)
def test_lists_as_go_prints_it(value_of: ValueOf, expression: str, text: str) -> None:
    assert go_text(value_of(expression)) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("len(nil)", "invalid argument for len (type %!s(<nil>)) (1:1)"),
        ("len(1)", "invalid argument for len (type int) (1:1)"),
        ('len(fromJSON("1"))', "invalid argument for len (type float64) (1:1)"),
        ('first("abc")', "cannot get first element from string (1:1)"),
        ('get([1,2],"a")', "non-integer slice index string (1:11)"),
        ('get({"a":1},1)', "cannot use int to get an element from map[string]interface {} (1:13)"),
        ('get(nil,"a")', "type unknown does not support indexing (1:5)"),
        ('get(1,"a")', "type int does not support indexing (1:5)"),
        ('get("abc",0)', "type string does not support indexing (1:5)"),
        ('get(fromJSON("[1]"),"a")', "invalid operation: int(string) (1:1)"),
        ('take("abc",2)', "cannot take from string (1:1)"),
        ("take([1],1.5)", "cannot take float64 elements (1:1)"),
        ("take([1,2,3],-1)", "reflect.Value.Slice: slice index out of bounds (1:1)"),
        ("keys(1)", "cannot get keys from int (1:1)"),
        ('keys(fromJSON("1"))', "cannot get keys from float64 (1:1)"),
        ("toPairs(1)", "cannot transform int to pairs (1:1)"),
        ('fromPairs([["a"]])', "invalid pair length [a] (1:1)"),
        ("fromPairs([1])", "invalid pair 1 (1:1)"),
        ("fromPairs(1)", "cannot transform int from pairs (1:1)"),
        ('toJson(fromPairs([["a",1]]))', "json: unsupported type: map[interface {}]interface {} (1:1)"),
        ('reverse("abc")', "cannot reverse string (1:1)"),
        ("concat()", "invalid number of arguments (expected at least 1, got 0) (1:1)"),
        ("concat([1],2)", "cannot concat int (1:1)"),
        ("flatten(1)", "cannot flatten int (1:1)"),
        ('sort([1,"a"])', "invalid operation: string < int (1:1)"),
        ('sort([3,1],"x")', "invalid order x, expected asc or desc (1:1)"),
        ("sort(1)", "cannot use int as argument (type []int) to call sort  (1:6)"),
        ("len(1..1000000)", "memory budget exceeded (1:6)"),
    ],
)
def test_lists_fails(value_of: ValueOf, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        value_of(expression)
    assert str(failure.value).splitlines()[0] == message
