"""Artifacts that are fetched and stored by plain HTTP requests, without credentials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError

# To connect, and between two pieces of an answer; seconds.
_TIMEOUT = (10.0, 30.0)
_BLOCK = 1024 * 1024
_MODE = 0o644


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
        raise ArtifactError(f'Get "{url}": {error}') from error
    target.chmod(_MODE)


def send(location: Mapping[str, Any], source: Path) -> None:
    """PUT an artifact.

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
                raise ArtifactError(f"saving file {source.name} to {url} failed with reason: {status}")
    except requests.RequestException as error:
        raise ArtifactError(f'Put "{url}": {error}') from error


def _headers(location: Mapping[str, Any]) -> dict[str, str]:
    return {str(header["name"]): str(header.get("value") or "") for header in location.get("headers") or ()}
