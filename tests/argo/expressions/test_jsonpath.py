"""JSONPath; what is expected is what evilmonkeyinc/jsonpath v0.8.1 gave."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions import jsonpath
from airflow_argo.argo.expressions.errors import ExpressionError

DOCUMENT: dict[str, Any] = {
    "book": [
        {"kind": "reference", "author": "A", "price": 8.95, "ok": True},
        {"kind": "fiction", "author": "B", "price": 12.99, "ok": False},
        {"kind": "fiction", "author": "C", "price": 8.99, "isbn": "0", "n": 0.0},
    ],
    "limit": 10.0,
    "list": [1.0, 2.0, 3.0, 4.0],
    "o k": 1.0,
    "nothing": None,
    "text": "héllo",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.limit", 10.0),
        ("$.book[0].author", "A"),
        ("$['book'][-1]['author']", "C"),
        ('$["o k"]', 1.0),
        ("$.nothing", None),
        ("$.list.length", 4),
        ("$.text.length", 6),
    ],
)
def test_a_definite_path_gives_the_value(path: str, found: Any) -> None:
    assert jsonpath.query(path, DOCUMENT) == found


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.book[*].author", ["A", "B", "C"]),
        ("$.book.*.isbn", ["0"]),
        ("$..author", ["A", "B", "C"]),
        ("$..book[1].author", ["B"]),
        ("$.book[0,2].author", ["A", "C"]),
        ("$.book[0,9].author", ["A"]),
        ("$['limit','o k']", [10.0, 1.0]),
        ("$.list[1:3]", [2.0, 3.0]),
        ("$.list[-2:]", [3.0, 4.0]),
        ("$.list[::-1]", [4.0, 3.0, 2.0, 1.0]),
        ("$.list[5:9]", []),
        ("$.book[?(@.n)].author", []),
        ("$.book[?(@.price < 10)].author", ["A", "C"]),
        ("$.book[?(@.price < $.limit)].author", ["A", "C"]),
        ("$.book[?(@['kind'] == 'fiction' && @.price < 10)].author", ["C"]),
        ('$.book[?(@["kind"]=="reference"||@.price>10)].author', ["A", "B"]),
        ("$.book[?(@['kind'] != 'fiction')].author", ["A"]),
        ("$.book[?(@.kind == 'fiction')].author", []),  # the "in" of the key is taken for an operator
        ("$.book[?(@.price * 2 > 17.9)].author", ["B", "C"]),
        ("$.book[?(@.price - 1 - 1 > 9)].author", ["B"]),
        ("$.book[?(@.price / 2 < 5)].author", ["A", "C"]),
        ("$.list[?(@ % 2 == 1)]", [1.0, 3.0]),
        ("$.list[?(@ ** 2 > 4)]", [3.0, 4.0]),
        ("$.list[?(@ in [1, 4])]", [1.0, 4.0]),
        ("$.list[?(@ not in [1, 4])]", [2.0, 3.0]),
        ("$.list[?(@ - 1)]", [2.0, 3.0, 4.0]),
        ("$.list[?(@ && true)]", [1.0]),
        ("$.book[?(@.author in ['A'])].price", []),
        ("$.book[?((@.price > 9) && !(@.ok))].author", []),
        ("$.book[?(@.author == B)].author", []),
        ("$.book[?(@.author =~ /A/)].author", []),
        ("$.book[?(@.isbn)].author", ["C"]),
        ("$.book[?(@.author =~ 'A|B')].author", ["A", "B"]),
        ("$.book[?(@['author'] == 'A')].author", ["A"]),
        ("$.book[?(!@.ok)].author", ["B"]),
        ("$.book[?(!(@.price > 10))].author", ["A", "C"]),
        ("$.book[?(@.author && @.ok)].author", []),
        ("$.book[?(@.author > 'A')].author", []),
        ("$.list[?(@ > 2)]", [3.0, 4.0]),
        ("$.list[?(@ == '2')]", []),
    ],
)
def test_any_other_path_gives_a_list(path: str, found: Any) -> None:
    assert jsonpath.query(path, DOCUMENT) == found


def test_an_index_after_a_filter_picks_from_the_list() -> None:
    assert jsonpath.query("$.list[?(@ > 2)][0]", DOCUMENT) == 3.0


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$.missing", "key: invalid token key 'missing' not found"),
        ("$.limit.x", "key: invalid token target. expected [map] got [float64]"),
        ("$.nothing.x", "key: invalid token target. expected [map] got [nil]"),
        ("$.book[9]", "index: invalid token out of range"),
        ("$.list[0:4:0]", "range: invalid token out of range"),
        ("$['limit',0]", "union: invalid token argument. expected [string] got [int]"),
        ("x", "invalid JSONPath selector 'x' unexpected token 'x' at index 0"),
        ("$x", "invalid JSONPath selector '$x' unexpected token 'x' at index 1"),
        ("$.list[1", "invalid JSONPath selector '$.list[1' invalid token. '[1' does not match any token format"),
        ("$[]", "invalid JSONPath selector '$[]' invalid token. '[]' does not match any token format"),
    ],
)
def test_a_path_that_leads_nowhere_is_an_error(path: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        jsonpath.query(path, DOCUMENT)
    assert str(failure.value).replace("[array map slice]", "") == message


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.book[(@.length-1)].author", "C"),
        ("$.list[ (1) ]", 2.0),
        ("$.list[(5 - 3)]", 3.0),
        ("$.list[(-1)]", 4.0),
        ("$.list[(@[1])]", 3.0),
        ("$.list[(@.length * 0)]", 1.0),
    ],
)
def test_a_script_gives_an_index(path: str, found: Any) -> None:
    assert jsonpath.query(path, DOCUMENT) == found


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("$[('list')]", "key: invalid token key ''list'' not found"),
        ("$.list[(zz)]", "key: invalid token target. expected [map] got [slice]"),
        ("$.list[()]", "invalid JSONPath selector '$.list[()]' invalid expression. invalid format '()'"),
        ("$.list[(1.5)]", "unexpected expression result. expected [int string] got [float64]"),
        ("$.list[(@.zz)]", "invalid expression. key: invalid token target. expected [map] got [slice]"),
        ("$.list[?(@ & 1)]", "invalid JSONPath selector '$.list[?(@ & 1)]' unexpected token ' ' at index 1"),
        ("$.list[?((@ > 1 || @ < 0))]", "invalid JSONPath selector '$.list[?((@ > 1 || @ < 0))]' unsupported operator"),
    ],
)
def test_a_script_that_fails(path: str, message: str) -> None:
    with pytest.raises(ExpressionError) as failure:
        jsonpath.query(path, DOCUMENT)
    assert str(failure.value) == message


@pytest.mark.parametrize("path", ["$.list[(0),(1)]", "$.list[(1):]"])
def test_what_is_not_supported_says_so(path: str) -> None:
    with pytest.raises(ExpressionError, match=r"more than a script in .* is not supported"):
        jsonpath.query(path, DOCUMENT)


@given(st.text(st.sampled_from("$@.[]*?()'\"&|=<>!:,- 0a\\{")).map(lambda text: "$" + text))
def test_any_path_is_followed_or_refused(path: str) -> None:
    try:
        jsonpath.query(path, DOCUMENT)
    except ExpressionError as error:
        assert str(error)  # noqa: PT017 - either outcome is right
