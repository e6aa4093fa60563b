from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_argo.argo import api, errors
from airflow_argo.argo.client import ArgoClient, ServerAddress

WORKFLOW = {"metadata": {"name": "x"}, "status": {"phase": "Running"}}
GET = api.get_workflow("argo", "x")
WATCH = api.watch_workflows("argo")
ADDED = b'data: {"result":{"type":"ADDED","object":{"metadata":{"name":"x"}}}} \n\n'


@pytest.fixture
def client(argo: Any, virtual_time: Any) -> Iterator[ArgoClient]:
    address = ServerAddress(argo.url, token=lambda: "t0p-secret")
    with ArgoClient(address, read_timeout=0.3, sleep=virtual_time.sleep, clock=virtual_time.clock) as client:
        yield client


def test_a_request_carries_the_token_the_query_and_the_body(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.answer(200, {"metadata": {}, "items": None}), argo.answer(200, WORKFLOW))
    assert client.send(api.list_workflows("my ns", label_selector="a in (b,c)", limit=5))["items"] == []
    assert client.send(api.create_workflow("argo", {"metadata": {"name": "ü"}})) == WORKFLOW
    listed, created = argo.seen
    assert listed.path == "/api/v1/workflows/my%20ns?listOptions.labelSelector=a%20in%20%28b%2Cc%29&listOptions.limit=5"
    assert listed.headers["Authorization"] == "Bearer t0p-secret"
    assert created.method == "POST"
    assert created.body == b'{"workflow":{"metadata":{"name":"\\u00fc"}}}'


def test_the_base_path_stands_in_front(argo: Any) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    with ArgoClient(ServerAddress(f"{argo.url}/argo/")) as client:
        client.send(GET)
    assert argo.seen[0].path == "/argo/api/v1/workflows/argo/x"


def test_the_token_is_asked_for_every_request(argo: Any) -> None:
    tokens = iter(["old", "Bearer new"])
    argo.will(argo.answer(200, WORKFLOW))
    with ArgoClient(ServerAddress(argo.url, token=lambda: next(tokens))) as client:
        client.send(GET)
        client.send(GET)
    assert [seen.headers["Authorization"] for seen in argo.seen] == ["Bearer old", "Bearer new"]


def test_no_login_of_a_netrc_file_takes_the_tokens_place(
    argo: Any, client: ArgoClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    argo.will(argo.answer(200, WORKFLOW))
    client.send(GET)
    assert argo.seen[0].headers["Authorization"] == "Bearer t0p-secret"


@pytest.mark.parametrize("mishap", ["drop", "break_off", "hang"])
def test_a_broken_answer_is_asked_for_again(argo: Any, client: ArgoClient, mishap: str) -> None:
    argo.will(getattr(argo, mishap)(), argo.answer(200, WORKFLOW))
    assert client.send(GET) == WORKFLOW
    assert len(argo.seen) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_passing_refusal_is_met_by_trying_again(
    argo: Any, client: ArgoClient, virtual_time: Any, status: int
) -> None:
    argo.will(argo.answer(status, "later", "text/plain"), argo.answer(status, ""), argo.answer(200, WORKFLOW))
    assert client.send(GET) == WORKFLOW
    first, second = virtual_time.pauses
    assert 0 < first <= 0.5 <= second <= 1


def test_what_will_not_pass_is_not_tried_again(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.answer(200, "<html><title>Sign in</title></html>", "text/html"))
    with pytest.raises(errors.NotAnArgoServerError, match="Sign in"):
        client.send(GET)
    assert len(argo.seen) == 1


def test_patience_ends(argo: Any, client: ArgoClient, virtual_time: Any) -> None:
    argo.will(argo.answer(503, {"code": 14, "message": "connection error"}))
    with pytest.raises(errors.ServerError, match="connection error"):
        client.send(GET)
    assert 40 < sum(virtual_time.pauses) <= 60


def test_the_pause_is_the_one_the_server_asks_for(argo: Any, client: ArgoClient, virtual_time: Any) -> None:
    argo.will(
        argo.answer(429, "Too Many Requests", "text/plain", {"Retry-After": "7"}),
        argo.answer(200, WORKFLOW),
    )
    client.send(GET)
    assert 7 <= virtual_time.pauses[0] < 8


def test_a_pause_beyond_the_patience_is_the_callers_to_wait(argo: Any, client: ArgoClient, virtual_time: Any) -> None:
    argo.will(argo.answer(429, "", "text/plain", {"Retry-After": "3600"}))
    with pytest.raises(errors.RateLimitedError) as raised:
        client.send(GET)
    assert raised.value.retry_after == 3600
    assert virtual_time.pauses == []


@pytest.mark.parametrize(
    "call",
    [
        api.submit_workflow("argo", "WorkflowTemplate", "t", {}),
        api.retry_workflow("argo", "x"),
        api.create_workflow("argo", {"metadata": {"generateName": "x-"}}),
    ],
    ids=["submit", "retry", "create without a name"],
)
def test_what_must_not_happen_twice_is_sent_once(argo: Any, client: ArgoClient, call: api.Call[Any]) -> None:
    argo.will(argo.drop(), argo.answer(200, WORKFLOW))
    with pytest.raises(errors.ServerUnreachableError):
        client.send(call)
    assert len(argo.seen) == 1


def test_what_must_not_happen_twice_is_tried_again_when_the_server_did_not_take_it(
    argo: Any, client: ArgoClient
) -> None:
    argo.will(argo.answer(429, "Too Many Requests", "text/plain"), argo.answer(200, WORKFLOW))
    assert client.send(api.retry_workflow("argo", "x")) == WORKFLOW


def test_nobody_listens(argo: Any, client: ArgoClient, virtual_time: Any) -> None:
    argo.stop_listening()
    with pytest.raises(errors.ServerUnreachableError, match="Connection refused") as raised:
        client.send(api.retry_workflow("argo", "x"))
    assert argo.url in str(raised.value)
    assert "t0p-secret" not in str(raised.value)
    assert len(virtual_time.pauses) > 5


def test_a_redirect_is_not_followed(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.answer(302, "", "text/html", {"Location": f"{argo.url}/login?state=one-time"}))
    with pytest.raises(errors.NotAnArgoServerError, match="/login;") as raised:
        client.send(GET)
    assert "one-time" not in str(raised.value)
    assert len(argo.seen) == 1


@pytest.mark.parametrize("token", ["a\nb", "ä", "a\x00b"])
def test_an_impossible_token_is_refused_and_not_shown(argo: Any, token: str) -> None:
    address = ServerAddress(argo.url, token=lambda: token)
    with ArgoClient(address) as client, pytest.raises(errors.UnauthenticatedError) as raised:
        client.send(GET)
    assert repr(token)[1:-1] not in str(raised.value)
    assert argo.seen == []


@pytest.mark.parametrize("stream", ["pieces", "unchunked_stream"])
def test_results_come_while_the_stream_is_open(argo: Any, client: ArgoClient, stream: str) -> None:
    ways: dict[str, Callable[..., Any]] = {
        "pieces": lambda *pieces: argo.pieces(*pieces, end="hang"),
        "unchunked_stream": argo.unchunked_stream,
    }
    argo.will(ways[stream](b":\n", ADDED[:20], ADDED[20:], b"\n"))
    results = client.stream(WATCH)
    assert next(results)["type"] == "ADDED"
    results.close()  # type: ignore[attr-defined]
    assert argo.seen[0].headers["Accept"] == "text/event-stream"


@pytest.mark.parametrize("end", ["cleanly", "break"])
def test_a_watch_only_ever_ends_as_an_error(argo: Any, client: ArgoClient, end: str) -> None:
    argo.will(argo.pieces(ADDED, end=end))
    results = client.stream(WATCH)
    assert next(results)["object"] == {"metadata": {"name": "x"}}
    with pytest.raises(errors.StreamEndedError):
        next(results)


def test_a_silent_watch_is_given_up(argo: Any) -> None:
    argo.will(argo.pieces(ADDED, end="hang"))
    with ArgoClient(ServerAddress(argo.url), stream_timeout=0.2) as client:
        results = client.stream(WATCH)
        next(results)
        with pytest.raises(errors.StreamEndedError, match="timed out"):
            next(results)


def test_a_log_ends_by_itself(argo: Any, client: ArgoClient) -> None:
    line = b'{"result":{"content":"hello","podName":"p"}}\n{"result":{"podName":"p"}}\n'
    argo.will(argo.pieces(line, content_type="application/json"))
    assert [found["content"] for found in client.stream(api.workflow_log("argo", "x"))] == ["hello", ""]


def test_a_stream_that_is_refused_raises_the_servers_error(argo: Any, client: ArgoClient) -> None:
    body = b'data: {"error":{"grpc_code":7,"http_code":403,"message":"may not watch"}} \n\n'
    argo.will(argo.answer(403, body, "text/event-stream"))
    with pytest.raises(errors.PermissionDeniedError, match="may not watch"):
        next(client.stream(WATCH))


def test_the_end_of_a_watch_without_events_is_not_tried_again(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.answer(429, {"error": {"grpc_code": 8, "http_code": 429, "message": "EOF"}}))
    with pytest.raises(errors.StreamEndedError):
        next(client.stream(WATCH))
    assert len(argo.seen) == 1


def test_opening_a_stream_is_tried_again(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.drop(), argo.answer(502, "Bad Gateway", "text/plain"), argo.pieces(ADDED))
    assert next(client.stream(WATCH))["type"] == "ADDED"


def test_a_stream_that_is_a_web_page_is_not_argos(argo: Any, client: ArgoClient) -> None:
    argo.will(argo.answer(200, "<title>Argo</title>", "text/html"))
    with pytest.raises(errors.NotAnArgoServerError, match="text/html"):
        next(client.stream(WATCH))


def test_a_server_without_tls_is_named(argo: Any, virtual_time: Any) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    address = ServerAddress(argo.url.replace("http:", "https:"))
    with ArgoClient(address, sleep=virtual_time.sleep) as client, pytest.raises(errors.NotAnArgoServerError) as raised:
        client.send(GET)
    assert "'http'" in str(raised.value)


def test_an_untrusted_certificate_is_named(argo: Any, certificate: Any) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    argo.speak_tls(certificate.context)
    with ArgoClient(ServerAddress(argo.url)) as client, pytest.raises(errors.CertificateError, match="verify"):
        client.send(GET)


def test_a_certificate_is_checked_against_the_given_file_or_not_at_all(argo: Any, certificate: Any) -> None:
    argo.will(argo.answer(200, WORKFLOW))
    argo.speak_tls(certificate.context)
    for verify in (False, str(certificate.path)):
        with ArgoClient(ServerAddress(argo.url, verify=verify)) as client:
            assert client.send(GET) == WORKFLOW


def test_a_missing_ca_file_is_named(argo: Any, certificate: Any) -> None:
    argo.speak_tls(certificate.context)
    address = ServerAddress(argo.url, verify="no/such.pem")
    with ArgoClient(address) as client, pytest.raises(errors.CertificateError, match=r"no/such\.pem"):
        client.send(GET)
