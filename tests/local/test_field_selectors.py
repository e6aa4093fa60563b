from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.field_selectors import NodeSelector
from airflow_argo.local.refusal import Refusal

NODE: dict[str, Any] = {
    "id": "w-1",
    "name": "w[0].gate(0:a)",
    "displayName": "gate(0:a)",
    "templateRef": {"name": "shared", "template": "gate"},
    "phase": "Running",
    "inputs": {"parameters": [{"name": "item", "value": "a,b=c"}, {"name": "n", "value": 3}]},
}


@pytest.mark.parametrize(
    ("selector", "meant"),
    [
        ("displayName=gate(0:a)", True),
        ("displayName==gate(0:a)", True),
        ("displayName!=gate(0:a)", False),
        ("displayName=gate(0:a),phase=Failed", False),
        ("templateName=gate", True),
        ("templateRef.name=shared,templateRef.template=gate", True),
        (r"inputs.parameters.item.value=a\,b\=c", True),
        ("inputs.parameters.n.value=3", True),
        ("unknown=", True),
        ("unknown=x", False),
        (",displayName=gate(0:a),", True),
        ("", True),
    ],
)
def test_terms_are_joined_by_and(selector: str, meant: bool) -> None:
    assert NodeSelector.parse(selector).matches(NODE) is meant


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("name", "invalid selector: 'name'; can't understand 'name'"),
        (r"name=a\b", r"invalid field selector: invalid escape sequence: \b"),
        ("name=a\\", "invalid field selector: invalid escape sequence: \\"),
        ("name=a=b", "invalid field selector: unescaped character in value: 61"),
    ],
)
def test_what_cannot_be_read_is_refused(selector: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        NodeSelector.parse(selector)

    assert (refused.value.status, refused.value.message) == (500, message)


@given(st.text())
def test_any_value_can_be_written_with_escapes(value: str) -> None:
    escaped = value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")

    assert NodeSelector.parse(f"displayName={escaped}").matches({**NODE, "displayName": value})
