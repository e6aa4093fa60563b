import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.labels import check_labels, label_value

VALID = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")


@given(st.text())
def test_any_text_becomes_a_valid_label_value(text: str) -> None:
    value = label_value(text)
    assert len(value) <= 63
    assert VALID.fullmatch(value)
    assert value == label_value(text)


@given(st.text(), st.text())
def test_different_texts_stay_apart(one: str, other: str) -> None:
    assert (label_value(one) == label_value(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("my_dag.v1", "my_dag.v1"),
        ("manual__2026-01-01T00:00:00+00:00", r"manual__2026-01-01T00-00-00-00-00-[0-9a-f]{8}"),
        ("x" * 64, r"x{54}-[0-9a-f]{8}"),
        ("-1", r"1-[0-9a-f]{8}"),
        ("::", r"[0-9a-f]{8}"),
    ],
)
def test_what_is_valid_stays_and_the_rest_gets_a_hash(text: str, value: str) -> None:
    assert re.fullmatch(value, label_value(text))


@pytest.mark.parametrize("key", ["", "a/", "/a", "A/b", "a b", "a/b/c", "x" * 64, "-a", 5])
def test_a_key_that_kubernetes_refuses_is_refused(key: object) -> None:
    with pytest.raises(ManifestError, match="is no valid key"):
        check_labels({key: "x"}, path="metadata.labels")  # type: ignore[dict-item]


@pytest.mark.parametrize("key", ["a", "A.b_c-1", "example.com/Name", "workflows.argoproj.io/title"])
def test_a_key_that_kubernetes_takes_passes(key: str) -> None:
    check_labels({key: "x"}, path="metadata.labels")


@pytest.mark.parametrize(
    ("value", "reason"), [("a b", "no valid label value"), ("x" * 64, "no valid"), (1, "is a int")]
)
def test_a_label_value_that_kubernetes_refuses_is_refused(value: object, reason: str) -> None:
    with pytest.raises(ManifestError, match=reason) as caught:
        check_labels({"k": value}, path="metadata.labels")
    assert caught.value.path == "metadata.labels.k"


def test_an_annotation_holds_any_text() -> None:
    check_labels({"k": "any text\n"}, path="metadata.annotations", values=False)
