import contextlib
import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError


def value_of(text: str) -> object:
    return go_yaml.load_all(f"a: {text}")[0]["a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("y", True),
        ("n", False),
        ("Yes", True),
        ("on", True),
        ("OFF", False),
        ("tRue", "tRue"),
        ("~", None),
        ("", None),
        ("'null'", "null"),
        ("0o755", 493),
        ("0755", 493),
        ("08", 8),
        ("0o8", "0o8"),
        ("0x1F", 31),
        ("-0b11", -3),
        ("1e3", 1000),
        ("1.0", 1),
        ("1.50", 1.5),
        ("1_000", 1000),
        (".5", 0.5),
        (".5_0", 0.5),
        ("._5", "._5"),
        ("1e400", "1e400"),
        ("12:30:45", "12:30:45"),
        ("2020-01-01", "2020-01-01"),
        ("2020-01-01T10:00:00Z", "2020-01-01T10:00:00Z"),
        ("=", "="),
        ("<<", "<<"),
        ("18446744073709551615", 18446744073709551615),
        ("18446744073709551616", 18446744073709552000),
        ("123456789012345678901", 123456789012345680000),
        ("!!str 5", "5"),
        ("! 5", "5"),
        ("!!int '5'", 5),
        ("!!float 1", 1),
        ("!!binary aGk=", "hi"),
        ("!custom x", "x"),
        ("!!timestamp 2020-01-01", "2020-01-01"),
    ],
)
def test_scalars_are_read_as_go_reads_them(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "keys"),
    [("y: 1", {"true"}), ("5: 1", {"5"}), ("0x10: 1", {"16"}), ("'<<': 1", {"<<"}), ("2020-01-01: 1", {"2020-01-01"})],
)
def test_keys_become_text(text: str, keys: set[str]) -> None:
    assert set(go_yaml.load_all(text)[0]) == keys


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("{<<: {b: 2, c: 3}, b: 1}", {"b": 1, "c": 3}),
        ("{b: 1, <<: {b: 2, c: 3}}", {"b": 2, "c": 3}),
        ("{<<: [{b: 1}, {b: 2, c: 2}]}", {"b": 1, "c": 2}),
    ],
)
def test_a_merge_counts_where_it_stands(text: str, merged: object) -> None:
    assert value_of(text) == merged


def test_an_alias_is_a_value_of_its_own() -> None:
    document = go_yaml.load_all("a: &x {k: [1]}\nb: *x")[0]
    document["a"]["k"].append(2)
    assert document["b"] == {"k": [1]}


def test_documents_are_split_and_empty_ones_left_out() -> None:
    assert go_yaml.load_all("a: 1\n---\n# nothing\n---\nb: 2\n") == [{"a": 1}, {"b": 2}]


def test_plain_json_is_read_too() -> None:
    assert go_yaml.load_all('{"a": "\\ud83d\\ude00\\/", "b": [1.5]}') == [{"a": "😀/", "b": [1.5]}]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [2", "wf.yaml, line 3, column 1: while parsing a flow sequence"),
        ("a: b: c", "wf.yaml, line 1, column 5: mapping values are not allowed"),
        ("a:\n  x: 1\n  y: 2\n  x: 3", "wf.yaml, line 4, column 3: the key 'x' stands twice"),
        ("1: a\n'1': b", "line 2, column 1: the key '1' stands twice"),
        ('{"a": 1, "a": 2}', "wf.yaml: the key 'a' stands twice"),
        ("- a", "wf.yaml, line 1, column 1: a document must be a mapping, this one is a list"),
        ("just text", "this one is a text"),
        ("a: .inf", "line 1, column 4: '.inf' is a number that JSON does not have"),
        ("a: !!int x", "'x' cannot be read as !!int"),
        ("a: !!binary '*'", "!!binary that does not hold text"),
        ("~: 1", "a null cannot be a key"),
        ("1.5: 1", "a number cannot be a key"),
        ("[a]: 1", "a list cannot be a key"),
        ("<<: 1", "no mapping to merge"),
        ("a: *b", "the anchor 'b' is not defined before"),
        ("a: &a [*a]", "the anchor 'a' is not defined before, or holds itself"),
        ("a: \x01", "wf.yaml is no YAML"),
        ("[" * 5000, "nested deeper than 100 levels"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        go_yaml.load_all(text, source="wf.yaml")
    assert message in caught.value.message


def test_a_bomb_is_refused_before_it_unfolds() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"{key}: &{key} [{', '.join([f'*{before}'] * 10)}]" for before, key in itertools.pairwise("abcdefghi")]
    with pytest.raises(ManifestError, match="unfolds into more than"):
        go_yaml.load_all("\n".join(lines))


def test_a_huge_text_is_refused() -> None:
    with pytest.raises(ManifestError, match="larger than 16 MiB"):
        go_yaml.load_all("#" * (go_yaml.MAX_TEXT + 1))


@pytest.mark.parametrize(("text", "good"), [("a: 1", True), ("- 1", True), ("x", True), ("", True), ("a: [", False)])
def test_text_that_is_yaml_of_any_kind_is_told(text: str, good: bool) -> None:
    assert go_yaml.is_yaml(text) is good


JSON_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | JSON_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(JSON_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(JSON_TEXT, JSON, max_size=4))
def test_json_reads_as_itself(value: object) -> None:
    assert go_yaml.load_all(json.dumps(value)) == [value]


@given(st.text(st.sampled_from("0123456789.eE_+-xobnyN:~"), max_size=8))
def test_a_scalar_has_a_meaning_in_json_or_is_refused(text: str) -> None:
    with contextlib.suppress(ManifestError):
        found = go_yaml.load_all(f"a: {text}")
        assert type(found[0]["a"]) in {str, int, float, bool, type(None), dict}


def test_every_golden_manifest_can_be_read() -> None:
    golden = Path(__file__).resolve().parents[2] / "../shared/golden"
    if not golden.is_dir():
        pytest.skip("the shared recordings are not here")
    for path in golden.glob("*/*.yaml"):
        assert go_yaml.load_all(path.read_text(), source=str(path))
