import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.local.names import check_metadata, generated
from airflow_argo.local.refusal import Refusal


@given(st.text("abc-", min_size=1, max_size=100))
def test_a_generated_name_keeps_its_base_and_fits_into_a_label(base: str) -> None:
    name = generated(base)

    assert name.startswith(base[:58])
    assert len(name) <= 63
    assert re.fullmatch("[a-z0-9]{5}", name[len(base[:58]) :])


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "a"},
        {"name": "a.b-c"},
        {"generateName": "anything-"},
        {"name": "a", "labels": {"example.org/l": "", "m": "A.b_c-9", "n": "x" * 63}},
    ],
)
def test_good_metadata(metadata: dict[str, Any]) -> None:
    check_metadata("Workflow", metadata)


@pytest.mark.parametrize(
    ("metadata", "problem"),
    [
        ({}, "name or generateName is required"),
        ({"name": "Api_X"}, "a lowercase RFC 1123 subdomain"),
        ({"name": "a\n"}, "a lowercase RFC 1123 subdomain"),
        ({"name": "-a"}, "a lowercase RFC 1123 subdomain"),
        ({"generateName": "Api_X-"}, "a lowercase RFC 1123 subdomain"),
        ({"name": "a", "labels": {"a b": "c"}}, 'metadata.labels: Invalid value: "a b"'),
        ({"name": "a", "labels": {"l": "a:b"}}, 'metadata.labels: Invalid value: "a:b"'),
        ({"name": "a", "labels": {"l": "x" * 64}}, "a valid label must be"),
        ({"name": "a", "resourceVersion": "1"}, "resourceVersion should not be set"),
    ],
)
def test_bad_metadata(metadata: dict[str, Any], problem: str) -> None:
    with pytest.raises(Refusal, match=re.escape(problem)) as refused:
        check_metadata("Workflow", metadata)

    assert refused.value.status == 400


def test_a_name_that_would_be_made_is_checked_too() -> None:
    with pytest.raises(Refusal, match=r'Workflow.argoproj.io "a/b.*" is invalid: metadata\.name: Invalid value: "a/b'):
        check_metadata("Workflow", {"generateName": "a/b"})
