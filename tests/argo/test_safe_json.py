import json
import math
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import safe_json
from airflow_argo.argo.errors import ManifestError

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.text('{}$<>&"\\\n\x00\x7fä')
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)


@given(JSON)
def test_every_json_value_comes_back(value: object) -> None:
    assert json.loads(safe_json.dumps(value)) == value


@given(JSON)
def test_nothing_is_left_to_expand(value: object) -> None:
    text = safe_json.dumps(value)
    assert re.fullmatch(r"[ -~]*", text)
    assert not re.search(r"[$<>&]|\{\{", text)
    for string in re.findall(r'"(?:[^"\\]|\\.)*"', text):
        assert "{" not in string
        assert "}" not in string


def test_strings_and_keys_are_escaped_and_structure_is_not() -> None:
    text = safe_json.dumps({"$(A)": ["{{x}}", "é", 1.5, True, None]})
    assert text == r'{"\u0024(A)":["\u007b\u007bx\u007d\u007d","\u00e9",1.5,true,null]}'


def test_a_tuple_is_a_list() -> None:
    assert safe_json.dumps((1, (2,))) == "[1,[2]]"


@pytest.mark.parametrize(
    ("value", "place", "reason"),
    [
        ([0, {"name": math.nan}], "items[1].name", "nan does not exist in JSON"),
        ([-math.inf], "items[0]", "-inf does not exist in JSON"),
        ({"a": {1: "x"}}, "items.a", "the key 1 is no string"),
        ([b"bytes"], "items[0]", "type bytes"),
        ({"day": date(2026, 1, 2)}, "items.day", "type date"),
        ([{1, 2}], "items[0]", "type set"),
        (["\ud83d"], "items[0]", "surrogate"),
        ({"\udc00": 1}, "items", "surrogate"),
        pytest.param(10**5000, "items", "cannot be written", id="huge"),
    ],
)
def test_what_json_cannot_hold_is_refused_with_its_place(value: object, place: str, reason: str) -> None:
    with pytest.raises(ManifestError, match=re.escape(reason)) as caught:
        safe_json.dumps(value, path="items")
    assert caught.value.path == place


def test_a_value_that_holds_itself_is_refused() -> None:
    loop: list[object] = []
    loop.append(loop)
    with pytest.raises(ManifestError, match="holds itself"):
        safe_json.dumps(loop)
