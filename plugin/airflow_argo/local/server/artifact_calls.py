"""``/artifacts/…`` and its kin: what nodes took and made, as files.

Argo serves them beside its gRPC gateway: errors are plain text and say no more than the status.
"""

from __future__ import annotations

import asyncio
import logging
import posixpath
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from airflow_argo.argo.status import is_finished
from airflow_argo.local.artifacts.errors import ArtifactError, ArtifactNotFoundError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.controller import Controller
from airflow_argo.local.engine.artifacts import is_complete, joined, key_of, kind_of
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.artifact_answers import SECURITY, content_of, listing, plain

log = logging.getLogger(__name__)

_BAD_REQUEST, _NOT_FOUND, _FAULT, _NOT_IMPLEMENTED = 400, 404, 500, 501
_REDIRECT = 307


class _StatusError(Exception):
    """An answer that is only a status."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a path names.

    :param side: ``inputs`` or ``outputs``.
    :param below: a path in an artifact that is a directory.
    """

    workflow: dict[str, Any]
    node: str
    side: str
    artifact: str
    below: str = ""

    def artifact_or_fault(self) -> dict[str, Any]:
        """Find the artifact; Argo has no better answer than 500 where there is no such node or artifact."""
        node = ((self.workflow.get("status") or {}).get("nodes") or {}).get(self.node)
        rows = ((node or {}).get(self.side) or {}).get("artifacts") or ()
        found = next((row for row in rows if row.get("name") == self.artifact), None)
        if found is None:
            raise _StatusError(_FAULT)
        return dict(found)


class ArtifactCalls:
    """The handlers.

    :param store: where artifacts are kept.
    """

    def __init__(self, controller: Controller, store: ArtifactStore) -> None:
        self._controller = controller
        self._store = store

    def routes(self) -> list[Route]:
        """Path and method of each."""
        paths: dict[str, Callable[[str], _Wanted]] = {
            "artifacts": lambda rest: self._by_name(rest, "outputs"),
            "input-artifacts": lambda rest: self._by_name(rest, "inputs"),
            "artifacts-by-uid": lambda rest: self._by_uid(rest, "outputs"),
            "input-artifacts-by-uid": lambda rest: self._by_uid(rest, "inputs"),
        }
        routes = [
            Route(f"/{name}/{{rest:path}}", _guarded(self._whole(read)), methods=["GET"])
            for name, read in paths.items()
        ]
        return [*routes, Route("/artifact-files/{rest:path}", _guarded(self._file), methods=["GET"])]

    def _by_name(self, rest: str, side: str) -> _Wanted:
        parts = rest.split("/", 3)
        if len(parts) < 4:
            raise _StatusError(_BAD_REQUEST)
        namespace, name, node, artifact = parts
        return _Wanted(self._controller.find(namespace, name), node, side, artifact)

    def _by_uid(self, rest: str, side: str) -> _Wanted:
        parts = rest.split("/", 2)
        if len(parts) < 3:
            raise _StatusError(_BAD_REQUEST)
        uid, node, artifact = parts
        return _Wanted(self._archived(uid), node, side, artifact)

    def _archived(self, uid: str) -> dict[str, Any]:
        workflow = self._controller.by_uid(uid)
        if workflow is None or not is_finished(workflow):
            raise _StatusError(_NOT_FOUND)
        return workflow

    def _whole(self, read: Callable[[str], _Wanted]) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            return await self._content(read(_rest(request)).artifact_or_fault())

        return handle

    async def _file(self, request: Request) -> Response:
        wanted = self._in_directory(_rest(request))
        artifact = wanted.artifact_or_fault()
        key = key_of(artifact)
        if wanted.below and not key:
            raise _StatusError(_FAULT)
        if wanted.below:
            # Cleaned with a root before it, so that ".." ends there.
            key = joined(key, posixpath.normpath(f"/{wanted.below}").lstrip("/"))
        if not request.url.path.endswith("/"):
            if key and not is_complete(artifact) and await asyncio.to_thread(self._store.is_directory, key):
                return RedirectResponse(f"{request.url.path}/", _REDIRECT)
            return await self._content(artifact, key)
        keys = await asyncio.to_thread(self._store.keys_below, key)
        if f"{key}/index.html" in keys:
            return RedirectResponse(f"{request.url.path}index.html", _REDIRECT)
        return HTMLResponse(listing(keys, key), headers=SECURITY)

    def _in_directory(self, rest: str) -> _Wanted:
        parts = rest.split("/", 6)
        if len(parts) < 6 or parts[4] not in ("inputs", "outputs"):
            raise _StatusError(_BAD_REQUEST)
        namespace, kind, identity, node, side, artifact = parts[:6]
        if kind == "workflows":
            try:
                workflow = self._controller.find(namespace, identity)
            except Refusal:
                raise _StatusError(_FAULT) from None
        elif kind == "archived-workflows":
            workflow = self._archived(identity)
            if workflow["metadata"].get("namespace") != namespace:
                raise _StatusError(_BAD_REQUEST)
        else:
            raise _StatusError(_BAD_REQUEST)
        return _Wanted(workflow, node, side, artifact, parts[6] if len(parts) > 6 else "")

    async def _content(self, artifact: Mapping[str, Any], key: str = "") -> Response:
        kind = kind_of(artifact)
        if kind == "raw":
            data = str(artifact["raw"].get("data") or "").encode(errors="replace")
            return Response(data, headers={**SECURITY, "Content-Disposition": 'filename="."'})
        key = key or key_of(artifact)
        if is_complete(artifact) or not key:
            raise _StatusError(_NOT_IMPLEMENTED if key else _FAULT)
        try:
            file = await asyncio.to_thread(self._store.open, key)
        except IsADirectoryError:
            raise _StatusError(_NOT_IMPLEMENTED) from None
        return content_of(file, key)


def _rest(request: Request) -> str:
    return str(request.path_params["rest"])


def _guarded(handle: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def guarded(request: Request) -> Response:
        try:
            return await handle(request)
        except _StatusError as answer:
            return plain(answer.status)
        except Refusal as refusal:
            return plain(refusal.status)
        except ArtifactNotFoundError:
            return plain(_NOT_FOUND)
        except (ArtifactError, OSError):
            log.exception("%s failed", request.url.path)
            return plain(_FAULT)

    return guarded
