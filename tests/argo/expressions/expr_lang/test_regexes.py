import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions.expr_lang.regex_machine import Machine, Tree
from airflow_argo.argo.expressions.expr_lang.regexes import compiled
from airflow_argo.argo.expressions.expr_lang.source import Fault


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("(a+)+$", "a" * 60 + "!", False),
        ("^(a|a)*$", "a" * 60 + "!", False),
        ("^(a|aa)+b", "a" * 60, False),
        ("a?" * 30 + "a" * 30, "a" * 30, True),
        ("(.*)(.*)(.*)x", "y" * 2000, False),
        ("(x+x+)+y", "x" * 60 + "y", True),
    ],
)
@pytest.mark.timeout(10)
def test_what_backtracks_for_ever_is_found_or_not_at_once(pattern: str, text: str, expected: bool) -> None:
    assert compiled(pattern).matches(text) is expected


def test_a_search_that_takes_too_long_is_refused() -> None:
    with pytest.raises(Fault, match="takes too long"):
        compiled(".*.*.*foo").matches("x" * 200_000)


@pytest.mark.parametrize("pattern", ["a{1001}", "a{2,1001}", "(a{5}){1001,}"])
def test_a_repeat_count_is_limited_as_in_go(pattern: str) -> None:
    with pytest.raises(Fault, match=r"invalid repeat count: `\{"):
        compiled(pattern)


def test_a_count_in_brackets_is_no_repeat() -> None:
    assert compiled("[{1001}]+").matches("{}")


def test_repeats_of_repeats_are_refused_rather_than_unrolled() -> None:
    with pytest.raises(Fault, match="expression too large"):
        compiled("((a{1,1000}){1,1000})*b").matches("a" * 50)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [("a*", "baaac", ["", "aaa", ""]), ("b|", "abc", ["", "b", ""]), ("", "ab", ["", "", ""]), ("x", "ab", [])],
)
def test_an_empty_match_that_touches_another_does_not_count(pattern: str, text: str, expected: list[str]) -> None:
    assert [found[0] for found in compiled(pattern).find_all(text)] == expected


_ATOMS = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\d", r"\W", "^", r"\Z", r"\b", "(?i:a)", "[a-c]"])


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    # A repeat holds something that is not empty: of empty rounds RE2 and Python think differently.
    repeated = st.tuples(st.sampled_from("abc."), inner, st.sampled_from(["*", "+", "?", "*?", "+?", "??", "{1,2}"]))
    return st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]}|{pair[1]})"),
        repeated.map(lambda parts: f"(?:{parts[0]}{parts[1]}){parts[2]}"),
        inner.map(lambda pattern: f"({pattern})"),
    )


@given(st.recursive(_ATOMS, _larger, max_leaves=6), st.text("abcA1\n", max_size=8))
def test_the_machine_finds_what_backtracking_finds(pattern: str, text: str) -> None:
    expected = re.compile(pattern, re.ASCII).search(text)
    found = Machine(Tree(pattern)).search(text, 0)
    assert (found and found[:2]) == (expected and expected.span())
