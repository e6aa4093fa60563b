from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import decode_workflow
from airflow_argo.argo.lint.encode import to_json


def test_the_first_wrong_type_in_the_text_is_told() -> None:
    with pytest.raises(ManifestError, match=r"spec\.suspend"):
        decode_workflow(go_yaml.load_all("spec: {suspend: 1, priority: x, entrypoint: 2}")[0])


def test_names_are_taken_in_any_case_unknown_ones_and_nulls_are_dropped() -> None:
    assert decode_workflow({"spec": {"entryPoint": "a", "nonsense": 1, "onExit": None}}) == {
        "spec": {"entrypoint": "a"}
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (1e3, "1000"),
        (True, "true"),
        ({"a": 1}, ""),
        ([1], ""),
        ("x", "x"),
        (2**70, "1180591620717411300000"),
    ],
)
def test_parameter_values_become_text(value: object, text: str) -> None:
    decoded = decode_workflow({"spec": {"arguments": {"parameters": [{"name": "p", "value": value}]}}})
    assert decoded["spec"]["arguments"]["parameters"][0]["value"] == text


def test_a_struct_is_written_in_the_order_of_its_fields() -> None:
    template = {"container": {"args": ["<&>"], "image": "x"}, "name": "a", "daemon": False, "timeout": ""}
    assert to_json(template, "Template") == (
        '{"name":"a","inputs":{},"outputs":{},"metadata":{},"daemon":false,'
        '"container":{"name":"","image":"x","args":["\\u003c\\u0026\\u003e"],"resources":{}}}'
    )


ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["spec", "templates", "name", "steps", "dag", "tasks", "value"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["spec", "metadata", "status"]), ANYTHING))
def test_any_json_is_decoded_or_refused(manifest: dict[str, Any]) -> None:
    try:
        decoded = decode_workflow(manifest)
    except ManifestError:
        return
    assert decode_workflow(decoded) == decoded
