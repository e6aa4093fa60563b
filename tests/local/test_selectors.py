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
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a in (b)(c)", "found '(', expected: ',' or 'end of string'"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        ("a,", "found '', expected: identifier after ','"),
        ("a,,b", "found ',', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("=", "found '=', expected: !, identifier, or 'end of string'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in ((b))", "unable to parse requirement: found '(', expected: ',', ')' or identifier"),
        ("a in (b,!c)", "unable to parse requirement: found '!', expected: ',', or identifier"),
    ],
)
def test_broken_label_selectors_are_refused_in_the_words_of_kubernetes(selector: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        LabelSelector.parse(selector)

    assert (refused.value.status, refused.value.message) == (400, message)


def test_a_comparison_needs_a_number() -> None:
    with pytest.raises(Refusal, match="must be an integer"):
        LabelSelector.parse("tier>x")


@pytest.mark.parametrize(
    ("selector", "start"),
    [
        ("-a=b", '<nil>: Invalid value: "-a": name part must consist of alphanumeric characters'),
        ("é", '<nil>: Invalid value: "é": name part must'),
        ("a/b/c=1", '<nil>: Invalid value: "a/b/c": a valid label key must consist of alphanumeric characters'),
        ("/b=1", '<nil>: Invalid value: "/b": prefix part must be non-empty'),
        ("A/b=1", '<nil>: Invalid value: "A/b": prefix part a lowercase RFC 1123 subdomain must consist of'),
        ("a/=1", '<nil>: Invalid value: "a/": name part must be non-empty; name part must consist of'),
        ("a" * 64, f'<nil>: Invalid value: "{"a" * 64}": name part must be no more than 63 bytes'),
        ("a=" + "b" * 64, f'values[0][a]: Invalid value: "{"b" * 64}": must be no more than 63 bytes'),
        ("a in (b,-c)", 'values[1][a]: Invalid value: "-c": a valid label must be an empty string or consist of'),
    ],
)
def test_what_can_be_no_label_is_refused(selector: str, start: str) -> None:
    with pytest.raises(Refusal) as refused:
        LabelSelector.parse(selector)

    assert refused.value.message.startswith(f"unable to parse requirement: {start}")
