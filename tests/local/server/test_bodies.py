import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.bodies import encoded, entry, parse

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
)


@given(JSON)
def test_what_is_written_can_be_read(value: object) -> None:
    assert parse(encoded(value).decode()) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        (" \n", None),
        ('{"a":1}{"b":2}', {"a": 1}),
        ('{"a":1} rest', {"a": 1}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('"\\ud83d\\ude00"', "😀"),
        ('{"\\ud800":"\\udfff!"}', {"\ufffd": "\ufffd!"}),
    ],
)
def test_the_first_value_counts(text: str, value: object) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hello", "invalid character 'h' looking for beginning of value"),
        ('{"a":', "unexpected EOF"),
        ('{"a', "unexpected EOF"),
        ("{'a':1}", "invalid character '\\'' looking for beginning of object key string"),
        ('{"a":1,}', "invalid character '}' looking for beginning of object key string"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ("[1 2]", "invalid character '2' after array element"),
        ("NaN", "invalid character 'N' looking for beginning of value"),
        ('{"a": Infinity}', "invalid character 'I' looking for beginning of value"),
    ],
)
def test_broken_json_is_refused_in_the_words_of_go(text: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(text)

    assert (refused.value.status, refused.value.message) == (400, message)


@pytest.mark.parametrize("number", ["1e999999999", "-1e999", "9" * 5000])
def test_a_number_that_go_cannot_hold_is_refused(number: str) -> None:
    with pytest.raises(Refusal, match=r"json: cannot unmarshal number .* into Go value of type float64"):
        parse(f'{{"a": {number}}}')


def test_no_depth_of_nesting_breaks_the_reader() -> None:
    with pytest.raises(Refusal, match="exceeded max depth"):
        parse("[" * 100_000)


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Refusal):
        parse(text)


def test_entries_are_found_in_any_letter_case() -> None:
    assert entry({"MESSAGE": "x"}, "message", str, "R") == "x"
    assert entry({}, "message", str, "R") is None
    assert entry({"message": None}, "message", str, "R") is None


def test_an_entry_of_another_type_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        entry({"message": 5}, "message", str, "WorkflowStopRequest")

    text = "json: cannot unmarshal number into Go struct field WorkflowStopRequest.message of type string"
    assert refused.value.message == text


@pytest.mark.parametrize(
    ("name", "where", "wanted"),
    [
        ("workflow", "WorkflowCreateRequest", "v1alpha1.Workflow"),
        ("template", "WorkflowTemplateCreateRequest", "v1alpha1.WorkflowTemplate"),
        ("template", "ClusterWorkflowTemplateLintRequest", "v1alpha1.ClusterWorkflowTemplate"),
        ("createOptions", "WorkflowCreateRequest", "v1.CreateOptions"),
    ],
)
def test_a_message_of_another_type_is_refused(name: str, where: str, wanted: str) -> None:
    with pytest.raises(Refusal, match=rf"array into Go struct field {where}\.{name} of type {wanted}$"):
        entry({name: []}, name, dict, where)
