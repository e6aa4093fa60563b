"""The page that the link *Argo workflow* opens, and what it asks for: the view of :mod:`airflow_argo.argo.view`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from airflow_argo.argo.status import phase, pod_name
from airflow_argo.argo.view import ACTIONS, OWN_HEADER, Action, ActionRefusedError, Query, QueryError, Snapshot, told
from airflow_argo.argo.view.assets import asset
from airflow_argo.argo.view.logs import LINES, MAX_LINES, entries_for, log_end
from airflow_argo.argo.view.times import epoch
from airflow_argo.local.controller import Controller
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.operations import Operations
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.bodies import encoded

WITHOUT_DATA = ("/workflows", "/view/static/")
"""What anybody may load, also where the server asks for a token: the page asks for it."""

_STATIC = "/view/static/{file}"
_ONE = "/view/api/{namespace}/{name}"
_LISTED = 500
_KEPT = 8
_EFFORT = 10.0
"""A workflow whose nodes take long to work out is worked out less often: so many times what it took."""

# No foreign page may frame this one and have its buttons clicked.
_HEADERS = {
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}

Handler: TypeAlias = Callable[[Request], Awaitable[object]]


def is_without_data(path: str) -> bool:
    """Whether a path is one of the page's own files."""
    return path == "/" or path == WITHOUT_DATA[0] or path.startswith((f"{WITHOUT_DATA[0]}/", WITHOUT_DATA[1]))


@dataclass(frozen=True)
class _Kept:
    snapshot: Snapshot
    until: float


class PageCalls:
    """The handlers."""

    def __init__(self, controller: Controller, logs: Logs) -> None:
        self._controller = controller
        self._operations = Operations(controller)
        self._logs = logs
        self._kept: dict[str, _Kept] = {}

    def routes(self) -> list[Route]:
        """Path and method of each."""
        return [
            Route("/", _to_the_list, methods=["GET"]),
            Route("/workflows", _page, methods=["GET"]),
            Route("/workflows/{namespace}", _page, methods=["GET"]),
            Route("/workflows/{namespace}/{name}", _page, methods=["GET"]),
            Route(_STATIC, _file, methods=["GET"]),
            Route("/view/api/workflows", _json(self.list), methods=["GET"]),
            Route(f"{_ONE}/state", _json(self.state), methods=["GET"]),
            Route(f"{_ONE}/tree", _json(self.tree), methods=["GET"]),
            Route(f"{_ONE}/log", _json(self.log), methods=["GET"]),
            Route(f"{_ONE}/{{action}}", _json(self.act), methods=["POST"]),
        ]

    async def list(self, _: Request) -> object:
        """The newest workflows."""
        found = sorted(self._controller.workflows(), key=_created, reverse=True)[:_LISTED]
        return {"workflows": [_listed(workflow) for workflow in found], "now": time.time()}

    async def state(self, request: Request) -> object:
        """How a workflow is, and a page of its workers."""
        params = request.query_params
        query = Query.parse({name: params.getlist(name) for name in params})
        return self._snapshot(request).state(query, now=time.time(), can_act=True)

    async def tree(self, request: Request) -> object:
        """A workflow's nodes."""
        return self._snapshot(request).tree()

    async def log(self, request: Request) -> object:
        """The end of a worker's log."""
        lines = _lines(request.query_params.get("lines", str(LINES)))
        snapshot = self._snapshot(request)
        pod = snapshot.telling_pod(request.query_params.get("node", ""))
        if pod is None:
            return log_end((), lines)
        uid, name = str(snapshot.workflow["metadata"]["uid"]), pod_name(snapshot.workflow, pod)
        written = self._logs.read_timed(uid, name, tail=entries_for(lines))
        return log_end([{"content": line} for _, line in written], lines)

    async def act(self, request: Request) -> object:
        """Retry or stop a workflow."""
        if request.headers.get(OWN_HEADER) != "1":
            raise Refusal("PERMISSION_DENIED", "This write does not come from the server's own page.")
        namespace, name = request.path_params["namespace"], request.path_params["name"]
        action = _action(request.path_params["action"])
        workflow = self._controller.find_or_archived(namespace, name)
        done = told(action, workflow, Snapshot(workflow).failed)
        if action == "retry":
            await self._operations.retry(namespace, name, restart_successful=False, selector="", parameters=[])
        else:
            self._operations.shut_down(namespace, name, "Stop")
        self._kept.pop(str(workflow["metadata"]["uid"]), None)
        return {"done": done}

    def _snapshot(self, request: Request) -> Snapshot:
        namespace, name = request.path_params["namespace"], request.path_params["name"]
        # Without the nodes, which for a finished workflow are read from the disk.
        workflow = self._controller.find_or_archived(namespace, name, nodes=False)
        uid, now = str(workflow["metadata"]["uid"]), time.monotonic()
        kept = self._kept.get(uid)
        if kept and (now < kept.until or kept.snapshot.version == Snapshot(workflow).version):
            return kept.snapshot
        snapshot = Snapshot(self._controller.find_or_archived(namespace, name)).prepare()
        while len(self._kept) >= _KEPT:
            del self._kept[next(iter(self._kept))]
        ended = time.monotonic()
        self._kept[uid] = _Kept(snapshot, ended + _EFFORT * (ended - now))
        return snapshot


def _json(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    """Answers with JSON, and with ``{"detail": …}`` where something is wrong."""

    async def answer(request: Request) -> Response:
        try:
            body, status = await handler(request), 200
        except Refusal as refusal:
            body, status = {"detail": refusal.message}, refusal.status
        except (QueryError, ActionRefusedError) as error:
            body, status = {"detail": str(error)}, 400 if isinstance(error, QueryError) else 409
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(encoded(body), status, media_type="application/json", headers=headers)

    return answer


async def _to_the_list(_: Request) -> Response:
    return RedirectResponse("/workflows")


async def _page(_: Request) -> Response:
    return _asset("page.html")


async def _file(request: Request) -> Response:
    return _asset(request.path_params["file"])


def _asset(name: str) -> Response:
    found = asset(name)
    if found is None:
        return Response("There is no such file.\n", 404, media_type="text/plain")
    content, media_type = found
    return Response(content, media_type=media_type, headers=_HEADERS)


def _action(text: str) -> Action:
    for action in ACTIONS:
        if action == text:
            return action
    raise Refusal("NOT_FOUND", f"there is no action '{text}'")


def _lines(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MAX_LINES):
        raise QueryError(f"lines: a number from 1 to {MAX_LINES} is wanted")
    return int(text)


def _created(workflow: Any) -> str:
    return str(workflow["metadata"].get("creationTimestamp") or "")


def _listed(workflow: Any) -> list[Any]:
    metadata, status = workflow["metadata"], workflow.get("status") or {}
    return [
        metadata.get("namespace") or "",
        metadata["name"],
        phase(workflow) or "Pending",
        status.get("progress") or "",
        epoch(status.get("startedAt")),
        epoch(status.get("finishedAt")),
    ]
