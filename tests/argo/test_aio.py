from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import aio, api, errors
from airflow_argo.argo.aio import AsyncArgoClient, ServerAddress

WORKFLOW = {"metadata": {"name": "x"}, "status": {"phase": "Running"}}
GET = api.get_workflow("argo", "x")
WATCH = api.watch_workflows("argo")
ADDED = b'data: {"result":{"type":"ADDED","object":{"metadata":{"name":"x"}}}} \n\n'


@pytest.fixture
async def client(argo: Any, virtual_time: Any) -> AsyncIterator[AsyncArgoClient]:
    address = ServerAddress(argo.url, token=lambda: "t0p-secret")
    time = {"sleep": virtual_time.async_sleep, "clock": virtual_time.clock}
    async with AsyncArgoClient(address, read_timeout=0.3, **time) as client:
        yield client


async def first_of(results: AsyncIterator[Any]) -> Any:
    return await anext(results)


async def test_a_request_carries_the_token_the_query_and_the_body(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.answer(200, {"metadata": {}, "items": None}), argo.answer(200, WORKFLOW))
    assert (await client.send(api.list_workflows("my ns", label_selector="a in (b,c)")))["items"] == []
    assert await client.send(api.create_workflow("argo", {"metadata": {"name": "ü"}})) == WORKFLOW
    listed, created = argo.seen
    assert listed.path == "/api/v1/workflows/my%20ns?listOptions.labelSelector=a%20in%20%28b%2Cc%29"
    assert listed.headers["Authorization"] == "Bearer t0p-secret"
    assert created.body == b'{"workflow":{"metadata":{"name":"\\u00fc"}}}'


async def test_no_login_of_a_netrc_file_is_sent(argo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    argo.will(argo.answer(200, WORKFLOW))
    async with AsyncArgoClient(ServerAddress(argo.url)) as client:
        await client.send(GET)
    assert "Authorization" not in argo.seen[0].headers


@pytest.mark.parametrize("mishap", ["break_off", "hang"])
async def test_a_broken_answer_is_asked_for_again(argo: Any, client: AsyncArgoClient, mishap: str) -> None:
    argo.will(getattr(argo, mishap)(), argo.answer(200, WORKFLOW))
    assert await client.send(GET) == WORKFLOW
    assert len(argo.seen) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
async def test_a_passing_refusal_is_met_again(argo: Any, client: AsyncArgoClient, status: int) -> None:
    argo.will(argo.answer(status, "later", "text/plain"), argo.answer(200, WORKFLOW))
    assert await client.send(GET) == WORKFLOW


async def test_patience_ends(argo: Any, client: AsyncArgoClient, virtual_time: Any) -> None:
    argo.will(argo.drop())
    with pytest.raises(errors.ServerUnreachableError):
        await client.send(GET)
    assert 40 < sum(virtual_time.pauses) <= 60


async def test_the_pause_is_the_one_the_server_asks_for(argo: Any, client: AsyncArgoClient, virtual_time: Any) -> None:
    argo.will(argo.answer(429, "", "text/plain", {"Retry-After": "7"}), argo.answer(200, WORKFLOW))
    await client.send(GET)
    assert 7 <= virtual_time.pauses[0] < 8


async def test_what_must_not_happen_twice_is_sent_once(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.drop(), argo.answer(200, WORKFLOW))
    with pytest.raises(errors.ServerUnreachableError):
        await client.send(api.retry_workflow("argo", "x"))
    assert len(argo.seen) == 1


async def test_what_must_not_happen_twice_is_sent_once_on_a_used_connection(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.answer(200, WORKFLOW), argo.drop(), argo.answer(200, WORKFLOW))
    await client.send(GET)
    with pytest.raises(errors.ServerUnreachableError):
        await client.send(api.retry_workflow("argo", "x"))
    assert len(argo.seen) == 2


async def test_nobody_listens(argo: Any, client: AsyncArgoClient, virtual_time: Any) -> None:
    argo.will(argo.drop())
    argo.stop_listening()
    with pytest.raises(errors.ServerUnreachableError, match="cannot be reached") as raised:
        await client.send(api.retry_workflow("argo", "x"))
    assert argo.url in str(raised.value)
    assert "t0p-secret" not in str(raised.value)
    assert len(virtual_time.pauses) > 5


async def test_a_redirect_is_not_followed(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.answer(302, "", "text/html", {"Location": f"{argo.url}/login?state=one-time"}))
    with pytest.raises(errors.NotAnArgoServerError, match="/login;"):
        await client.send(GET)
    assert len(argo.seen) == 1


async def test_a_web_page_is_not_argos(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.answer(200, "<title>Argo</title>", "text/html"))
    for ask in (client.send(GET), first_of(client.stream(WATCH))):
        with pytest.raises(errors.NotAnArgoServerError, match="text/html"):
            await ask


async def test_large_answers_do_not_hold_up_the_loop(
    argo: Any, client: AsyncArgoClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []
    call = api.Call("GET", "/api/v1/x", lambda value: threads.append(threading.current_thread()) or value)
    small, large = argo.answer(200, {}), argo.answer(200, {"a": "x" * aio.LARGE})
    for answer in (small, large):
        argo.will(answer)
        await client.send(call)
    assert threads[0] is threading.main_thread()
    assert threads[1] is not threading.main_thread()


async def test_a_large_event_comes_whole(argo: Any, client: AsyncArgoClient) -> None:
    event = ADDED.replace(b'"x"', b'"' + b"x" * (3 * aio.LARGE) + b'"')
    argo.will(argo.pieces(event, ADDED))
    async with aclosing(client.stream(WATCH)) as results:
        assert len((await anext(results))["object"]["metadata"]["name"]) == 3 * aio.LARGE
        assert (await anext(results))["object"]["metadata"]["name"] == "x"


async def test_results_come_while_the_stream_is_open(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.pieces(b":\n", ADDED[:20], ADDED[20:], b"\n", end="hang"))
    async with aclosing(client.stream(WATCH)) as results:
        assert (await anext(results))["type"] == "ADDED"
    assert argo.seen[0].headers["Accept"] == "text/event-stream"


@pytest.mark.parametrize("end", ["cleanly", "break"])
async def test_a_watch_only_ever_ends_as_an_error(argo: Any, client: AsyncArgoClient, end: str) -> None:
    argo.will(argo.pieces(ADDED, end=end))
    results = client.stream(WATCH)
    assert (await anext(results))["type"] == "ADDED"
    with pytest.raises(errors.StreamEndedError):
        await anext(results)


async def test_a_silent_watch_is_given_up(argo: Any) -> None:
    argo.will(argo.pieces(ADDED, end="hang"))
    async with AsyncArgoClient(ServerAddress(argo.url), stream_timeout=0.2) as client:
        results = client.stream(WATCH)
        await anext(results)
        with pytest.raises(errors.StreamEndedError, match="Timeout"):
            await anext(results)


async def test_a_log_ends_by_itself(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.pieces(b'{"result":{"content":"hello","podName":"p"}}\n', content_type="application/json"))
    assert [line["content"] async for line in client.stream(api.workflow_log("argo", "x"))] == ["hello"]


async def test_a_stream_that_is_refused_raises_the_servers_error(argo: Any, client: AsyncArgoClient) -> None:
    body = b'data: {"error":{"grpc_code":7,"http_code":403,"message":"may not watch"}} \n\n'
    argo.will(argo.answer(403, body, "text/event-stream"))
    with pytest.raises(errors.PermissionDeniedError, match="may not watch"):
        await first_of(client.stream(WATCH))


async def test_many_requests_share_one_client(argo: Any, client: AsyncArgoClient) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    assert await asyncio.gather(*(client.send(GET) for _ in range(20))) == [WORKFLOW] * 20


async def test_an_untrusted_certificate_is_named(argo: Any, certificate: Any) -> None:
    argo.speak_tls(certificate.context)
    async with AsyncArgoClient(ServerAddress(argo.url)) as client:
        with pytest.raises(errors.CertificateError, match="verify"):
            await client.send(GET)


async def test_a_certificate_is_checked_against_the_given_file_or_not_at_all(argo: Any, certificate: Any) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    argo.speak_tls(certificate.context)
    for verify in (False, str(certificate.path)):
        async with AsyncArgoClient(ServerAddress(argo.url, verify=verify)) as client:
            assert await client.send(GET) == WORKFLOW


async def test_a_missing_ca_file_is_named(argo: Any) -> None:
    address = ServerAddress(argo.url.replace("http:", "https:"), verify="no/such.pem")
    async with AsyncArgoClient(address) as client:
        with pytest.raises(errors.CertificateError, match=r"no/such\.pem"):
            await client.send(GET)


async def test_a_server_without_tls_is_named(argo: Any) -> None:
    async with AsyncArgoClient(ServerAddress(argo.url.replace("http:", "https:"))) as client:
        with pytest.raises(errors.NotAnArgoServerError, match="'http'"):
            await client.send(GET)


async def test_the_proxy_is_the_one_the_environment_names(argo: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", argo.url)
    monkeypatch.setenv("no_proxy", "")
    argo.will(argo.answer(200, WORKFLOW))
    async with AsyncArgoClient(ServerAddress("http://argo.example:2746")) as client:
        assert await client.send(GET) == WORKFLOW
    assert argo.seen[0].path == "http://argo.example:2746/api/v1/workflows/argo/x"
