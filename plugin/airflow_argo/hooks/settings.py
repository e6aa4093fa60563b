"""From an Airflow connection to an Argo Server's address."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow_argo.argo.errors import ArgoError

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from airflow_argo.argo.address import ServerAddress
    from airflow_argo.argo.client import ArgoClient

DEFAULT_NAMESPACE = "argo"
DEFAULT_PORT = 2746
DEFAULT_PATIENCE = 60.0

_KEYS = {
    "base_path",
    "kubernetes_conn_id",
    "namespace",
    "patience",
    "scheme",
    "token_file",
    "ui_url",
    "verify",
}
_FALSE = {"false", "0", "no", "off"}
_TRUE = {"true", "1", "yes", "on", ""}


class ConnectionSettingsError(ArgoError):
    """An Airflow connection that is missing, or from which no server's address can be made."""


@dataclass(frozen=True)
class Settings:
    """What a connection of type ``argo`` says.

    :param url: the Argo Server's address, with the base path.
    :param ui_url: where people reach Argo's UI.
    :param namespace: where workflows run, unless the operator says otherwise.
    :param token: gives the bearer token; a file is read anew each time, for it is rotated.
    :param verify: whether TLS certificates are verified, or the path of a CA file.
    :param patience: seconds during which a server that is away is asked again.
    """

    url: str
    ui_url: str
    namespace: str
    token: Callable[[], str]
    verify: bool | str
    patience: float

    def __repr__(self) -> str:
        return f"Settings(url={self.url!r}, namespace={self.namespace!r}, verify={self.verify!r})"

    @property
    def address(self) -> ServerAddress:
        """The server's address, as the clients take it."""
        from airflow_argo.argo.address import ServerAddress

        return ServerAddress(self.url, self.token, self.verify)

    def client(self, **options: Any) -> ArgoClient:
        """A client; close it, or use it in a ``with``.

        :param options: as :class:`airflow_argo.argo.client.ArgoClient` takes them, such as ``patience``.
        """
        from airflow_argo.argo.client import ArgoClient

        return ArgoClient(self.address, **{"patience": self.patience, **options})

    def workflow_link(self, namespace: str, name: str, uid: str) -> str:
        """A workflow's page in Argo's UI."""
        return f"{self.ui_url}/workflows/{quote(namespace)}/{quote(name)}?uid={quote(uid)}"


def settings_of(connection: Connection) -> Settings:
    """Read a connection.

    :raises ConnectionSettingsError: for one without a host, or with an extra that makes no sense.
    """
    conn_id, extra = str(connection.conn_id), connection.extra_dejson
    if extra.get("kubernetes_conn_id"):
        raise ConnectionSettingsError(
            f"The connection '{conn_id}' sets 'kubernetes_conn_id': the transport through the Kubernetes API is not "
            f"supported yet",
            hint="Point the connection at an Argo Server.",
        )
    _refuse_misspelt(conn_id, extra)
    if not connection.host:
        raise ConnectionSettingsError(f"The connection '{conn_id}' has no host", hint="Enter the Argo Server's host.")
    scheme, host = _scheme_and_host(conn_id, connection.host, extra)
    base_path = str(extra.get("base_path") or "").strip("/")
    url = f"{scheme}://{host}:{connection.port or DEFAULT_PORT}" + (f"/{base_path}" if base_path else "")
    return Settings(
        url=url,
        ui_url=str(extra.get("ui_url") or url).rstrip("/"),
        namespace=str(extra.get("namespace") or DEFAULT_NAMESPACE),
        token=_token_source(connection.password or "", str(extra.get("token_file") or "")),
        verify=verify_of(extra.get("verify")),
        patience=_patience(conn_id, extra.get("patience")),
    )


def _refuse_misspelt(conn_id: str, extra: Mapping[str, Any]) -> None:
    """Other tools may keep keys of their own there; but a misspelt 'verify' or 'namespace' must not go unnoticed."""
    for key in set(extra) - _KEYS:
        meant = get_close_matches(key, _KEYS, n=1, cutoff=0.8)
        if meant:
            raise ConnectionSettingsError(
                f"The connection '{conn_id}' has '{key}' in its extra", hint=f"Is '{meant[0]}' meant?"
            )


def _scheme_and_host(conn_id: str, host: str, extra: Mapping[str, Any]) -> tuple[str, str]:
    stated, _, bare = host.rstrip("/").rpartition("://")
    scheme = str(stated or extra.get("scheme") or "https")
    if scheme not in ("http", "https"):
        raise ConnectionSettingsError(
            f"The connection '{conn_id}' has the scheme '{scheme}'", hint="Set 'scheme' to https or http."
        )
    if "/" in bare or re.fullmatch(r"[^:]+:\d+", bare):
        raise ConnectionSettingsError(
            f"The connection '{conn_id}' has the host '{host}'",
            hint="Enter the port as the port, and a path as 'base_path'.",
        )
    return scheme, f"[{bare}]" if ":" in bare and not bare.startswith("[") else bare


def _token_source(token: str, token_file: str) -> Callable[[], str]:
    if token_file:
        return lambda: Path(token_file).read_text(encoding="utf-8").strip()
    return lambda: token


def _patience(conn_id: str, value: object) -> float:
    if value is None:
        return DEFAULT_PATIENCE
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = -1.0
    if not (math.isfinite(seconds) and seconds >= 0):
        raise ConnectionSettingsError(
            f"The connection '{conn_id}' has the patience {value!r}", hint="Give a number of seconds."
        )
    return seconds


def verify_of(value: object) -> bool | str:
    """Read ``verify``: a boolean or the path of a CA file, or either as text, as a connection's URI has it."""
    if value is None or isinstance(value, bool):
        return value is not False
    text = str(value)
    if text.lower() in _FALSE:
        return False
    return True if text.lower() in _TRUE else text
