"""``/api/v1/events`` and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local import queries
from airflow_argo.local.events import Events
from airflow_argo.local.selectors import FieldSelector, LabelSelector
from airflow_argo.local.server.bodies import answer, read_json

_FORWARDED_FOR, _FORWARDED_HOST = "x-forwarded-for", "x-forwarded-host"


class EventCalls:
    """The handlers, each called as in Argo's ``event.proto``."""

    def __init__(self, events: Events) -> None:
        self._events = events

    def routes(self) -> list[Route]:
        """Path and method of each."""
        path = "/api/v1/events/{namespace}"
        bindings = "/api/v1/workflow-event-bindings/"
        return [
            Route(f"{path}/", self.receive, methods=["POST"]),
            Route(f"{path}/{{discriminator}}", self.receive, methods=["POST"]),
            Route(bindings, self.bindings, methods=["GET"]),
            Route(f"{bindings}{{namespace}}", self.bindings, methods=["GET"]),
            Route("/api/v1/tracking/event", self.track, methods=["POST"]),
        ]

    async def receive(self, request: Request) -> Response:
        """Submit what the WorkflowEventBindings of the namespace submit for this event; the body is its payload."""
        payload = await read_json(request)
        path = request.path_params
        self._events.receive(path["namespace"], path.get("discriminator", ""), _headers(request), payload)
        return answer({})

    async def bindings(self, request: Request) -> Response:
        """The WorkflowEventBindings of a namespace, or of all, by labels, name and namespace."""
        query = queries.parameters(request, "listOptions")
        labels = LabelSelector.parse(query.get("listOptions.labelSelector", ""))
        fields = FieldSelector.parse(query.get("listOptions.fieldSelector", ""), "workfloweventbindings")
        items = [
            binding
            for binding in self._events.bindings(str(request.path_params.get("namespace", "")))
            if labels.matches(binding["metadata"].get("labels")) and fields.matches(binding["metadata"])
        ]
        return answer({"metadata": {"resourceVersion": str(self._events.version)}, "items": items or None})

    async def track(self, request: Request) -> Response:
        """Forget what a user interface says that its user did."""
        await read_json(request)
        return answer({})


def _headers(request: Request) -> Iterator[tuple[str, str]]:
    """The headers as Argo's gateway passes them on: with where the request came from."""
    yield from request.headers.items()
    host = request.headers.get(_FORWARDED_HOST) or request.headers.get("host", "")
    if host:
        yield _FORWARDED_HOST, host
    if request.client is not None:
        before = request.headers.get(_FORWARDED_FOR, "")
        yield _FORWARDED_FOR, f"{before}, {request.client.host}" if before else request.client.host
