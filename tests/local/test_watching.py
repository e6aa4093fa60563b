import asyncio
from typing import Any

import pytest

from airflow_argo.local import watching
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.watching import Journal, Watched, parse_start


def workflow(uid: str, version: int, generation: int = 2, **labels: str) -> dict[str, Any]:
    metadata = {"uid": uid, "resourceVersion": str(version), "generation": generation, "labels": labels}
    return {"metadata": metadata, "status": {}}


def test_a_journal_gives_the_last_change_of_each_workflow_in_order() -> None:
    journal = Journal(10)
    for uid, version in (("a", 11), ("b", 12), ("a", 13)):
        journal.record(workflow(uid, version))

    assert [(change.uid, change.version) for change in journal.since(10)] == [("b", 12), ("a", 13)]
    assert [change.uid for change in journal.since(12)] == ["a"]
    assert journal.since(13) == []


def test_an_overtaken_change_is_not_current() -> None:
    journal = Journal(0)
    journal.record(workflow("a", 1))
    (old,) = journal.since(0)
    journal.record(workflow("a", 2))

    assert not journal.is_current(old)
    assert journal.is_current(journal.since(0)[0])


async def test_waiting_ends_with_the_next_change() -> None:
    journal = Journal(5)
    waiting = asyncio.ensure_future(journal.wait(5))
    await asyncio.sleep(0)
    assert not waiting.done()

    journal.record(workflow("a", 6))

    await asyncio.wait_for(waiting, 1)
    await asyncio.wait_for(journal.wait(5), 1)


def test_too_many_deletions_raise_the_oldest_version_that_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_MAX_DELETED", 2)
    journal = Journal(0)
    for version in range(1, 5):
        journal.record(workflow(f"w{version}", version), deleted=True)

    assert journal.floor == 2
    assert [change.uid for change in journal.since(2)] == ["w3", "w4"]


@pytest.mark.parametrize(("text", "start"), [("", None), ("0", None), ("17", 17), ("10", 10)])
def test_where_a_watch_begins(text: str, start: int | None) -> None:
    assert parse_start(text, floor=10) == start


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9", "too old resource version: 9 (10)"),
        ("abc", "Invalid value: 'abc': resourceVersion"),
        ("-1", "Invalid value: '-1': resourceVersion"),
        ("²", "Invalid value: '²': resourceVersion"),
        ("9" * 5000, f"Invalid value: '{'9' * 5000}': resourceVersion"),
    ],
)
def test_a_watch_cannot_begin_just_anywhere(text: str, message: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse_start(text, floor=10)

    assert (refused.value.status, refused.value.message) == (400, message)


def told(watched: Watched, journal: Journal, state: dict[str, Any], *, deleted: bool = False) -> str | None:
    """The event by which a watcher hears of this state."""
    journal.record(state, deleted=deleted)
    return watched.event(journal.since(0)[-1], state)


def wants_a(workflow: dict[str, Any]) -> bool:
    return "a" in workflow["metadata"]["labels"]


def test_the_life_of_a_workflow() -> None:
    journal, watched = Journal(10), Watched(wants_a, start=10)

    assert told(watched, journal, workflow("u", 11, generation=1, a="1")) == "ADDED"
    assert told(watched, journal, workflow("u", 12, a="1")) == "MODIFIED"
    assert told(watched, journal, workflow("u", 13, a="1"), deleted=True) == "DELETED"


def test_a_workflow_that_was_there_before_is_modified() -> None:
    journal, watched = Journal(10), Watched(wants_a, start=10)

    assert told(watched, journal, workflow("u", 11, generation=7, a="1")) == "MODIFIED"


def test_the_selector_decides_what_is_added_and_deleted() -> None:
    journal, watched = Journal(10), Watched(wants_a, start=10)

    assert told(watched, journal, workflow("u", 11, generation=1)) is None
    assert told(watched, journal, workflow("u", 12, a="1")) == "ADDED"
    assert told(watched, journal, workflow("u", 13)) == "DELETED"
    assert told(watched, journal, workflow("u", 14)) is None
    assert told(watched, journal, workflow("u", 15), deleted=True) is None


def test_what_is_there_at_the_start_is_known() -> None:
    journal, watched = Journal(10), Watched(wants_a, start=10)

    there = watched.initial([workflow("u", 5, a="1"), workflow("v", 6)])

    assert [each["metadata"]["uid"] for each in there] == ["u"]
    assert told(watched, journal, workflow("u", 11)) == "DELETED"
