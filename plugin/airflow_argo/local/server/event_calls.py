"""``/api/v1/events`` and what belongs to it: there are no WorkflowEventBindings here, and it says so."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local.refusal import unsupported


def event_routes() -> list[Route]:
    """Path and method of each."""
    return [
        Route("/api/v1/events/{namespace}/{discriminator:path}", _events, methods=["POST"]),
        Route("/api/v1/workflow-event-bindings/{namespace}", _bindings, methods=["GET"]),
        Route("/api/v1/stream/events/{namespace}", _kubernetes_events, methods=["GET"]),
    ]


async def _events(_: Request) -> Response:
    raise unsupported("events (WorkflowEventBindings)")


async def _bindings(_: Request) -> Response:
    raise unsupported("WorkflowEventBindings")


async def _kubernetes_events(_: Request) -> Response:
    raise unsupported("the events of Kubernetes")
