"""The language's functions for numbers.

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
        ("int(item) + 1", "8"),
        ('asInt("+5")', "5"),
        ("asInt(2.9)", "2"),
        ("asInt(-2.9)", "-2"),
        ('asFloat("1e3")', "1000"),
        ('asFloat("0x1p-2")', "0.25"),
        ('asFloat("1_0")', "10"),
        ('asFloat(".5")', "0.5"),
        ('asFloat("5.")', "5"),
        ('int("12")', "12"),
        ("int(1e30)", "-9223372036854775808"),
        ('float("1.5")', "1.5"),
        ("float(3)", "3"),
        ("abs(-5)", "5"),
        ("abs(-5.5)", "5.5"),
        ("ceil(1.2)", "2"),
        ("ceil(3)", "3"),
        ("floor(-1.2)", "-2"),
        ("round(2.5)", "3"),
        ("round(-2.5)", "-3"),
        ("round(0.49999999999999994)", "0"),
        ("min(1,2)", "1"),
        ("min(1,2.5)", "1"),
        ("min([1,2,0])", "0"),
        ("min([])", "null"),
        ("max(1, [5, 2.5], 3)", "5"),
        ("max([[1,9],[3]])", "9"),
        ("mean([1,2,4])", "2.3333333333333335"),
        ("mean(1,2)", "1.5"),
        ("mean([])", "0"),
        ("median([3,1,2])", "2"),
        ("median([1,2,3,4])", "2.5"),
        ("median([])", "0"),
        ("bitand(6,3)", "2"),
        ("bitor(6,3)", "7"),
        ("bitxor(6,3)", "5"),
        ("bitnand(6,3)", "4"),
        ("bitnot(5)", "-6"),
        ("bitshl(1,3)", "8"),
        ("bitshl(1,64)", "0"),
        ("bitshr(-8,1)", "-4"),
        ("bitushr(-8,1)", "9223372036854775804"),
        ('inputs.parameters.s matches "^[0-9]+$" ? int(inputs.parameters.s) : 0', "0"),
        ('inputs.parameters.n matches "^[0-9]+$" ? int(inputs.parameters.n) : 0', "3"),
        ("1 | asInt()", "1"),
        ("1..int(inputs.parameters.n)", "[1,2,3]"),
        ("round(-0.4)", "-0"),
        ("round(1e300)", "1e+300"),
    ],
)
def test_numbers(value_of: ValueOf, expression: str, value: str) -> None:
    assert gojson.dumps(value_of(expression)) == value


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ('asFloat("inf")', "+Inf"),
        ('asFloat("nan")', "NaN"),
    ],
)
def test_numbers_as_go_prints_it(value_of: ValueOf, expression: str, text: str) -> None:
    assert go_text(value_of(expression)) == text


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ('asInt("x")', "invalid operation: int(x) (1:1)"),
        ('asInt(" 3 ")', "invalid operation: int( 3 ) (1:1)"),
        ('asInt("1.5")', "invalid operation: int(1.5) (1:1)"),
        ('asInt("0x10")', "invalid operation: int(0x10) (1:1)"),
        ('asInt("")', "invalid operation: int() (1:1)"),
        ('asInt("1_0")', "invalid operation: int(1_0) (1:1)"),
        ("asInt(nil)", "reflect: call of reflect.Value.Type on zero Value (1:1)"),
        ("asInt(true)", "invalid operation: int(bool) (1:1)"),
        ("asInt([1])", "invalid operation: int([]interface {}) (1:1)"),
        ("asInt()", "not enough arguments to call asInt (1:1)"),
        ("asInt(1,2)", "too many arguments to call asInt (1:1)"),
        ('asFloat("x")', "invalid operation: float(x) (1:1)"),
        ('asFloat("1e999")', "invalid operation: float(1e999) (1:1)"),
        ('int("99999999999999999999")', "invalid operation: int(99999999999999999999) (1:1)"),
        ("int([])", "invalid argument for int (type []interface {}) (1:1)"),
        ("int({})", "invalid argument for int (type map[string]interface {}) (1:1)"),
        ("int(nil)", "invalid argument for int (type %!s(<nil>)) (1:1)"),
        ("int(true)", "invalid argument for int (type bool) (1:1)"),
        ("float(nil)", "invalid argument for float (type %!s(<nil>)) (1:1)"),
        ('abs("a")', "invalid argument for abs (type string) (1:1)"),
        ('floor("a")', "invalid argument for floor (type string) (1:1)"),
        ("min()", "not enough arguments to call min (1:1)"),
        ('min("a")', "invalid argument for min (type string) (1:1)"),
        ('min("a","b")', "invalid argument for min (type string) (1:1)"),
        ('max([1,"a"])', "invalid argument for max (type string) (1:1)"),
        ('mean(["a"])', "invalid argument for mean (type string) (1:1)"),
        ("bitshl(1,-1)", "invalid operation: negative shift count -1 (type int) (1:1)"),
        ("bitand(1.5,1)", "cannot use float64 as argument (type int) to call bitand  (1:8)"),
    ],
)
def test_numbers_fails(value_of: ValueOf, expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        value_of(expression)
    assert str(failure.value).splitlines()[0] == message
