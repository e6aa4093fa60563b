"""Where an Argo Server is, and what every request to it carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from airflow_argo import __version__
from airflow_argo.argo.api import Call
from airflow_argo.argo.errors import NotAnArgoServerError, UnauthenticatedError


def no_token() -> str:
    """Return no token: for a server that asks for none."""
    return ""


@dataclass(frozen=True)
class ServerAddress:
    """An Argo Server's address and the token for it.

    :param url: ``scheme://host:port`` and the base path, if any, that a proxy puts in front of ``/api``.
    :param token: gives the token, with or without ``Bearer``; asked for every request, so that a file that has been
        rotated is read again. Empty: none is sent.
    :param verify: whether the server's certificate is checked, or the path of the CA file to check it against.
    :raises NotAnArgoServerError: the url is none that a server can have.
    """

    url: str
    token: Callable[[], str] = field(default=no_token, repr=False)
    verify: bool | str = True

    def __post_init__(self) -> None:
        reason = _what_is_wrong_with(self.url)
        if reason:
            # Without the url itself: what is wrong with it may be a password in it.
            raise NotAnArgoServerError(f"The address of the Argo Server {reason}.")

    def url_of(self, call: Call[Any]) -> str:
        """Return the whole url of a call."""
        query = urlencode(call.query, quote_via=quote)
        return f"{self.url.rstrip('/')}{call.path}{'?' if query else ''}{query}"

    def headers_of(self, call: Call[Any]) -> dict[str, str]:
        """Return the headers of a call.

        :raises UnauthenticatedError: the token cannot be read, or holds what no header can.
        """
        headers = {"Accept": call.accept, "User-Agent": f"airflow-provider-argo-workflows/{__version__}"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        token = self._bare_token()
        if token:
            # Exactly this case: where the server's own account is among the auth modes, any other word in front runs
            # with the server's rights instead of the token's (seen on v4.1.2).
            headers["Authorization"] = f"Bearer {token}"
        return headers

    def _bare_token(self) -> str:
        try:
            token = self.token().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UnauthenticatedError(f"The token for {self.url} cannot be read: {error}") from error
        scheme, _, rest = token.partition(" ")
        if scheme.lower() == "bearer":
            token = rest.strip()
        if not (token.isascii() and token.isprintable()):
            # From None and without the text: the token must not get into a log.
            raise UnauthenticatedError(f"The token for {self.url} holds line breaks or other odd characters.")
        return token


def _what_is_wrong_with(url: str) -> str:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return "is no url: its host or its port cannot be read"
    if parts.scheme not in {"http", "https"}:
        return "does not begin with 'http://' or 'https://'"
    if not parts.hostname:
        return "names no host"
    if "@" in parts.netloc:
        return "holds a user or a password; put the token into the connection's password"
    return "holds a query or a fragment" if parts.query or parts.fragment else ""
