"""``/api/v1/archived-workflows``."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from airflow_argo.local import listing, queries
from airflow_argo.local.admission import Admission
from airflow_argo.local.archive import Archive
from airflow_argo.local.controller import Controller
from airflow_argo.local.operations import Operations
from airflow_argo.local.refusal import Refusal
from airflow_argo.local.server.bodies import answer, entry, read_message, text, texts
from airflow_argo.local.server.creation import created
from airflow_argo.local.shape import whole

_PATH = "/api/v1/archived-workflows"
# The archive knows no such query parameters, and does not read them.
_OF_LIVE_ONES = ("createdAfter", "finishedBefore")


class ArchiveCalls:
    """The handlers, each called as in Argo's ``workflow-archive.proto``."""

    def __init__(self, archive: Archive, controller: Controller, admission: Admission) -> None:
        self._archive = archive
        self._controller = controller
        self._admission = admission
        self._operations = Operations(controller)

    def routes(self) -> list[Route]:
        """Path and method of each."""
        one = f"{_PATH}/{{uid}}"
        return [
            Route(_PATH, self.list, methods=["GET"]),
            Route(one, self.get, methods=["GET"]),
            Route(one, self.delete, methods=["DELETE"]),
            Route(f"{one}/retry", self.retry, methods=["PUT"]),
            Route(f"{one}/resubmit", self.resubmit, methods=["PUT"]),
            Route(f"{_PATH}-label-keys", self.label_keys, methods=["GET"]),
            Route(f"{_PATH}-label-values", self.label_values, methods=["GET"]),
        ]

    async def list(self, request: Request) -> Response:
        """What was archived; ``fields`` change nothing, as on v4.1.2."""
        query = queries.parameters(request)
        known = {name: value for name, value in query.items() if name not in _OF_LIVE_ONES}
        options = listing.ListOptions.parse(query.get("namespace", ""), known)
        if options.limit < 0:
            # The real server crashes in this request and answers so.
            raise Refusal("INTERNAL", f"runtime error: slice bounds out of range [:{options.limit}]")
        rows = self._archive.rows(options, query.get("namePrefix", ""))
        end = options.offset + options.limit if options.limit else len(rows)
        items = rows[options.offset : end]
        metadata: dict[str, Any] = {}
        if options.show_remaining and options.limit:
            metadata["remainingItemCount"] = max(len(rows) - options.offset - len(items), 0)
        if end < len(rows):
            metadata["continue"] = str(end)
        return answer({"metadata": metadata, "items": [whole(item) for item in items] or None})

    async def get(self, request: Request) -> Response:
        """One by uid; ``fields`` change nothing, as on v4.1.2."""
        return answer(whole(self._archive.get(request.path_params["uid"])))

    async def delete(self, request: Request) -> Response:
        """Forget one."""
        self._archive.delete(request.path_params["uid"])
        return answer({})

    async def label_keys(self, request: Request) -> Response:
        """The keys of all labels."""
        return _items(self._archive.label_keys(queries.parameters(request).get("namespace", "")))

    async def label_values(self, request: Request) -> Response:
        """The values of a label."""
        query = queries.parameters(request, "listOptions")
        selector = query.get("listOptions.labelSelector", "")
        return _items(self._archive.label_values(query.get("namespace", ""), selector))

    async def retry(self, request: Request) -> Response:
        """Bring a workflow back under its name and run again what has failed of it."""
        kind = "RetryArchivedWorkflowRequest"
        message = await read_message(request, f"workflowarchive.{kind}")
        restart_successful = bool(entry(message, "restartSuccessful", bool, kind))
        selector, parameters = text(message, "nodeFieldSelector", kind), texts(message, "parameters", kind)
        workflow = self._operations.brought_back(
            self._archive.get(request.path_params["uid"]),
            restart_successful=restart_successful,
            selector=selector,
            parameters=parameters,
        )
        return answer(whole(workflow))

    async def resubmit(self, request: Request) -> Response:
        """Create another workflow like this one."""
        kind = "ResubmitArchivedWorkflowRequest"
        message = await read_message(request, f"workflowarchive.{kind}")
        memoized, parameters = bool(entry(message, "memoized", bool, kind)), texts(message, "parameters", kind)
        archived = self._archive.get(request.path_params["uid"])
        namespace = archived["metadata"]["namespace"]
        manifest = self._operations.resubmit_of(archived, memoized=memoized, parameters=parameters)
        workflow = self._admission.checked(manifest, namespace, lookup=namespace)
        self._admission.admit(workflow, namespace)
        return await created(self._controller, workflow)


def _items(found: list[str]) -> Response:
    return answer({"items": found} if found else {})
