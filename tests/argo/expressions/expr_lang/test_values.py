from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.argo.expressions.expr_lang.values import Int64, equal, identical, identity, likeness

SCALARS = st.sampled_from([None, True, 1, 1.0, Int64(1), 0, -0.0, 0.0, "", "1", b"1", float("nan")])
VALUES: Any = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)


@given(VALUES, VALUES)
def test_values_share_their_identity_exactly_if_they_are_identical(left: Any, right: Any) -> None:
    assert (identity(left) == identity(right)) == identical(left, right)


@given(VALUES, VALUES)
def test_values_share_their_likeness_exactly_if_they_are_equal(left: Any, right: Any) -> None:
    assert (likeness(left) == likeness(right)) == equal(left, right)


@given(VALUES)
def test_what_holds_no_nan_is_identical_with_itself(value: Any) -> None:
    assert identical(value, value) == ("nan" not in repr(value))
    assert (identity(value) == identity(value)) == identical(value, value)
