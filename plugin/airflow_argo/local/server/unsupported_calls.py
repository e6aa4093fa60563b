"""Endpoints that Argo v4.1.2 has and this server has not: each is refused by name, and none by accident."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local.refusal import unsupported

_EVENTS = "belong to Argo Events, which needs a cluster"
_REASONS = {
    "sync/{rest:path}": "changing the limits of semaphores over the API: they are ConfigMaps below objects, edit those",
    "stream/events/{namespace}": "the events of Kubernetes: watch /api/v1/workflow-events/{namespace} instead",
    "stream/sensors/{rest:path}": f"Sensors: they {_EVENTS}",
    "stream/event-sources/{rest:path}": f"EventSources: they {_EVENTS}",
    "sensors/{rest:path}": f"Sensors: they {_EVENTS}",
    "event-sources/{rest:path}": f"EventSources: they {_EVENTS}",
}
_METHODS = ["GET", "POST", "PUT", "DELETE"]


def unsupported_routes() -> list[Route]:
    """Path and method of each."""
    return [Route(f"/api/v1/{path}", _refusing(reason), methods=_METHODS) for path, reason in _REASONS.items()]


def _refusing(reason: str) -> Callable[[Request], Awaitable[Response]]:
    async def refuse(_: Request) -> Response:
        raise unsupported(reason)

    return refuse
