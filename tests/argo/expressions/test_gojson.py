"""JSON and string literals as Go writes and reads them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError, InvalidJSONError
from airflow_argo.argo.expressions.expr_lang.values import AnyMap

TEXT = st.text(st.characters(codec="utf-8"))
NUMBERS = st.one_of(st.integers(-(2**63), 2**63), st.floats(-(2**53), 2**53))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1.0, 2.5]}, '{"a":[1,2.5],"b":1}'),
        ("<a & b>", '"\\u003ca \\u0026 b\\u003e"'),
        ("\u2028\u2029é🎉\x7f", '"\\u2028\\u2029é🎉\x7f"'),
        ("\x07\x1b\b\f\n", '"\\u0007\\u001b\\b\\f\\n"'),
        ([1e20, 1e21, 1e-6, 1e-7, 1.5e-7, -0.0], "[100000000000000000000,1e+21,0.000001,1e-7,1.5e-7,-0]"),
        ([None, True, b"abc"], '[null,true,"YWJj"]'),
        ("\ud800", '"\\ufffd"'),
        ([], "[]"),
    ],
)
def test_writes_as_go(value: Any, text: str) -> None:
    assert gojson.dumps(value) == text


def test_leaves_html_alone_on_request() -> None:
    assert gojson.dumps({"a": "<&>"}, html=False) == '{"a":"<&>"}'


def test_indents_as_go() -> None:
    assert gojson.dumps({"b": [1, {}], "a": []}, indent=2) == '{\n  "a": [],\n  "b": [\n    1,\n    {}\n  ]\n}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), AnyMap(a=1)])
def test_refuses_what_go_cannot_write(value: Any) -> None:
    with pytest.raises(ExpressionError, match="json: unsupported"):
        gojson.dumps(value)


@given(VALUES)
def test_what_is_written_reads_back(value: Any) -> None:
    assert gojson.loads(gojson.dumps(value)) == value
    assert gojson.loads(gojson.dumps(value, indent=2)) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "invalid character 'h' looking for beginning of value"),
        ("", "unexpected end of JSON input"),
        ("[1,2", "unexpected end of JSON input"),
        ("['a']", "invalid character '\\'' looking for beginning of value"),
        ("[1,]", "invalid character ']' looking for beginning of value"),
        ("[1 2]", "invalid character '2' after array element"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ("1 2", "invalid character '2' after top-level value"),
        ("é", "invalid character 'Ã' looking for beginning of value"),
        ('"a\\qb"', "invalid character 'q' in string escape code"),
        ('"a\\u12zz"', "invalid character 'z' in \\u hexadecimal character escape"),
        ('"a\tb"', "invalid character '\\t' in string literal"),
        ("tru", "invalid character ' ' in literal true (expecting 'e')"),
        ("nulx", "invalid character 'x' in literal null (expecting 'l')"),
        ("-", "invalid character ' ' in numeric literal"),
        ("1.", "invalid character ' ' after decimal point in numeric literal"),
        ("1e+", "invalid character ' ' in exponent of numeric literal"),
        ("01", "invalid character '1' after top-level value"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
    ],
)
def test_says_like_go_why_it_is_not_json(text: str, message: str) -> None:
    with pytest.raises(InvalidJSONError) as failure:
        gojson.loads(text)
    assert str(failure.value) == message


@given(st.text(st.sampled_from('[]{},:"\\utruefalsn 0123456789.eE+-x\n'), max_size=12))
def test_a_fault_is_found_exactly_where_the_text_is_refused(text: str) -> None:
    assert gojson.valid(text) == (gojson.fault(text) == "")


def test_reads_numbers_as_asked() -> None:
    assert gojson.loads("[1.50, 2]", number=str) == ["1.50", "2"]
    assert [type(number) for number in gojson.loads("[1, 1.0]")] == [int, float]
    assert type(gojson.loads("1", number=gojson.float_number)) is float


def test_half_a_surrogate_pair_is_replaced() -> None:
    assert gojson.loads('["\\ud800x", "\\ud83d\\ude00"]') == ["\ufffdx", "😀"]


def test_deep_nesting_is_an_error_and_no_crash() -> None:
    with pytest.raises(InvalidJSONError, match="exceeded max depth"):
        gojson.loads("[" * 100_000)


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("plain é 🎉", "plain é 🎉"),
        ('"\\', '\\"\\\\'),
        ("\a\b\f\n\r\t\v", "\\a\\b\\f\\n\\r\\t\\v"),
        ("\x1b[31m\x00\x7f", "\\x1b[31m\\x00\\x7f"),
        ("\xa0\u200b", "\\u00a0\\u200b"),
        ("\U000e0001", "\\U000e0001"),
    ],
)
def test_quotes_as_go(text: str, quoted: str) -> None:
    assert gojson.quote(text) == quoted


@given(st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" \n\t\r\b\f")))
def test_quoted_text_is_json_unless_it_has_unusual_control_characters(text: str) -> None:
    assert gojson.loads(f'"{gojson.quote(text)}"') == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e3, "1000"),
        (12345678901234567890, "12345678901234567000"),
        (0.00001, "0.00001"),
        (1e21, "1000000000000000000000"),
        (True, "true"),
        ("1.50", "1.50"),
        (None, ""),
    ],
)
def test_a_parameter_becomes_text(value: Any, text: str) -> None:
    assert gojson.anystring(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(100000.0, "100000"), (1e6, "1e+06"), (1234567.0, "1.234567e+06"), (0.0001, "0.0001"), (0.00001, "1e-05")],
)
def test_a_float_is_printed_as_go_prints_it(value: float, text: str) -> None:
    assert gojson.shortest_float(value) == text
