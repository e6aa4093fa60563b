"""The grammar: where an error is, and that nothing else can happen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import environment, evaluate, identifiers, names_used, parse

OPERANDS = [
    "1",
    "2.5",
    "0x1F",
    "1_0",
    "'a'",
    '"b"',
    "`r`",
    "b'x'",
    "nil",
    "true",
    "item",
    "inputs.a",
    "x",
    "#",
    ".a",
    "#acc",
]
SYMBOLS = [
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "+",
    "-",
    "*",
    "/",
    "%",
    "**",
    "==",
    "!=",
    "<",
    "&&",
    "??",
    "?",
    ":",
    "?.",
    ".",
    ",",
]
WORDS = ["or", "not", "!", "in", "..", ";", "|", "let", "x =", "if", "else", "::", "$env", "[1,2]", "{a: 1}"]
CALLS = [
    "len(",
    "map(",
    "filter(",
    "fromJSON(",
    "sum(",
    "split(",
    "reduce(",
    "sprig.add(",
    "replace(",
    "get(",
    "sortBy(",
]
PIECES = st.sampled_from(OPERANDS + SYMBOLS + WORDS + CALLS)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("{'b': 1", "unexpected token EOF (1:7)\n | {'b': 1\n | ......^"),
        ("1 +\n+ *", 'unexpected token Operator("*") (2:3)\n | + *\n | ..^'),
        ("\ta b", 'unexpected token Identifier("b") (1:4)\n |  a b\n | ...^'),
        ("", "unexpected token EOF"),
    ],
)
def test_an_error_shows_its_place(expression: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        parse(expression)
    assert str(failure.value) == message


@given(st.one_of(st.text(), st.lists(PIECES, max_size=12).map(" ".join)))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse(text)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@given(st.lists(PIECES, max_size=8).map(" ".join))
def test_any_expression_is_computed_or_refused(text: str) -> None:
    try:
        evaluate(text, environment({"item": "7", "inputs.a": "x"}))
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@pytest.mark.parametrize("expression", ["(" * 5000, "!" * 5000 + "true", "1" + "+1" * 20000, "[" * 3000 + "]" * 3000])
def test_depth_is_bounded(expression: str) -> None:
    with pytest.raises(ExpressionError, match=r"nested too deeply|exceeds maximum allowed nodes"):
        evaluate(expression, {})


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("a.b.c + a.d", ["a", "a.b", "a.b.c", "a.d"]),
        ("a['b-c']", ["a", "a.b-c"]),
        ("a[b]", ["a", "b"]),
        ("a.b ?? c.d", ["a", "c", "c.d"]),
        ("a?.b.c", ["a"]),
        ("toJson(map(a, # + b))", ["toJson", "a", "b"]),
    ],
)
def test_identifiers(expression: str, names: list[str]) -> None:
    assert identifiers(parse(expression)) == names


def test_names_that_an_environment_may_hold() -> None:
    assert set(names_used(parse("let x = a.b; x + c"))) == {"x", "a", "c"}


def test_a_variable_hides_a_function_of_its_name() -> None:
    assert evaluate("duration == '5' ? 'yes' : 'no'", environment({"duration": "5"})) == "yes"
    with pytest.raises(ExpressionError, match="string is not callable"):
        evaluate("duration('1h')", environment({"duration": "5"}))
    assert evaluate("string(::duration('1h'))", environment({"duration": "5"})) == "1h0m0s"
