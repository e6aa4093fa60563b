"""Items: their texts, their names, and the sequences that make them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.go_format import sprintf
from airflow_argo.local.engine.loops import Item, items, loops, node_name


@pytest.mark.parametrize(
    ("raw", "name", "text"),
    [
        ('"a"', "w(0:a)", "a"),
        ('"a(b)"', "w(0:ab)", "a(b)"),
        ('"a\\nb"', "w(0:a\\nb)", "a\nb"),
        ("1.50", "w(0:1.50)", "1.50"),
        ("-0", "w(0:-0)", "-0"),
        ("true", "w(0:true)", "true"),
        ("null", "w(0:[])", "null"),
        ('[1, "two", 3]', "w(0:[1 two 3])", '[1,"two",3]'),
        ('{"b": 1, "a": "<"}', "w(0:a:<,b:1)", '{"a":"\\u003c","b":1}'),
        ("{}", "w(0:)", "{}"),
        ('{"a": {"z": 1, "b": 2}}', 'w(0:a:{"z":1,"b":2})', '{"a":{"z":1,"b":2}}'),
    ],
)
def test_names_and_texts(raw, name, text):
    item = Item(raw)
    assert (node_name("w", 0, item), item.variables()["item"]) == (name, text)


def test_the_strings_of_an_object_keep_their_escapes():
    variables = Item('{"a": "x\\"y", "n": 1, "safe": "\\u007b\\u007b"}').variables()
    assert variables["item.a"] == 'x\\"y'
    assert variables["item.n"] == "1"
    assert "\\u007b\\u007b" in variables["item"]


@given(st.lists(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5)))
def test_the_text_of_a_list_is_the_same_list(value):
    found = items({"withParam": json.dumps(value)})
    assert [json.loads(item.json()) for item in found] == value


@pytest.mark.parametrize(
    ("sequence", "texts"),
    [
        ({"count": "3"}, ["0", "1", "2"]),
        ({"start": "5", "count": 2}, ["5", "6"]),
        ({"start": "3", "end": "1"}, ["3", "2", "1"]),
        ({"start": "+0007", "end": "0" * 40 + "7"}, ["7"]),
        ({"count": "0"}, []),
        ({"start": 7, "end": 7, "format": "n-%03d"}, ["n-007"]),
    ],
)
def test_sequences(sequence, texts):
    assert [item.text() for item in items({"withSequence": sequence})] == texts


@pytest.mark.parametrize(
    ("sequence", "message"),
    [
        ({"count": "5.0"}, 'parsing "5.0": invalid syntax'),
        ({}, "neither end nor count"),
        ({"end": ""}, "invalid syntax"),
        ({"count": "٣"}, "invalid syntax"),
        ({"count": "9" * 5000}, "value out of range"),
        ({"start": str(2**63), "count": 1}, "value out of range"),
    ],
)
def test_sequences_that_are_none(sequence, message):
    with pytest.raises(ExpressionError, match=message):
        items({"withSequence": sequence})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("%d", "7"), ("%03d", "007"), ("%-3d|", "7  |"), ("%+d", "+7"), ("%02X", "07"), ("%s", "%!s(int=7)"),
        ("a", "a%!(EXTRA int=7)"), ("100%%-%d", "100%-7"), ("%x-%x", "7-%!x(MISSING)"),
    ],
)  # fmt: skip
def test_formats_are_gos(pattern, text):
    assert sprintf(pattern, 7) == text


@pytest.mark.parametrize(
    ("pattern", "number", "text"),
    [
        ("%c", -1, "\ufffd"), ("%c", 0x110000, "\ufffd"), ("%c", 0xD800, "\ufffd"), ("%q", -1, "'\ufffd'"),
        ("%q", 7, "'\\a'"), ("%q", 39, "'\\''"), ("%q", 34, "'\"'"),
        ("%U", -1, "U+FFFFFFFFFFFFFFFF"), ("%U", 0x110000, "U+110000"),
    ],
)  # fmt: skip
def test_numbers_that_are_no_characters(pattern, number, text):
    assert sprintf(pattern, number) == text


@pytest.mark.parametrize("pattern", ["%99999999d", "%.99999999d", f"%{'9' * 5000}d"])
def test_what_would_take_all_memory_is_refused(pattern):
    with pytest.raises(ExpressionError, match="writes no numbers as wide as %"):
        sprintf(pattern, 7)


def test_an_empty_list_of_items_is_no_loop():
    assert not loops({"withItems": []})
    assert loops({"withParam": "[]"})


def test_a_sequence_that_would_take_all_memory_is_refused(world):
    run = world("""
    entrypoint: main
    templates:
    - name: main
      steps: [[{name: many, template: one, withSequence: {count: "1000000000"}}]]
    - {name: one, container: {image: x, command: [x]}}
    """).run()
    assert run.phase == "Failed"
    assert "makes at most 100000 items" in str(run.nodes)
