"""An HTTP server that misbehaves on command, and a clock that nobody has to wait for."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Script = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class VirtualTime:
    """Time that passes only where someone sleeps."""

    now: float = 1_000.0
    pauses: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    async def async_sleep(self, seconds: float) -> None:
        self.sleep(seconds)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    block_on_close = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what is tested."""


class MisbehavingServer:
    """Answers each request by the next script; the last one stays."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.released = threading.Event()
        self._scripts: list[Script] = []
        self._listener = _Listener(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(0.01,))
        self._scheme = "http"
        self._thread.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._listener.server_port}"

    def will(self, *scripts: Script) -> None:
        self._scripts[:] = scripts

    def speak_tls(self, context: ssl.SSLContext) -> None:
        self._scheme = "https"
        self._listener.socket = context.wrap_socket(
            self._listener.socket, server_side=True, do_handshake_on_connect=False
        )

    def stop_listening(self) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def stop(self) -> None:
        self.released.set()
        if self._thread.is_alive():
            self.stop_listening()

    def answer(
        self, status: int, body: Any, content_type: str = "application/json", headers: dict[str, str] | None = None
    ) -> Script:
        text = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()

        def script(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            given = {"Content-Type": content_type, "Content-Length": str(len(text)), **(headers or {})}
            for name, value in given.items():
                handler.send_header(name, value)
            handler.end_headers()
            handler.wfile.write(text)

        return script

    def pieces(self, *pieces: bytes, end: str = "cleanly", content_type: str = "text/event-stream") -> Script:
        """Stream in chunks, then end ``cleanly``, ``hang``, or ``break`` off."""

        def script(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", content_type)
            handler.send_header("Transfer-Encoding", "chunked")
            handler.end_headers()
            for piece in pieces:
                handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if end == "hang":
                self.released.wait()
            if end == "cleanly":
                handler.wfile.write(b"0\r\n\r\n")
            else:
                handler.close_connection = True

        return script

    def unchunked_stream(self, *pieces: bytes) -> Script:
        """Stream without chunks, as some proxies do, and stay open until released."""

        def script(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.send_header("Connection", "close")
            handler.end_headers()
            for piece in pieces:
                handler.wfile.write(piece)
            self.released.wait()
            handler.close_connection = True

        return script

    def drop(self) -> Script:
        def script(handler: BaseHTTPRequestHandler) -> None:
            handler.close_connection = True

        return script

    def hang(self) -> Script:
        def script(handler: BaseHTTPRequestHandler) -> None:
            self.released.wait()
            handler.close_connection = True

        return script

    def break_off(self) -> Script:
        """Promise more bytes than come."""

        def script(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(200)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", "1000")
            handler.end_headers()
            handler.wfile.write(b'{"metadata": {')
            handler.close_connection = True

        return script

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer_next(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                server.seen.append(Seen(self.command, self.path, dict(self.headers.items()), body))
                script = server._scripts.pop(0) if len(server._scripts) > 1 else server._scripts[0]
                script(self)

            do_GET = do_POST = do_PUT = do_DELETE = answer_next  # noqa: N815 - http.server's names

            def log_message(self, *_words: Any) -> None:
                """Say nothing."""

        return Handler


@pytest.fixture
def argo() -> Iterator[MisbehavingServer]:
    server = MisbehavingServer()
    yield server
    server.stop()


@pytest.fixture
def virtual_time() -> VirtualTime:
    return VirtualTime()


@dataclass(frozen=True)
class Certificate:
    """A certificate of 127.0.0.1 that vouches for itself."""

    path: Path
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "argo")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    path, key_path = folder / "certificate.pem", folder / "key.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    key_path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key_path)
    return Certificate(path, context)
