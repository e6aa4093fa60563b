"""``/api/v1/events`` and what belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local import queries
from airflow_argo.local.events import Events
from airflow_argo.local.refusal import invalid
from airflow_argo.local.selectors import LabelSelector
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
        query = request.query_params
        labels = LabelSelector.parse(query.get("listOptions.labelSelector", ""))
        fields = _field_terms(query.get("listOptions.fieldSelector", ""))
        queries.check(query, "listOptions")
        items = [
            binding
            for binding in self._events.bindings(str(request.path_params.get("namespace", "")))
            if labels.matches(binding["metadata"].get("labels")) and _has(binding["metadata"], fields)
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


def _field_terms(selector: str) -> list[tuple[str, str, bool]]:
    terms = []
    for term in filter(None, selector.split(",")):
        field, operator, value = _split(term)
        if field not in ("metadata.name", "metadata.namespace") or not operator:
            what = "argoproj.io/v1alpha1, Resource=workfloweventbindings"
            looked_for = f'that match label selector "", field selector "{selector}"'
            raise invalid(f'Unable to find "{what}" {looked_for}: field label not supported: {field}')
        terms.append((field.removeprefix("metadata."), value, operator != "!="))
    return terms


def _split(term: str) -> tuple[str, str, str]:
    for operator in ("!=", "==", "="):
        field, found, value = term.partition(operator)
        if found:
            return field, found, value
    return term, "", ""


def _has(metadata: dict[str, Any], terms: list[tuple[str, str, bool]]) -> bool:
    return all((metadata.get(field, "") == value) is equal for field, value, equal in terms)
