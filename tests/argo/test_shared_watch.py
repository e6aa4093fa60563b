from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from airflow_argo.argo.errors import ArgoError, NotAnArgoServerError, PermissionDeniedError, StreamEndedError
from airflow_argo.argo.shared_watch import SharedWatch, followed


def event(name: str, phase: str = "Running", kind: str = "MODIFIED") -> dict[str, Any]:
    return {"type": kind, "object": {"metadata": {"name": name}, "status": {"phase": phase}}}


class Client:
    """A server's streams, each a list of events that ends with an error; then one that says nothing."""

    def __init__(self, *streams: list[dict[str, Any] | ArgoError]) -> None:
        self.streams = list(streams)
        self.opened = 0
        self.asked = 0
        self.most_at_once = 0
        self._now = 0
        self.silent = asyncio.Event()

    async def stream(self, _call: Any) -> AsyncIterator[dict[str, Any]]:
        self.opened += 1
        if not self.streams:
            self.silent.set()
            await asyncio.Event().wait()
        for each in self.streams.pop(0):
            if isinstance(each, ArgoError):
                raise each
            yield each

    async def send(self, _call: Any) -> dict[str, Any]:
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        self.asked += 1
        return {}


class Pauses:
    """Time that is only noted down."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)
        await asyncio.sleep(0)


def watch_of(client: Any, pauses: Pauses | None = None) -> SharedWatch:
    return SharedWatch(client, "argo", "airflow-argo/dag_id", sleep=pauses or Pauses(), clock=lambda: 0.0)


@pytest.mark.parametrize(
    ("told", "woken"),
    [
        (event("mine", "Succeeded"), True),
        (event("mine", "Failed"), True),
        (event("mine", kind="DELETED"), True),
        (event("mine"), False),
        (event("another", "Succeeded"), False),
    ],
)
async def test_only_the_end_of_ones_own_workflow_wakes(told: dict[str, Any], woken: bool) -> None:
    client = Client([told, StreamEndedError("over")])
    watch = watch_of(client)
    with watch.news_of("mine") as news:
        async with followed(watch):
            await client.silent.wait()
        assert await news.within(0) is woken


async def test_what_happens_meanwhile_is_at_hand() -> None:
    client = Client([event("mine"), StreamEndedError("over")])
    watch = watch_of(client)
    with watch.news_of("mine") as news:
        async with followed(watch):
            await client.silent.wait()
        assert news.latest == event("mine")["object"]


async def test_a_stream_that_breaks_is_opened_again_each_time_a_little_later() -> None:
    client, pauses = Client(*([StreamEndedError("over")] for _ in range(8))), Pauses()
    async with followed(watch_of(client, pauses)):
        await client.silent.wait()
    assert client.opened == 9
    assert all(0.5 <= pause <= 30 for pause in pauses.taken)
    assert pauses.taken[-1] > 10 > pauses.taken[1]


async def test_a_stream_that_is_refused_is_asked_for_rarely() -> None:
    client, pauses = Client([PermissionDeniedError("no")]), Pauses()
    async with followed(watch_of(client, pauses)):
        await client.silent.wait()
    assert pauses.taken == [300.0]


async def test_garbage_does_not_end_the_watch() -> None:
    client, pauses = Client([NotAnArgoServerError("<html>")], [NotAnArgoServerError("<html>")]), Pauses()
    async with followed(watch_of(client, pauses)):
        await client.silent.wait()
    assert max(pauses.taken) <= 2


class Paused(Client):
    """A stream that stays open after its events."""

    async def stream(self, _call: Any) -> AsyncIterator[dict[str, Any]]:
        for each in self.streams.pop(0):
            yield each  # type: ignore[misc]
        self.silent.set()
        await asyncio.Event().wait()


async def test_it_tells_of_those_whose_end_is_to_come() -> None:
    client = Paused([event("runs"), event("ended"), event("ended", "Failed"), event("gone", kind="DELETED")])
    watch = watch_of(client)
    async with followed(watch):
        await client.silent.wait()
        assert [name for name in ("runs", "ended", "gone", "unknown") if watch.tells_of(name)] == ["runs"]
    assert not watch.tells_of("runs")


async def test_many_statuses_are_asked_for_a_few_at_a_time() -> None:
    client = Client()
    watch = watch_of(client)
    await asyncio.gather(*(watch.status(f"wf-{index}", "") for index in range(200)))
    assert client.asked == 200
    assert client.most_at_once == 20
