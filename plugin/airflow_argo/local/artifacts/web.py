"""Artifacts that are fetched and stored by plain HTTP requests, without credentials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError

# To connect, and between two pieces of an answer; seconds.
_TIMEOUT = (10.0, 30.0)
_BLOCK = 1024 * 1024
_MODE = 0o666


def fetch(location: Mapping[str, Any], target: Path) -> None:
    """GET an artifact.

    :param location: the artifact's ``http``: ``url`` and ``headers``.
    :raises ArtifactNotFoundError: if the answer is HTTP 404.
    :raises ArtifactError: if it cannot be had.
    """
    url = str(location["url"])
    try:
        with requests.get(url, headers=_headers(location), timeout=_TIMEOUT, stream=True) as answer:
            status = f"{answer.status_code} {answer.reason}"
            if answer.status_code == requests.codes.not_found:
                raise ArtifactNotFoundError(status)
            if not answer.ok:
                raise ArtifactError(f"loading content from {url} failed with reason: {status}")
            with target.open("wb") as file:
                for block in answer.iter_content(_BLOCK):
                    file.write(block)
    except requests.RequestException as error:
        raise ArtifactError(f'Get "{url}": {_reason(url, error)}') from error
    target.chmod(_MODE)


def send(location: Mapping[str, Any], source: Path, name: str) -> None:
    """PUT an artifact.

    :param name: what the file is called if that fails.
    :raises ArtifactError: if it is not taken.
    """
    url = str(location["url"])
    try:
        with (
            source.open("rb") as file,
            requests.put(url, data=file, headers=_headers(location), timeout=_TIMEOUT) as answer,
        ):
            if not answer.ok:
                status = f"{answer.status_code} {answer.reason}"
                raise ArtifactError(f"saving file {name} to {url} failed with reason: {status}")
    except requests.RequestException as error:
        raise ArtifactError(f'Put "{url}": {_reason(url, error)}') from error


def _reason(url: str, error: BaseException) -> str:
    """Say what went wrong as Go does where that is known, without the layers that requests puts around it."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https"):
        return f'unsupported protocol scheme "{address.scheme}"'
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ConnectionRefusedError):
            port = address.port or (443 if address.scheme == "https" else 80)
            return f"dial tcp {address.hostname}:{port}: connect: connection refused"
        cause = cause.__cause__ or cause.__context__
    return str(error)


def _headers(location: Mapping[str, Any]) -> dict[str, str]:
    return {str(header["name"]): str(header.get("value") or "") for header in location.get("headers") or ()}
