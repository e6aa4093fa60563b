import pytest

from airflow_argo.local.refusal import Refusal
from airflow_argo.local.selectors import LabelSelector

LABELS = {"app": "etl", "tier": "2", "workflows.argoproj.io/phase": "Running", "empty": ""}


@pytest.mark.parametrize(
    ("selector", "matches"),
    [
        ("", True),
        ("app=etl", True),
        ("app==etl", True),
        ("app = etl", True),
        ("app=web", False),
        ("app!=web", True),
        ("app!=etl", False),
        ("missing!=x", True),
        ("app", True),
        ("!app", False),
        ("!missing", True),
        ("missing", False),
        ("app in (web, etl)", True),
        ("app notin (web,etl)", False),
        ("missing notin (a)", True),
        ("missing in (a)", False),
        ("tier>1", True),
        ("tier<2", False),
        ("app>1", False),
        ("empty=", True),
        ("app=", False),
        ("app=etl,workflows.argoproj.io/phase in (Running,Pending)", True),
        ("app=etl,!empty", False),
    ],
)
def test_label_selectors(selector: str, matches: bool) -> None:
    assert LabelSelector.parse(selector).matches(LABELS) is matches


def test_an_object_without_labels_matches_what_asks_for_absence() -> None:
    assert LabelSelector.parse("!app").matches(None)
    assert not LabelSelector.parse("app").matches(None)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("a b c", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b c", "unable to parse requirement: found 'c', expected: ',' or 'end of string'"),
        ("a,", "unable to parse requirement: found '', expected: identifier after ','"),
        ("a in b", "unable to parse requirement: found 'b', expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("=", "unable to parse requirement: found '=', expected: identifier"),
    ],
)
def test_broken_label_selectors_are_refused_in_the_words_of_kubernetes(selector: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        LabelSelector.parse(selector)

    assert (refused.value.status, refused.value.message) == (400, message)


def test_a_comparison_needs_a_number() -> None:
    with pytest.raises(Refusal, match="must be an integer"):
        LabelSelector.parse("tier>x")
