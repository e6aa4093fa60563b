from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from airflow_argo.local.engine.messages import HttpAnswer, PodEvent, PodFinished, PodReport, StartPod
from airflow_argo.local.execution.http_agent import HttpAgent
from airflow_argo.local.execution.pod import Pod


async def _echo(request: web.Request) -> web.Response:
    seen = f"{request.method} {request.headers.get('X-Word', '')} {await request.text()}"
    return web.Response(status=201, text=seen, headers={"x-answer": "yes"})


async def _slow(request: web.Request) -> web.Response:
    await asyncio.sleep(1)
    return web.Response()


@pytest_asyncio.fixture
async def url() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/echo", _echo)
    app.router.add_route("*", "/slow", _slow)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[HttpAgent]:
    agent = HttpAgent()
    yield agent
    await agent.close()


def pod(http: dict[str, Any]) -> Pod:
    command = StartPod("n", "p", {"name": "t", "http": http}, deadline=None, include_result=False)
    return Pod("uid", "wf", "argo", command)


async def answer(agent: HttpAgent, **http: Any) -> PodReport:
    told: asyncio.Future[PodEvent] = asyncio.get_running_loop().create_future()
    agent.start(pod(http), told.set_result)
    event = await told
    assert isinstance(event, PodFinished)
    return event.report


async def test_method_headers_and_body_are_sent(agent: HttpAgent, url: str) -> None:
    headers = [{"name": "X-Word", "value": "hello"}]
    report = await answer(agent, url=f"{url}/echo", method="PUT", headers=headers, body="text")
    assert isinstance(report.answer, HttpAnswer)
    assert (report.answer.status, report.answer.body) == (201, "PUT hello text")
    assert report.answer.headers["X-Answer"] == ["yes"]


async def test_a_body_of_bytes(agent: HttpAgent, url: str) -> None:
    report = await answer(agent, url=f"{url}/echo", method="POST", bodyFrom={"bytes": "aGk="}, body="ignored")
    assert report.answer is not None
    assert report.answer.body == "POST  hi"


async def test_the_time_limit(agent: HttpAgent, url: str) -> None:
    report = await answer(agent, url=f"{url}/slow", timeoutSeconds=0.05)
    assert (report.answer, report.error) == (None, f'Get "{url}/slow": context deadline exceeded')


@pytest.mark.parametrize(
    ("address", "error"),
    [
        ("ftp://x/", 'Get "ftp://x/": unsupported protocol scheme "ftp"'),
        ("http://", 'Get "http://": http: no Host in request URL'),
        ("http://127.0.0.1:1/", 'Get "http://127.0.0.1:1/": dial tcp 127.0.0.1:1: connect: connection refused'),
    ],
)
async def test_why_there_is_no_answer(agent: HttpAgent, address: str, error: str) -> None:
    assert (await answer(agent, url=address)).error == error


async def test_a_header_from_a_secret_is_refused_by_name(agent: HttpAgent, url: str) -> None:
    headers = [{"name": "Authorization", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}]
    assert "header Authorization" in (await answer(agent, url=f"{url}/echo", headers=headers)).error


async def test_a_request_that_is_given_up_has_ended(agent: HttpAgent, url: str) -> None:
    told: list[PodEvent] = []
    asked = pod({"url": f"{url}/slow"})
    agent.start(asked, told.append)
    await asyncio.sleep(0)
    assert agent.stop(asked.key)
    assert not agent.stop(asked.key)
    assert told == []
    await asyncio.sleep(0)
    await agent.close()
    assert told == [PodFinished("n", PodReport(exit_code=None, error="context canceled"))]
