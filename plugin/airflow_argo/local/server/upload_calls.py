"""``/upload-artifacts``: a file for an artifact that a WorkflowTemplate takes, to be named in a submit.

As the other artifact handlers, it answers errors in plain text; other than they, it says what is wrong.
"""

from __future__ import annotations

import asyncio
import posixpath
import uuid
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from airflow_argo.local.artifact_overrides import key_problem, relocated
from airflow_argo.local.artifacts.errors import ArtifactError
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.refusal import not_found
from airflow_argo.local.server.bodies import answer
from airflow_argo.local.templates import WORKFLOW_TEMPLATE, Templates

MAX_UPLOAD = 1024 * 1024 * 1024
"""Bytes of a request, as on v4.1.2."""

_MOST_FILES = 16
_FORM = "Expected: /upload-artifacts/{namespace}/{workflowTemplateName}/{artifactName}"


class _RefusedError(Exception):
    """An answer in plain text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class UploadCalls:
    """The handler.

    :param store: where artifacts are kept.
    """

    def __init__(self, templates: Templates, store: ArtifactStore) -> None:
        self._templates = templates
        self._store = store

    def routes(self) -> list[Route]:
        """Path and method of each."""
        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return [Route("/upload-artifacts/{rest:path}", self.upload, methods=methods)]

    async def upload(self, request: Request) -> Response:
        """Store the part ``file`` of a multipart body; the answer is the artifact's name and its key."""
        try:
            return answer(await self._upload(request))
        except _RefusedError as refused:
            headers = {"X-Content-Type-Options": "nosniff"}
            return PlainTextResponse(f"{refused}\n", refused.status, headers=headers)

    async def _upload(self, request: Request) -> dict[str, str]:
        if request.method != "POST":
            raise _RefusedError(405, "Method not allowed")
        parts = str(request.path_params["rest"]).split("/", 2)
        if len(parts) < 3:
            raise _RefusedError(400, f"Invalid path. {_FORM}")
        namespace, template_name, name = parts
        template = self._templates.find(namespace, template_name)
        if template is None:
            problem = not_found(WORKFLOW_TEMPLATE.resource, template_name).message
            raise _RefusedError(404, f"Failed to get WorkflowTemplate {namespace}/{template_name}: {problem}")
        async with _uploaded(request) as file:
            known = (template["spec"].get("arguments") or {}).get("artifacts") or ()
            artifact = next((each for each in known if each["name"] == name), None)
            if artifact is None:
                where = f"WorkflowTemplate {namespace}/{template_name} arguments.artifacts"
                raise _RefusedError(404, f"Artifact '{name}' not found in {where}")
            key = f"uploads/{namespace}/{uuid.uuid4()}/{_file_name(file)}"
            if key_problem(namespace, key):
                raise _RefusedError(500, "Internal Server Error")
            try:
                relocated(artifact, key)
                await asyncio.to_thread(self._store.put_stream, file.file, key)
            except NodeError as error:
                raise _RefusedError(500, f"Failed to set artifact key: {error}") from error
            except ArtifactError as error:
                raise _RefusedError(500, f"Failed to save artifact: {error}") from error
        return {"name": name, "key": key}


@asynccontextmanager
async def _uploaded(request: Request) -> AsyncGenerator[UploadFile, None]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise _RefusedError(400, "Failed to parse multipart form: request Content-Type isn't multipart/form-data")
    parser = MultiPartParser(request.headers, _bounded(request), max_files=_MOST_FILES, max_fields=_MOST_FILES)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise _RefusedError(400, f"Failed to parse multipart form: {error.message}") from error
    try:
        file = next((each for each in form.getlist("file") if isinstance(each, UploadFile) and each.filename), None)
        if file is None:
            raise _RefusedError(400, "Failed to get file from form: http: no such file")
        yield file
    finally:
        await form.close()


async def _bounded(request: Request) -> AsyncGenerator[bytes, None]:
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_UPLOAD:
            raise _RefusedError(413, "Request Entity Too Large")
        yield part


def _file_name(file: UploadFile) -> str:
    """The last part of what the client calls the file; the key's last segment, so no path of its own."""
    name = posixpath.basename((file.filename or "").replace("\\", "/").rstrip("/"))
    if name in ("", ".") or "\x00" in name:
        raise _RefusedError(400, "Invalid filename")
    return name
