from typing import Any

import pytest
from starlette.datastructures import Headers

from airflow_argo.local.server.guard import Guard

NO_TOKEN = "token not valid. see https://argo-workflows.readthedocs.io/en/latest/faq/"


async def app(*_: object) -> None:
    """Never asked here."""


@pytest.mark.parametrize(
    ("authorization", "message"),
    [
        ("Bearer secret", None),
        ("Bearer  secret ", None),
        (None, NO_TOKEN),
        ("", NO_TOKEN),
        ("secret", NO_TOKEN),
        ("bearer secret", NO_TOKEN),
        ("Bearer ", NO_TOKEN),
        ("Digest secret", NO_TOKEN),
        ("Bearer wrong", "Unauthorized"),
        ("Bearer sécret", "Unauthorized"),
        ("Basic secret", "Unauthorized"),
    ],
)
def test_the_token(authorization: str | None, message: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    refusal = Guard(app, "secret").check(Headers(headers))

    assert (refusal and refusal.message) == message
    assert refusal is None or (refusal.status, refusal.number) == (401, 16)


@pytest.mark.parametrize("host", ["127.0.0.1:2746", "localhost:2746", "[::1]:2746", "localhost", ""])
def test_without_a_token_this_machine_may_ask(host: str) -> None:
    assert Guard(app, "").check(Headers({"host": host})) is None


@pytest.mark.parametrize(
    "headers",
    [
        # A name of the attacker's that resolves to 127.0.0.1.
        {"host": "evil.example:2746"},
        {"host": "127.0.0.1.evil.example"},
        # A page of another origin, another port included.
        {"host": "127.0.0.1:2746", "origin": "https://evil.example"},
        {"host": "127.0.0.1:2746", "origin": "http://127.0.0.1:8080"},
        {"host": "127.0.0.1:2746", "origin": "null"},
    ],
)
def test_without_a_token_no_web_page_may_ask(headers: dict[str, str]) -> None:
    refusal = Guard(app, "").check(Headers(headers))

    assert refusal is not None
    assert refusal.status == 403


def test_with_a_token_any_name_of_the_server_is_good() -> None:
    headers = {"host": "argo.example", "origin": "https://airflow.example", "authorization": "Bearer secret"}

    assert Guard(app, "secret").check(Headers(headers)) is None


@pytest.mark.parametrize(
    ("path", "start"), [("/artifacts/argo/w/n/a", b"Unauthorized\n"), ("/api/v1/workflows/argo", b"{")]
)
async def test_artifacts_are_refused_in_plain_text(path: str, start: bytes) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    await Guard(app, "secret")({"type": "http", "method": "GET", "path": path, "headers": []}, receive, send)

    assert sent[0]["status"] == 401
    assert sent[1]["body"].startswith(start)
