from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_argo.attachment import RETRY_MODES, Action, Attempt, RetryMode, decide


@pytest.mark.parametrize(
    ("phase", "retry_mode", "known", "action"),
    [
        (None, "failed_nodes", False, "create"),
        (None, "fresh", False, "create"),
        (None, "failed_nodes", True, "create"),
        ("", "failed_nodes", False, "attach"),
        ("Pending", "fresh", False, "attach"),
        ("Running", "failed_nodes", False, "attach"),
        ("SomethingNew", "fresh", False, "attach"),
        ("Succeeded", "failed_nodes", False, "collect"),
        ("Succeeded", "fresh", False, "collect"),
        ("Failed", "failed_nodes", False, "retry_failed_nodes"),
        ("Error", "failed_nodes", False, "retry_failed_nodes"),
        ("Failed", "fresh", False, "create_next"),
        ("Error", "fresh", False, "create_next"),
    ],
)
def test_the_decision_table(phase: str | None, retry_mode: RetryMode, known: bool, action: Action) -> None:
    assert decide(phase, retry_mode, known_before=known).action == action


@pytest.mark.parametrize("phase", ["Running", "Pending", ""])
def test_a_workflow_that_is_being_stopped_is_not_attached_to(phase: str) -> None:
    assert decide(phase, "failed_nodes", shutting_down=True).action == "await_end"


def test_a_workflow_that_was_stopped_is_retried_as_any_failed_one() -> None:
    assert decide("Failed", "failed_nodes", shutting_down=True).action == "retry_failed_nodes"


@pytest.mark.parametrize("phase", ["Running", "Failed", "Succeeded"])
@pytest.mark.parametrize("retry_mode", RETRY_MODES)
def test_a_task_that_was_cleared_while_it_ran_starts_anew(phase: str, retry_mode: RetryMode) -> None:
    decision = decide(phase, retry_mode, shutting_down=True, cleared_since=True)
    assert decision.action == "create_next"
    assert "cleared" in decision.reason


@pytest.mark.parametrize(("phase", "action"), [("Running", "attach"), ("Succeeded", "collect")])
def test_that_other_tasks_of_the_run_were_cleared_changes_nothing(phase: str, action: Action) -> None:
    assert decide(phase, "failed_nodes", cleared_since=True).action == action


def test_a_workflow_that_is_gone_is_said_to_be() -> None:
    assert "is gone" in decide(None, "failed_nodes", known_before=True).reason
    assert "gone" not in decide(None, "failed_nodes").reason


ATTEMPT = Attempt("dag", "manual__2026-01-01T00:00:00+00:00", "task", -1, 0)


def test_a_cleared_task_another_run_and_another_mapped_index_have_names_of_their_own() -> None:
    others = [
        Attempt("dag", ATTEMPT.run_id, "task", -1, 1),
        Attempt("dag", ATTEMPT.run_id, "task", 0, 0),
        Attempt("dag", "another", "task", -1, 0),
        Attempt("other", ATTEMPT.run_id, "task", -1, 0),
    ]
    names = {attempt.workflow_name() for attempt in [ATTEMPT, *others]}
    assert len(names) == 5


def test_the_same_attempt_has_the_same_name_for_ever() -> None:
    # Written down: a name that changes with a release would run every unfinished workflow twice.
    assert ATTEMPT.workflow_name() == "dag-task-fe688e0660dc"
    assert ATTEMPT.workflow_name(2) == "dag-task-fe688e0660dc-2"


@given(
    st.builds(Attempt, st.text(), st.text(), st.text(), st.integers(-1, 10_000), st.integers(0, 100)),
    st.integers(1, 1000),
)
def test_every_name_is_one_that_kubernetes_takes(attempt: Attempt, number: int) -> None:
    name = attempt.workflow_name(number)
    assert len(name) <= 52
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", name)


@pytest.mark.parametrize(
    ("other", "superseded"),
    [
        (Attempt("dag", "run", "task", 1, 2), True),
        (Attempt("dag", "run", "task", 1, 3), False),
        (Attempt("dag", "run", "task", 1, 4), False),
        (Attempt("dag", "run", "task", 2, 2), False),
        (Attempt("dag", "other", "task", 1, 2), False),
    ],
)
def test_a_cleared_task_supersedes_what_it_was_before(other: Attempt, superseded: bool) -> None:
    assert Attempt("dag", "run", "task", 1, 3).supersedes(other.owner) == superseded


@pytest.mark.parametrize("owner", ["", "somebody", "5", "[]", "{}", '["dag", "run", "task", 1, null]'])
def test_what_is_nobodys_is_superseded_by_nobody(owner: str) -> None:
    assert not Attempt("dag", "run", "task", 1, 3).supersedes(owner)
