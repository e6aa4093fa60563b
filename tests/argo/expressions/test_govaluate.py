"""``when``: the table holds what the real govaluate gave, as Argo v4.1.2 uses it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.govaluate import evaluate_when

STAGES = {
    "read": "Invalid 'when' expression '{}': ",
    "parse": "Failed to parse 'when' expression '{}': ",
    "evaluate": "Failed to evaluate 'when' expresion '{}': ",
    "boolean": "Expected boolean evaluation for '{}'. Got ",
}
HINT = ' (hint: try wrapping the affected expression in quotes ("))'


@pytest.mark.parametrize(
    "when",
    [
        "",
        "true",
        "true == true",
        "'true' == 'true'",
        "1 == 1.0",
        "1/2 == 0.5",
        "0x10 == 16",
        "5 % 2 == 1",
        "2 ** 3 == 8",
        "2 ** 3 ** 2 == 64",
        "a + b == ab",
        "a + 1 == a1",
        "10 > 9",
        "abc > abb",
        "F in (F, E)",
        "F IN (F, E)",
        "F in ('F', 'E')",
        "F in (F, 1, true)",
        "1 in (1, 2)",
        "heads =~ hea",
        "heads !~ tai",
        "'xheads' =~ 'hea.*'",
        "'a\" == 'a'",
        "'2020-01-01' < '2021-01-01'",
        "'2020-01-01' == '2020-01-01'",
        "2020-01-01 == 2018",
        "'2020-01-01T00:00:00Z' == '2020-01-01'",
        "'2020-01-01 10:00' > '2020-01-01'",
        "'2020-01-01' == 1577836800",
        "1 == 1 ? true : false",
        "[foo bar] == 'foo bar'",
        "'' == ''",
        '"" != "a"',
        "true && true",
        "true || false",
        "!false",
        "-1 == -1",
        "-1 < 0",
        "- 1 == -1",
        "1 - 1 == 0",
        "1-1 == 0",
        "1 -1 == 0",
        "2 - 1 - 1 == 0",
        "8 / 2 / 2 == 2",
        "2 * 3 + 4 == 10",
        "2 + 3 * 4 == 14",
        "(2 + 3) * 4 == 20",
        "1 + 2 + 3 - 4 * 2 == -2",
        "7 & 3 == 3",
        "1 | 2 == 3",
        "5 ^ 1 == 4",
        "1 << 3 == 8",
        "16 >> 2 == 4",
        "~1 == -2",
        "1 == 1 && 2 == 2 || 3 == 4",
        "() == ()",
        "(true) false",
        "true == true == true",
        "1 < 2 == true",
        "'a' == \"a\"",
        "a == a",
        "a != b",
        "a >= a",
        "a <= b",
        "1 >= 1",
        "nil == nil",
        "null == null",
        "a_b == a_b",
        "ä == ä",
        r"a\-b == 'a-b'",
        "'a\\'b' == \"a\\'b\"",
        r"'a\\b' == 'a\\b'",
        "1. == 1",
        ".5 == 0.5",
        "0 == 0",
        "00 == 0",
        "1 in (1, 2) && true",
        "a in (b, c) || a in (a, d)",
        "(a in (b, c)) == false",
        "'Succeeded' == 'Succeeded' && '5' > '10'",
        '"" == ""',
        "'x' =~ ''",
        "(true ? 1 : 2) == 1",
        'a=="a"',
        "5>3",
        "'a' + 'b' == 'ab'",
        "1 / 0 > 5",
        "'3:04PM' == '3:04PM'",
        "!(a == b)",
        "! (a == b)",
        "-(1) == -1",
        "1 > 2 ? 3 : true",
        "'*' == '*'",
    ],
)
def test_runs(when: str) -> None:
    assert evaluate_when(when)


@pytest.mark.parametrize(
    "when",
    [
        "false",
        "true == 'true'",
        "True == true",
        "1 == '1'",
        "'10' > '9'",
        "!(F in (F, E))",
        "x =~ 'hea.*'",
        "1 == 2 ? true : false",
        "false ?? true",
        "true && false",
        "false && 'x'",
        "!true",
        "1 == 2 || 1 == 1 && 2 == 3",
        "a == b == c",
        "a=='b'&&c=='c'",
        "5 % 0 == 1",
        "(a ==)",
        "a > b ? true : false",
    ],
)
def test_does_not_run(when: str) -> None:
    assert not evaluate_when(when)


@pytest.mark.parametrize(
    ("when", "stage", "message"),
    [
        ("1 + a == 1a", "read", "Cannot transition token types from NUMERIC [1] to VARIABLE [a]"),
        ("10 > '9'", "evaluate", "Value '10' cannot be used with the comparator '>', it is not a number"),
        ("abc > 1", "evaluate", "Value 'abc' cannot be used with the comparator '>', it is not a number"),
        ("foo-bar == foo-bar", "evaluate", "Value 'foo' cannot be used with the modifier '-', it is not a number"),
        ("a/b == a/b", "evaluate", "Value 'a' cannot be used with the modifier '/', it is not a number"),
        (" == foo", "read", "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [==]"),
        ("foo ==", "read", "Unexpected end of expression"),
        ("1.2.3 == 1.2.3", "read", "Unable to parse numeric value '1.2.3' to float64\n"),
        ("v1.2 == v1.2", "evaluate", "No parameter 'v1' found."),
        ("foo.bar == foo.bar", "read", "Unable to access unexported field 'bar' in token 'foo.bar'"),
        ("foo.Bar == foo.Bar", "evaluate", "No parameter 'foo' found."),
        ("foo. == foo", "read", "Hanging accessor on token 'foo.'"),
        ("3abc == 3abc", "read", "Cannot transition token types from NUMERIC [3] to VARIABLE [abc]"),
        ("user@x == user@x", "read", "Invalid token: '@'"),
        ("http://x == http://x", "read", "Invalid token: '://'"),
        ('{"a":1} == 1', "read", "Invalid token: '{'"),
        ("F in (F)", "evaluate", "Value 'F' cannot be used with the comparator 'in', it is not a number"),
        ("F not in (F, E)", "read", "Cannot transition token types from VARIABLE [F] to VARIABLE [not]"),
        ("not true", "read", "Cannot transition token types from VARIABLE [not] to BOOLEAN [true]"),
        ("a and b", "read", "Cannot transition token types from VARIABLE [a] to VARIABLE [and]"),
        ("a or b", "read", "Cannot transition token types from VARIABLE [a] to VARIABLE [or]"),
        ("heads =~ '['", "read", "error parsing regexp: missing closing ]: `[`"),
        ("heads =~ 1", "evaluate", "Value '1' cannot be used with the comparator '=~', it is not a number"),
        ("1 =~ heads", "evaluate", "Value '1' cannot be used with the comparator '=~', it is not a number"),
        ('"it\'s" == "its"', "read", "Unclosed string literal"),
        ("'x' ? true : false", "evaluate", "Value 'x' cannot be used with the ternary operator '?', it is not a bool"),
        ("[foo bar", "read", "Unclosed parameter bracket"),
        ('"false"', "boolean", "false"),
        ("foo", "boolean", "foo"),
        ("1", "boolean", "1"),
        ("{{item}} == 1", "read", "Invalid token: '{{'"),
        ("{{x", "read", "Invalid token: '{{'"),
        ("true && 'x'", "evaluate", "Value 'x' cannot be used with the logical operator '&&', it is not a bool"),
        ("false || 'x'", "evaluate", "Value 'x' cannot be used with the logical operator '||', it is not a bool"),
        ("'x' && true", "evaluate", "Value 'x' cannot be used with the logical operator '&&', it is not a bool"),
        ("!foo", "parse", "Cannot transition token types from PREFIX [!] to STRING [foo]"),
        ("!!true", "read", "Invalid token: '!!'"),
        ("(true", "read", "Unbalanced parenthesis"),
        ("true)", "read", "Unbalanced parenthesis"),
        ("()", "boolean", "<nil>"),
        ("(1)(2)", "boolean", "1"),
        ("true true", "read", "Cannot transition token types from BOOLEAN [true] to BOOLEAN [true]"),
        ("foo bar", "read", "Cannot transition token types from VARIABLE [foo] to VARIABLE [bar]"),
        ("foo(1)", "read", "Undefined function foo"),
        ("foo (1) == 1", "read", "Undefined function foo"),
        ("'a' > 1", "evaluate", "Value 'a' cannot be used with the comparator '>', it is not a number"),
        ("5 > true", "evaluate", "Value '5' cannot be used with the comparator '>', it is not a number"),
        ("_a == _a", "read", "Invalid token: '_'"),
        ("1e3 == 1000", "read", "Cannot transition token types from NUMERIC [1] to VARIABLE [e3]"),
        (". == 1", "read", "Unable to parse numeric value '.' to float64\n"),
        ("0x == 0", "read", "Unable to parse hex value '' to uint64\n"),
        ("0xZZ == 1", "read", "Unable to parse hex value '' to uint64\n"),
        ("1, 2", "boolean", "[1 2]"),
        ("(1, 2)", "boolean", "[1 2]"),
        ("true ? 1 : 2", "boolean", "1"),
        ("a==-1", "read", "Invalid token: '==-'"),
        ("5 > 3 > 1", "evaluate", "Value 'true' cannot be used with the comparator '>', it is not a number"),
        ("== ==", "read", "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [==]"),
        ("&& true", "read", "Cannot transition token types from UNKNOWN [<nil>] to LOGICALOP [&&]"),
        ("true &&", "read", "Unexpected end of expression"),
        (",", "read", "Cannot transition token types from UNKNOWN [<nil>] to SEPARATOR [,]"),
        ("? :", "read", "Cannot transition token types from UNKNOWN [<nil>] to TERNARY [?]"),
        ("a ? b", "evaluate", "Value 'a' cannot be used with the ternary operator '?', it is not a bool"),
        ('"unclosed', "read", "Unclosed string literal"),
        ("'a' - 'b' == 'ab'", "evaluate", "Value 'a' cannot be used with the modifier '-', it is not a number"),
        ("true + 1 == 2", "evaluate", "Value 'true' cannot be used with the modifier '+', it is not a number"),
        ("F in (F, E,)", "read", "Cannot transition token types from SEPARATOR [,] to CLAUSE_CLOSE [41]"),
        ("F in ()", "evaluate", "Value '<nil>' cannot be used with the comparator 'in', it is not a number"),
        ("(1 >) == 1", "evaluate", "Value '1' cannot be used with the comparator '>', it is not a number"),
        ("-'a' == 1", "read", "Cannot transition token types from PREFIX [-] to STRING [a]"),
        ("1;2", "read", "Invalid token: ';'"),
        ("#a == 1", "read", "Invalid token: '#'"),
        ("$a == $a", "read", "Invalid token: '$'"),
        ("%a", "read", "Cannot transition token types from UNKNOWN [<nil>] to MODIFIER [%]"),
        ("a%b == 1", "evaluate", "Value 'a' cannot be used with the modifier '%', it is not a number"),
        ("a*b == 1", "evaluate", "Value 'a' cannot be used with the modifier '*', it is not a number"),
        ("* == *", "read", "Cannot transition token types from UNKNOWN [<nil>] to MODIFIER [*]"),
        ("a|b == a", "evaluate", "Value 'a' cannot be used with the modifier '|', it is not a number"),
        ("1 <> 2", "read", "Invalid token: '<>'"),
        ("1 = 1", "read", "Invalid token: '='"),
        ("1 === 1", "read", "Invalid token: '==='"),
        ("!= 1", "read", "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [!=]"),
        ("in (a, b)", "read", "Cannot transition token types from UNKNOWN [<nil>] to COMPARATOR [in]"),
        ("a in b", "evaluate", "Value 'b' cannot be used with the comparator 'in', it is not a number"),
        ("a in 'b'", "evaluate", "Value 'b' cannot be used with the comparator 'in', it is not a number"),
        ("a in (b c)", "read", "Cannot transition token types from VARIABLE [b] to VARIABLE [c]"),
        ("true.Foo == 1", "evaluate", "No parameter 'true' found."),
        ("12:30 == 12:30", "boolean", "12"),
        ("2020-01-01T00:00:00Z == 1", "read", "Cannot transition token types from NUMERIC [1] to VARIABLE [T00]"),
        ("main.py == main.py", "read", "Unable to access unexported field 'py' in token 'main.py'"),
        ("dev,prod == dev", "boolean", "[dev false]"),
    ],
)
def test_cannot_be_decided(when: str, stage: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        evaluate_when(when)
    hint = HINT if "Invalid token" in message else ""
    assert str(failure.value) == STAGES[stage].format(when) + message + hint


_PIECES = st.sampled_from(
    ["1", "a", "'b'", "true", "==", "!=", "&&", "||", "(", ")", "in", ",", "!", "-", "+", "?", ":", "=~", "{{", "[x]"]
)


@given(st.one_of(st.text(), st.lists(_PIECES).map(" ".join)))
def test_any_text_is_decided_or_refused(when: str) -> None:
    try:
        assert evaluate_when(when) in (True, False)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is right


@given(st.text(st.characters(codec="utf-8", exclude_characters="'\"\\")))
def test_quoted_text_equals_itself(text: str) -> None:
    assert evaluate_when(f"'{text}' == '{text}'")
