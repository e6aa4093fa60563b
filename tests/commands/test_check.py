"""``airflow-argo check``, as its user types it, against an embedded server and against what is none."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airflow_argo.cli import main

Check = Callable[..., tuple[int, dict[str, str]]]


@pytest.fixture
def check(capsys: pytest.CaptureFixture[str]) -> Check:
    """Checks, and gives the status and each step's mark and words by its name."""

    def check(*arguments: str) -> tuple[int, dict[str, str]]:
        status = main(["check", *arguments])
        shown = capsys.readouterr().out
        assert "s3cret" not in shown
        lines = [line for line in shown.splitlines() if not line.startswith(" ")]
        return status, {line[2:20].strip(): f"{line[0]} {line[20:]}" for line in lines}

    return check


@pytest.fixture
def server() -> Iterator[Callable[..., str]]:
    """Runs a server that answers a method and a path with a status and JSON, over TLS with a context; its URL."""
    running: list[ThreadingHTTPServer] = []

    def run(answer: Callable[[str, str], tuple[int, str]], context: ssl.SSLContext | None = None) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, text = answer(self.command, self.path)
                body = text.encode()
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self.send_response(status)
                self.send_header("Content-Type", "application/json" if text.startswith("{") else "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(found)
        found.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context:
            found.socket = context.wrap_socket(found.socket, server_side=True)
        threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http{'s' if context else ''}://127.0.0.1:{found.server_port}"

    yield run
    for found in running:
        found.shutdown()
        found.server_close()


def denying(*denied: str, version: str = "v4.1.2") -> Callable[[str, str], tuple[int, str]]:
    """An Argo Server that refuses what is named as ``METHOD part-of-the-path``."""

    def answer(method: str, path: str) -> tuple[int, str]:
        if path.endswith("/version"):
            return 200, f'{{"version": "{version}"}}'
        if path.endswith("/info"):
            return 200, "{}"
        if any(f"{method} {path}".startswith(each.split()[0]) and each.split()[1] in path for each in denied):
            return 403, '{"code": 7, "message": "workflows.argoproj.io is forbidden"}'
        if "/airflow-argo-check" in path:
            return 404, '{"code": 5, "message": "not found"}'
        if "workflow-events" in path:
            return 429, '{"error": {"grpc_code": 8, "http_code": 429, "message": "EOF"}}'
        if method == "POST":
            return 200, '{"metadata": {"name": "x"}, "spec": {}}'
        return 200, '{"metadata": {}, "items": null}'

    return answer


def test_a_good_server_passes_every_step(check: Check, argo_url: str) -> None:
    status, told = check("--url", argo_url)
    assert status == 0
    assert [name for name, words in told.items() if words.startswith("✗")] == []
    assert {name for name, words in told.items() if words.startswith("✓")} >= {
        "connection",
        "address",
        "Argo Server",
        "version",
        "token",
        "namespace",
        "create workflows",
        "get workflows",
        "list workflows",
        "watch workflows",
    }
    assert told["update workflows"].startswith("– not tested")


def test_a_connection_of_airflow_is_used(
    check: Check, argo_url: str, connection_json: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_HERE", connection_json(argo_url, password="s3cret", namespace="team"))
    status, told = check("argo_here")
    assert status == 0
    assert told["connection"] == f"✓ argo_here: {argo_url}, namespace 'team'"


def test_a_connection_that_is_not_there_is_told(check: Check) -> None:
    status, told = check("no_such")
    assert (status, told) == (1, {"connection": "✗ There is no Airflow connection 'no_such'"})


@pytest.mark.parametrize(
    ("denied", "step"),
    [
        ("POST /workflows", "create workflows"),
        ("GET /workflows/argo/airflow-argo-check", "get workflows"),
        ("GET /workflows/argo?", "list workflows"),
        ("GET /workflow-events", "watch workflows"),
    ],
)
def test_each_missing_permission_is_told_by_name(check: Check, server: Any, denied: str, step: str) -> None:
    status, told = check("--url", server(denying(denied)))
    assert status == 1
    assert [name for name, words in told.items() if words.startswith("✗")] == [step]


def test_a_refused_token_is_told_and_not_shown(check: Check, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(_method: str, path: str) -> tuple[int, str]:
        return (
            (200, '{"version": "v4.1.2"}') if "version" in path else (401, '{"code": 16, "message": "token not valid"}')
        )

    monkeypatch.setenv("TOKEN", "s3cret")
    status, told = check("--url", server(answer), "--token-env", "TOKEN")
    assert status == 1
    assert told["token"].startswith("✗ the token is refused")
    assert "list workflows" not in told


@pytest.mark.parametrize(
    ("version", "mark"), [("v3.5.9", "–"), ("v3.6.0", "✓"), ("v4.2.0", "✓"), ("v5.0.0", "–"), ("latest", "–")]
)
def test_an_untested_version_is_no_failure(check: Check, server: Any, version: str, mark: str) -> None:
    status, told = check("--url", server(denying(version=version)))
    assert status == 0
    assert told["version"].startswith(f"{mark} {version}")


def test_a_namespace_that_is_not_there_is_told(check: Check, server: Any) -> None:
    def answer(method: str, path: str) -> tuple[int, str]:
        missing = 404, '{"code": 5, "message": "namespaces \\"nope\\" not found"}'
        return missing if method == "POST" else denying()(method, path)

    status, told = check("--url", server(answer), "--namespace", "nope")
    assert status == 1
    assert told["namespace"].startswith("✗ 'nope': ")
    assert list(told)[-1] == "namespace", "what follows would be allowed, and mean nothing"


def test_a_page_that_is_no_argo_server_is_told(check: Check, server: Any) -> None:
    status, told = check("--url", server(lambda _method, _path: (200, "<html>hello</html>")))
    assert status == 1
    assert list(told)[-1] == "Argo Server"
    assert told["Argo Server"].startswith("✗")


def test_a_server_without_tls_is_told(check: Check, argo_url: str) -> None:
    status, told = check("--url", argo_url.replace("http:", "https:"))
    assert status == 1
    assert told["TLS"].startswith("✗ no TLS there")


def test_a_closed_port_and_an_unknown_name_are_told_apart(check: Check) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        status, told = check("--url", f"http://127.0.0.1:{unused.getsockname()[1]}")
    assert status == 1
    assert "does not answer" in told["address"]
    status, told = check("--url", "http://no-such-host.invalid:2746")
    assert status == 1
    assert told["address"].startswith("✗ no-such-host.invalid does not resolve")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody else has signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argo")])
    now = datetime.now(tz=timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "argo.pem"
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, *plain)
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.mark.parametrize(
    ("verify", "told_of_tls"),
    [
        ("", "✗ the certificate is not trusted"),
        ("CERTIFICATE", "✓ TLS"),
        ("false", "– TLS"),
        ("/no/such.pem", "✗ the CA file /no/such.pem cannot be read: No such file"),
        (__file__, f"✗ the CA file {__file__} cannot be read"),
    ],
)
def test_what_is_trusted_is_what_was_said(
    check: Check, server: Any, certificate: Path, verify: str, told_of_tls: str
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    arguments = ["--verify", str(certificate) if verify == "CERTIFICATE" else verify] if verify else []
    status, told = check("--url", server(denying(), context), *arguments)
    assert told["TLS"].startswith(told_of_tls)
    assert status == (1 if told_of_tls.startswith("✗") else 0)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["argo_default", "--url", "http://x"], "both a connection and --url"),
        (["--token-env", "X"], "--token-env belongs to --url"),
        (["--verify", "false"], "--verify belongs to --url"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *arguments]) == 2
    assert reason in capsys.readouterr().err
