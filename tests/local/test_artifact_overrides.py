from typing import Any

import pytest

from airflow_argo.local import artifact_overrides
from airflow_argo.local.artifact_overrides import applied, key_problem, replaced
from airflow_argo.local.refusal import Refusal

UUID = "0d5f8a52-9f0e-4a3c-8a6c-2f1f1c1f6d11"
KEY = f"uploads/argo/{UUID}/rows.csv"


def test_the_last_override_of_a_name_wins_and_keys_may_hold_equals_signs() -> None:
    assert artifact_overrides.parsed(["a=1", "b=x=y", "a=2"]) == {"a": "2", "b": "x=y"}


@pytest.mark.parametrize("override", ["", "a", "=key", "a="])
def test_an_override_has_a_name_and_a_key(override: str) -> None:
    with pytest.raises(Refusal) as refused:
        artifact_overrides.parsed(["good=key", override])

    assert refused.value.status == 400
    assert refused.value.message == f"expected artifact of the form: NAME=KEY. Received: {override}"


def test_a_templates_artifacts_get_the_keys_and_the_others_are_left_to_the_template() -> None:
    known: list[dict[str, Any]] = [
        {"name": "rows", "s3": {"key": "old"}, "archive": {"none": {}}},
        {"name": "other", "s3": {"key": "o"}},
        {"name": "nowhere"},
    ]

    assert applied(known, {"rows": KEY, "nowhere": KEY}, "argo") == [
        {"name": "rows", "s3": {"key": KEY}, "archive": {"none": {}}},
        {"name": "nowhere", "s3": {"key": KEY}},
    ]


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (KEY, ""),
        ("uploads/other/x/f", 'must start with "uploads/argo/"'),
        ("/uploads/argo/x/f", 'must start with "uploads/argo/"'),
        ("uploads/argo/../f", "must not contain '..'"),
        (f"uploads/argo//{UUID}/f", "is not in canonical form"),
        (f"uploads/argo/{UUID}/d/f", "must have exactly 4 segments: uploads/{namespace}/{uuid}/{filename}"),
        ("uploads/argo/x/f", "must have a valid UUID segment: invalid UUID length: 1"),
        (f"uploads/argo/{'z' * 32}/f", "must have a valid UUID segment: invalid UUID format"),
    ],
)
def test_only_keys_of_uploads_to_the_namespace_are_taken(key: str, problem: str) -> None:
    assert key_problem("argo", key) == (f'artifact key "{key}" {problem}' if problem else "")


@pytest.mark.parametrize(
    ("artifact", "name", "problem"),
    [
        ({"name": "a"}, "b", "artifact override(s) matched no artifact: b"),
        (
            {"name": "a", "raw": {"data": "x"}},
            "a",
            "failed to set key for artifact a: key unsupported: cannot set key for raw artifact",
        ),
    ],
)
def test_what_does_not_fit_is_refused(artifact: dict[str, Any], name: str, problem: str) -> None:
    with pytest.raises(Refusal) as refused:
        applied([artifact], {name: KEY}, "argo")
    assert (refused.value.status, refused.value.message) == (400, problem)

    with pytest.raises(Refusal) as refused:
        replaced([artifact], {name: KEY})
    assert (refused.value.status, refused.value.message) == (500, problem)


def test_a_workflows_own_artifacts_are_all_kept() -> None:
    known = [{"name": "a", "s3": {"key": "old"}}, {"name": "b", "s3": {"key": "kept"}}]

    assert replaced(known, {"a": "any/key"}) == [{"name": "a", "s3": {"key": "any/key"}}, known[1]]
