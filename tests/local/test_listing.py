from typing import Any

import pytest

from airflow_argo.local.listing import ListOptions, page
from airflow_argo.local.refusal import Refusal


def workflow(name: str, **given: Any) -> dict[str, Any]:
    status = {"startedAt": given.get("started"), "finishedAt": given.get("finished")}
    metadata = {
        "name": name,
        "namespace": given.get("namespace", "argo"),
        "creationTimestamp": given.get("created", "2026-01-01T00:00:00Z"),
        "labels": given.get("labels", {}),
    }
    return {"metadata": metadata, "status": status}


def names(query: dict[str, str], *workflows: dict[str, Any], namespace: str = "argo") -> list[str]:
    options = ListOptions.parse(namespace, query)
    return [each["metadata"]["name"] for each in workflows if options.matches(each)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["pull-1", "pull-12", "push"]),
        ({"listOptions.fieldSelector": "metadata.name=pull-1"}, ["pull-1"]),
        ({"listOptions.fieldSelector": "metadata.name==pull-1"}, ["pull-1"]),
        ({"listOptions.fieldSelector": "metadata.name!=pull-1"}, ["pull-12", "push"]),
        ({"listOptions.fieldSelector": "metadata.name=pull-1,metadata.namespace=argo"}, ["pull-1"]),
        ({"nameFilter": "Prefix", "listOptions.fieldSelector": "metadata.name=pull"}, ["pull-1", "pull-12"]),
        ({"nameFilter": "Contains", "listOptions.fieldSelector": "metadata.name=12"}, ["pull-12"]),
        ({"nameFilter": "Exact", "listOptions.fieldSelector": "metadata.name=pull"}, []),
        ({"nameFilter": "Nonsense", "listOptions.fieldSelector": "metadata.name=pull"}, ["pull-1", "pull-12", "push"]),
        ({"listOptions.labelSelector": "a=1"}, ["push"]),
        ({"createdAfter": "2026-06-01T00:00:00Z"}, ["push"]),
        ({"createdAfter": "2026-06-01T00:00:00.25+02:00"}, ["push"]),
        # What still runs has not finished "before" anything, and yet is listed (seen on v4.1.2).
        ({"finishedBefore": "2026-02-01T00:00:00Z"}, ["pull-1", "push"]),
        ({"listOptions.fieldSelector": "spec.startedAt>2026-03-01T00:00:00Z"}, ["pull-12"]),
        ({"listOptions.fieldSelector": "spec.startedAt<2026-03-01T00:00:00Z"}, ["pull-1", "push"]),
    ],
)
def test_what_a_list_gives(query: dict[str, str], expected: list[str]) -> None:
    found = names(
        query,
        workflow("pull-1", started="2026-01-05T00:00:00Z", finished="2026-01-06T00:00:00Z"),
        workflow("pull-12", started="2026-03-05T00:00:00Z", finished="2026-03-06T00:00:00Z"),
        workflow("push", labels={"a": "1"}, created="2026-07-01T00:00:00Z"),
    )

    assert found == expected


def test_other_namespaces_are_listed_only_when_asked_for() -> None:
    there = (workflow("a"), workflow("b", namespace="other"))

    assert names({}, *there) == ["a"]
    assert names({}, *there, namespace="") == ["a", "b"]
    assert names({"listOptions.fieldSelector": "metadata.namespace!=argo"}, *there) == ["b"]


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"listOptions.fieldSelector": "status.phase=Running"}, 400, "unsupported requirement status.phase=Running"),
        ({"listOptions.fieldSelector": "a b c"}, 400, "unsupported requirement a b c"),
        ({"listOptions.continue": "abc"}, 400, "listOptions.continue must be int"),
        ({"listOptions.continue": "-1"}, 400, "listOptions.continue must >= 0"),
        ({"listOptions.limit": "abc"}, 400, 'strconv.ParseInt: parsing "abc": invalid syntax'),
        ({"listOptions.limit": "9" * 30}, 400, f'strconv.ParseInt: parsing "{"9" * 30}": value out of range'),
        (
            {"createdAfter": "abc"},
            500,
            'parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006"',
        ),
    ],
)
def test_refused_lists(query: dict[str, str], status: int, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        ListOptions.parse("argo", query)

    assert (refused.value.status, refused.value.message) == (status, message)


def test_a_page_is_cut_in_the_order_of_creation_and_shows_unfinished_ones_first() -> None:
    there = [workflow("old", finished="2026-01-02T00:00:00Z"), workflow("newer", finished="2026-01-03T00:00:00Z")]
    there.append(workflow("running"))
    options = ListOptions.parse("argo", {"listOptions.limit": "2", "listOptions.continue": "1"})

    assert [each["metadata"]["name"] for each in page(options, there).items] == ["running", "newer"]


@pytest.mark.parametrize(
    ("query", "metadata"),
    [
        ({"listOptions.limit": "1"}, {"resourceVersion": "7"}),
        (
            {"listOptions.limit": "1", "listOptions.fieldSelector": "ext.showRemainingItemCount=true"},
            {"resourceVersion": "7", "continue": "1", "remainingItemCount": 2},
        ),
        (
            {"listOptions.fieldSelector": "ext.showRemainingItemCount=true"},
            {"resourceVersion": "7", "remainingItemCount": 0},
        ),
    ],
)
def test_the_rest_is_counted_only_when_asked_for(query: dict[str, str], metadata: dict[str, Any]) -> None:
    options = ListOptions.parse("argo", query)

    found = page(options, [workflow("a"), workflow("b"), workflow("c")])

    assert found.metadata(options.offset, 7) == metadata


def test_a_page_holds_those_that_started_last() -> None:
    started = [workflow(f"w{day}", started=f"2026-01-0{day}T00:00:00Z") for day in (1, 3, 2)]
    options = ListOptions.parse("argo", {"listOptions.limit": "2"})
    pending = workflow("pending", started=None)
    assert [each["metadata"]["name"] for each in page(options, [pending, *started]).items] == ["w3", "w2"]
