import asyncio

from airflow_argo.local.departures import Departures
from airflow_argo.local.engine.messages import PodFinished, PodReport, PodStarted


async def test_the_end_of_a_pod_that_is_stopped_is_nobodys_news_but_is_waited_for() -> None:
    departures = Departures()
    departures.expect("w", ["a"])
    over = asyncio.create_task(departures.over("w"))

    assert departures.takes("w", PodStarted("a"))
    assert not departures.takes("w", PodFinished("b", PodReport(0)))
    assert not departures.takes("other", PodFinished("a", PodReport(0)))
    await asyncio.sleep(0)
    assert not over.done()
    assert departures.takes("w", PodFinished("a", PodReport(0)))
    await asyncio.wait_for(over, 5)
    assert not departures.takes("w", PodFinished("a", PodReport(0)))


async def test_nobody_waits_for_a_workflow_that_is_deleted() -> None:
    departures = Departures()
    departures.expect("w", ["a"])
    over = asyncio.create_task(departures.over("w"))
    await asyncio.sleep(0)
    departures.forget("w")

    await asyncio.wait_for(over, 5)
