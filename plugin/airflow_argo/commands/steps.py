"""The steps on the way to an Argo Server, each tested by itself."""

from __future__ import annotations

import os
import re
import secrets
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from airflow_argo.argo import api
from airflow_argo.argo.client import ArgoClient
from airflow_argo.argo.errors import (
    ArgoError,
    CertificateError,
    NotFoundError,
    PermissionDeniedError,
    ServerUnreachableError,
    StreamEndedError,
    UnauthenticatedError,
)
from airflow_argo.hooks.settings import Settings

_CONNECT_SECONDS = 5.0
_ANSWER_SECONDS = 15.0
# The server sends nothing, not even its headers, before the first event or the keep-alive after 15 seconds.
_WATCH_SECONDS = 20.0
_OLDEST, _NEWEST = (3, 6), (4, 99)
_MISSING = "airflow-argo-check"
_NAMESPACE = "namespace"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Outcome(Enum):
    """How a step went."""

    GOOD = "good"
    BAD = "bad"
    OPEN = "open"


@dataclass(frozen=True)
class Step:
    """What came of a step.

    :param words: what was seen.
    :param todo: what to do about it.
    """

    name: str
    outcome: Outcome
    words: str
    todo: str = ""


def steps(settings: Settings) -> Iterator[Step]:
    """Test the way to a server from its address on; after a step without which no other can be, it ends."""
    for test in (_address, _tls, _server):
        step = test(settings)
        yield step
        if step.outcome is Outcome.BAD:
            return
    with _client(settings) as client:
        yield _version(client)
        token = _token(client, settings)
        yield token
        if token.outcome is not Outcome.BAD:
            yield from _permissions(client, settings.namespace)


def _client(settings: Settings) -> ArgoClient:
    return ArgoClient(
        settings.address,
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_ANSWER_SECONDS,
        stream_timeout=_WATCH_SECONDS,
        patience=0.0,
    )


def _place(settings: Settings) -> tuple[str, int]:
    parts = urlsplit(settings.url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _proxy(settings: Settings) -> str:
    """The host of the proxy that requests take, empty if none."""
    parts = urlsplit(settings.url)
    found = "" if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme, "")
    # Without what may be a password before it.
    return found.rpartition("@")[2].rpartition("//")[2] if found else ""


def _address(settings: Settings) -> Step:
    name, (host, port) = "address", _place(settings)
    proxy = _proxy(settings)
    if proxy:
        return Step(name, Outcome.OPEN, f"{host}:{port} is asked by way of the proxy {proxy}")
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        return Step(
            name,
            Outcome.BAD,
            f"{host} does not resolve: {getattr(error, 'strerror', None) or error}",
            "Correct the connection's host. Names such as argo-server.argo.svc resolve inside the cluster only.",
        )
    addresses = ", ".join(dict.fromkeys(str(entry[4][0]) for entry in found))
    try:
        with socket.create_connection((host, port), timeout=_CONNECT_SECONDS):
            return Step(name, Outcome.GOOD, f"{host} is {addresses}, and port {port} is open")
    except OSError as error:
        return Step(
            name,
            Outcome.BAD,
            f"{host} is {addresses}, and port {port} does not answer: {error.strerror or error}",
            f"Is it the embedded server? Start it: airflow-argo local --port {port}"
            if host in _LOOPBACK
            else "Check the port, that the Argo Server runs, and that no network policy or firewall is between.",
        )


def _tls(settings: Settings) -> Step:
    name, (host, _) = "TLS", _place(settings)
    if settings.url.startswith("http://"):
        return Step(name, Outcome.OPEN, "the connection uses plain HTTP", _plain_http(host, settings))
    if _proxy(settings):
        return Step(name, Outcome.OPEN, "tested below, through the proxy")
    try:
        context = _context(settings.verify)
    except OSError as error:
        reason = error.strerror or error
        return Step(
            name,
            Outcome.BAD,
            f"the CA file {_ca_file(settings.verify)} cannot be read: {reason}",
            "Correct 'verify' in the connection's extra: a path that exists on this machine, in PEM form.",
        )
    return _handshake(settings, context)


def _handshake(settings: Settings, context: ssl.SSLContext) -> Step:
    name, (host, port) = "TLS", _place(settings)
    try:
        with (
            socket.create_connection((host, port), timeout=_CONNECT_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            expires = dict(secured.getpeercert() or {}).get("notAfter")
            version = secured.version()
    except ssl.SSLCertVerificationError as error:
        return Step(
            name, Outcome.BAD, f"the certificate is not trusted: {error.verify_message}", CertificateError.advice
        )
    except (ssl.SSLError, OSError) as error:
        return Step(
            name,
            Outcome.BAD,
            f"no TLS there: {getattr(error, 'reason', None) or error}",
            "If the server runs without TLS (--secure=false), set the connection's scheme to 'http'.",
        )
    if settings.verify is False:
        return Step(name, Outcome.OPEN, f"{version}, the certificate is not verified", "Set 'verify' to a CA file.")
    return Step(name, Outcome.GOOD, f"{version}, the certificate is trusted and valid until {expires}")


def _plain_http(host: str, settings: Settings) -> str:
    if host in _LOOPBACK or not _has_token(settings):
        return ""
    return "The token can be read on its way; use https, or a tunnel."


def _has_token(settings: Settings) -> bool:
    try:
        return bool(settings.token())
    except OSError:
        return False


def _context(verify: bool | str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if verify is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context
    path = Path(_ca_file(verify))
    context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": str(path)})
    return context


def _ca_file(verify: bool | str) -> str:
    """What requests trusts, which is not what Python trusts."""
    if isinstance(verify, str):
        return verify
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or DEFAULT_CA_BUNDLE_PATH


def _server(settings: Settings) -> Step:
    name = "Argo Server"
    try:
        with _client(settings) as client:
            client.send(api.info())
    except (UnauthenticatedError, PermissionDeniedError):
        return Step(name, Outcome.GOOD, "it answers, and wants to know who asks")
    except OSError as error:
        return _token_file(error)
    except ArgoError as error:
        return Step(name, Outcome.BAD, error.message, error.hint)
    return Step(name, Outcome.GOOD, f"it answers at {settings.url}")


def _token_file(error: OSError) -> Step:
    return Step("token", Outcome.BAD, f"the token file cannot be read: {error}", "Correct 'token_file'.")


def _version(client: ArgoClient) -> Step:
    name = "version"
    try:
        told = str(client.send(api.version()).get("version") or "")
    except ArgoError as error:
        return Step(name, Outcome.OPEN, f"it is not told: {error.message}")
    found = re.match(r"v?(\d+)\.(\d+)", told)
    if found is None:
        return Step(name, Outcome.OPEN, f"{told or 'none'} is no version of Argo's")
    number = int(found[1]), int(found[2])
    if number < _OLDEST:
        return Step(name, Outcome.OPEN, f"{told} is older than 3.6, and untested", "Upgrade Argo Workflows.")
    if number > _NEWEST:
        return Step(name, Outcome.OPEN, f"{told} is newer than what was tested", "Look for a newer provider.")
    return Step(name, Outcome.GOOD, told)


def _token(client: ArgoClient, settings: Settings) -> Step:
    name = "token"
    given = "the token" if _has_token(settings) else "a request without a token"
    try:
        client.send(api.list_workflows(settings.namespace, limit=1, fields=("metadata.name",)))
    except UnauthenticatedError as error:
        return Step(name, Outcome.BAD, f"{given} is refused: {error.message}", error.hint)
    except PermissionDeniedError:
        return Step(name, Outcome.GOOD, f"{given} is accepted, but may not list workflows; see below")
    except ArgoError as error:
        return Step(name, Outcome.BAD, error.message, error.hint)
    return Step(name, Outcome.GOOD, f"{given} is accepted")


def _permissions(client: ArgoClient, namespace: str) -> Iterator[Step]:
    for step in _creation(client, namespace):
        yield step
        if step.name == _NAMESPACE and step.outcome is Outcome.BAD:
            # Kubernetes allows everything in a namespace that is not there.
            return
    yield _allowed("get workflows", lambda: _ignoring_absence(client, api.get_workflow(namespace, _MISSING)))
    found: list[Mapping[str, Any]] = []
    yield _allowed("list workflows", lambda: found.extend(_some(client, namespace)))
    yield _allowed("watch workflows", lambda: _watch(client, namespace))
    yield _log(client, namespace, found)
    yield Step(
        "update workflows",
        Outcome.OPEN,
        "not tested: nothing can be stopped, retried or resumed without changing it",
        "These need the verbs patch and update on workflows, and delete on pods.",
    )


def _creation(client: ArgoClient, namespace: str) -> Iterator[Step]:
    """A trial that Kubernetes checks and does not store also tells whether the namespace is there."""
    name, exists = "create workflows", _NAMESPACE
    trial = {
        "metadata": {"name": f"{_MISSING}-{secrets.token_hex(4)}", "namespace": namespace},
        "spec": {"entrypoint": "check", "templates": [{"name": "check", "suspend": {}}]},
    }
    try:
        client.send(api.create_workflow(namespace, trial, server_dry_run=True))
    except NotFoundError as error:
        yield Step(exists, Outcome.BAD, f"'{namespace}': {error.message}", "Correct the connection's 'namespace'.")
    except PermissionDeniedError as error:
        yield Step(exists, Outcome.OPEN, f"'{namespace}': not tested, only a workflow's creation would tell")
        yield Step(name, Outcome.BAD, error.message, error.hint)
    except ArgoError as error:
        yield Step(exists, Outcome.OPEN, f"'{namespace}': not tested, only a workflow's creation would tell")
        yield Step(name, Outcome.BAD, error.message, error.hint)
    else:
        yield Step(exists, Outcome.GOOD, f"'{namespace}' takes workflows")
        yield Step(name, Outcome.GOOD, "allowed; tried without storing one")


def _allowed(name: str, act: Callable[[], object]) -> Step:
    try:
        act()
    except ArgoError as error:
        return Step(name, Outcome.BAD, error.message, error.hint)
    return Step(name, Outcome.GOOD, "allowed")


def _ignoring_absence(client: ArgoClient, call: api.Call[Any]) -> None:
    try:
        client.send(call)
    except NotFoundError:
        return


def _some(client: ArgoClient, namespace: str) -> list[Mapping[str, Any]]:
    fields = ("metadata.name", "status.phase")
    listed = client.send(api.list_workflows(namespace, limit=5, fields=fields)).get("items")
    return listed or []


def _watch(client: ArgoClient, namespace: str) -> None:
    """Open a watch and wait for its first sign of life.

    :raises ArgoError: it is refused, or nothing came within the time in which a keep-alive has to come.
    """
    # Only what comes after now; that is nothing, most of the time, and then the server's limit ends it.
    call = api.watch_workflows(namespace, timeout_seconds=1, fields=("metadata.name",))
    try:
        next(client.stream(call, within=_WATCH_SECONDS), None)
    except StreamEndedError:
        return
    except ServerUnreachableError as error:
        raise ServerUnreachableError(
            f"nothing came for {_WATCH_SECONDS:g} s: {error.message}",
            hint="A proxy holds the stream back; let it pass text/event-stream unbuffered. Until then tasks poll.",
        ) from error


def _log(client: ArgoClient, namespace: str, found: list[Mapping[str, Any]]) -> Step:
    name = "read pods' logs"
    if not found:
        return Step(name, Outcome.OPEN, "not tested: there is no workflow to read from", "It needs get on pods/log.")
    workflow = str(found[0]["metadata"]["name"])
    try:
        line = next(client.stream(api.workflow_log(namespace, workflow, tail_lines=1)), None)
    except ArgoError as error:
        return Step(name, Outcome.BAD, error.message, error.hint)
    if line is None:
        return Step(name, Outcome.OPEN, f"not tested: {workflow} has no log any more", "It needs get on pods/log.")
    return Step(name, Outcome.GOOD, f"allowed; read from {workflow}")
