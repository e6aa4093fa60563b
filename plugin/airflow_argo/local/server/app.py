"""The application: all routes, and what every request goes through."""

from __future__ import annotations

import logging

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_argo.local.admission import Admission
from airflow_argo.local.artifacts.store import ArtifactStore
from airflow_argo.local.controller import Controller
from airflow_argo.local.cron.keeper import CronKeeper
from airflow_argo.local.events import Events
from airflow_argo.local.execution.logs import Logs
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.archive_calls import ArchiveCalls
from airflow_argo.local.server.artifact_calls import ArtifactCalls
from airflow_argo.local.server.bodies import refused
from airflow_argo.local.server.clean_paths import CleanPaths
from airflow_argo.local.server.cron_calls import CronCalls
from airflow_argo.local.server.deadline import Deadline
from airflow_argo.local.server.event_calls import EventCalls
from airflow_argo.local.server.guard import Guard
from airflow_argo.local.server.info_calls import info_routes, nothing_here
from airflow_argo.local.server.log_calls import LogCalls
from airflow_argo.local.server.operation_calls import OperationCalls
from airflow_argo.local.server.page_calls import PageCalls
from airflow_argo.local.server.template_calls import template_routes
from airflow_argo.local.server.unsupported_calls import unsupported_routes
from airflow_argo.local.server.upload_calls import UploadCalls
from airflow_argo.local.server.watch_calls import WatchCalls
from airflow_argo.local.server.workflow_calls import WorkflowCalls

log = logging.getLogger(__name__)


def make_app(
    controller: Controller,
    admission: Admission,
    logs: Logs,
    artifacts: ArtifactStore,
    crons: CronKeeper,
    events: Events,
    *,
    token: str = "",
) -> ASGIApp:
    """Build the REST API.

    :param token: what callers have to send as bearer token; empty where anybody on this machine may ask.
    """
    routes = [
        *info_routes(),
        *WorkflowCalls(controller, admission, crons).routes(),
        *OperationCalls(controller, admission).routes(),
        *LogCalls(controller, logs).routes(),
        *WatchCalls(controller).routes(),
        *ArtifactCalls(controller, artifacts).routes(),
        *UploadCalls(admission.templates, artifacts).routes(),
        *template_routes(admission.templates, admission),
        *CronCalls(crons, admission).routes(),
        *EventCalls(events).routes(),
        *unsupported_routes(),
        *ArchiveCalls(controller.archive, controller, admission).routes(),
        *PageCalls(controller, logs).routes(),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, token=token), Middleware(CleanPaths), Middleware(Deadline), Middleware(_Faults)],
        exception_handlers={Refusal: _refuse, 404: _nothing, 405: _nothing},
    )
    app.router.redirect_slashes = False
    return app


async def _refuse(_: Request, error: Exception) -> Response:
    return refused(error if isinstance(error, Refusal) else Refusal("INTERNAL", str(error)))


async def _nothing(request: Request, _: Exception) -> Response:
    return nothing_here(request)


class _Faults:
    """A fault in a handler is an HTTP 500 that says what it was, as the real server's recovered panics are."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request (ASGI)."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await refused(Refusal("UNIMPLEMENTED", "Not Implemented"))(scope, receive, send)
            return
        started = False

        async def noting(message: dict[str, object]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, noting)  # type: ignore[arg-type]
        except ClientDisconnect:
            return  # It left while it was sending: nobody waits for an answer.
        except Exception as error:  # Whatever it is, the next request has to be served.
            log.exception("%s %s failed", scope.get("method"), scope.get("path"))
            if not started:
                problem = Refusal("INTERNAL", f"{type(error).__name__}: {error}")
                await refused(problem)(scope, receive, send)
