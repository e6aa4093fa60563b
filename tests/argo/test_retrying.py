from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import Retrying

from airflow_argo.argo import api, errors
from airflow_argo.argo.failures import NoConnectionError
from airflow_argo.argo.retrying import Patience, worth_repeating

GET = api.get_workflow("argo", "x")
RETRY = api.retry_workflow("argo", "x")


@pytest.mark.parametrize(
    ("call", "error", "expected"),
    [
        (GET, errors.ServerUnreachableError("x"), True),
        (GET, errors.ServerError("x"), True),
        (GET, errors.ConflictError("x"), True),
        (GET, errors.RateLimitedError("x"), True),
        (GET, NoConnectionError("x"), True),
        (GET, errors.StreamEndedError("x"), False),
        (GET, errors.NotFoundError("x"), False),
        (GET, errors.CertificateError("x"), False),
        (GET, KeyboardInterrupt(), False),
        (RETRY, errors.ServerUnreachableError("x"), False),
        (RETRY, errors.ServerError("x"), False),
        (RETRY, errors.ConflictError("x"), False),
        (RETRY, errors.RateLimitedError("x"), True),
        (RETRY, NoConnectionError("x"), True),
    ],
)
def test_what_is_worth_repeating(call: api.Call[Any], error: BaseException, expected: bool) -> None:
    assert worth_repeating(call, error) is expected


def test_pauses_double_up_to_the_longest() -> None:
    patience = Patience(first_pause=1, longest_pause=5, dice=lambda: 1.0)
    assert [patience.pause(attempt, None) for attempt in (1, 2, 3, 4, 5, 5_000)] == [1, 2, 4, 5, 5, 5]


@given(attempt=st.integers(1, 10_000), dice=st.floats(0, 1), asked_for=st.none() | st.floats(0, 1_000))
def test_a_pause_is_scattered_and_never_shorter_than_asked_for(
    attempt: int, dice: float, asked_for: float | None
) -> None:
    patience = Patience(dice=lambda: dice)
    pause = patience.pause(attempt, errors.RateLimitedError("x", retry_after=asked_for))
    assert pause - (asked_for or 0) + 1e-9 >= 0.25
    assert pause - (asked_for or 0) <= 10 + 1e-9


@given(seconds=st.floats(0, 500), each=st.floats(0, 50))
def test_no_attempt_begins_after_the_patience_has_ended(seconds: float, each: float) -> None:
    now, begun = [0.0], []

    def sleep(pause: float) -> None:
        now[0] += pause

    def attempt() -> None:
        begun.append(now[0])
        now[0] += each
        raise errors.ServerError("again")

    patience = Patience(seconds, clock=lambda: now[0])
    with pytest.raises(errors.ServerError, match="again"):
        Retrying(sleep=sleep, **patience.arguments(GET))(attempt)
    assert begun[0] == 0
    assert begun[-1] <= seconds
