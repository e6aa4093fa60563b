"""What the tab asks for: a FastAPI application below Airflow's API server.

Which workflow is meant, and through which connection it is read, comes from what the task has stored, never from the
request. The connection's token stays here.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response

from airflow_argo.argo import api
from airflow_argo.argo.errors import ArgoError, ConflictError, NotFoundError, RequestRefusedError
from airflow_argo.argo.view import Action, ActionRefusedError, QueryError, Snapshot, nothing_yet, told
from airflow_argo.argo.view import Query as WorkersQuery
from airflow_argo.argo.view.assets import asset
from airflow_argo.argo.view.logs import LINES, MAX_LINES
from airflow_argo.ui.access import ACTS, READS_LOGS, SEES, Instance, MayAct, User
from airflow_argo.ui.stored import Place, Stored
from airflow_argo.ui.workflows import Workflows

log = logging.getLogger(__name__)

_PATH = "/api/dags/{dag_id}/runs/{run_id}/tasks/{task_id}/{map_index}"
_CALLS = {"retry": api.retry_workflow, "stop": api.stop_workflow}


def make_app(workflows: Workflows | None = None) -> FastAPI:
    """The application; the state it keeps is what it has read lately."""
    app = FastAPI(title="Argo workflows of task instances", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_exception_handler(ArgoError, _in_argos_words)
    _Pages(workflows or Workflows()).add_to(app)
    return app


class _Pages:
    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    def add_to(self, app: FastAPI) -> None:
        app.get("/static/{name}")(static)
        app.get(f"{_PATH}/state", dependencies=[SEES])(self.state)
        app.get(f"{_PATH}/tree", dependencies=[SEES])(self.tree)
        app.get(f"{_PATH}/log", dependencies=[READS_LOGS])(self.log)
        app.post(f"{_PATH}/retry", dependencies=ACTS)(self.retry)
        app.post(f"{_PATH}/stop", dependencies=ACTS)(self.stop)

    async def state(self, request: Request, instance: Instance, acts: MayAct) -> Response:
        """How the workflow is, and a page of its workers."""
        params = request.query_params
        query = WorkersQuery.parse({name: params.getlist(name) for name in params})
        if instance.place is None:
            return answered(nothing_yet(instance.why, now=time.time()))
        snapshot = await self._snapshot(instance)
        return answered(snapshot.state(query, now=time.time(), link=instance.link, can_act=acts))

    async def tree(self, instance: Instance) -> Response:
        """The workflow's nodes."""
        return answered((await self._snapshot(instance)).tree())

    async def log(
        self,
        instance: Instance,
        node: Annotated[str, Query()],
        lines: Annotated[int, Query(ge=1, le=MAX_LINES)] = LINES,
    ) -> Response:
        """The end of a worker's log."""
        snapshot = await self._snapshot(instance)
        return answered(await self._workflows.log(_place(instance), snapshot, node, lines))

    async def retry(self, instance: Instance, user: User) -> Response:
        """Run the failed workers again."""
        return await self._act("retry", instance, user)

    async def stop(self, instance: Instance, user: User) -> Response:
        """Stop the workflow."""
        return await self._act("stop", instance, user)

    async def _act(self, action: Action, instance: Stored, user: Any) -> Response:
        place = _place(instance)
        self._workflows.forget(place)
        snapshot = await self._snapshot(instance)
        done = told(action, snapshot.workflow, snapshot.failed)
        log.info("%s: %s the workflow %s/%s of %s", user.get_name(), action, place.namespace, place.name, instance.key)
        try:
            await self._workflows.change(place, _CALLS[action](place.namespace, place.name))
        except RequestRefusedError as error:
            raise ActionRefusedError(error.message) from error
        return answered({"done": done})

    async def _snapshot(self, instance: Stored) -> Snapshot:
        place = _place(instance)
        snapshot = await self._workflows.snapshot(place)
        if not instance.owns(snapshot.workflow):
            raise HTTPException(404, f"The workflow {place.name} does not belong to this task instance.")
        return snapshot


def static(name: str) -> Response:
    """A file of the tab; it holds no data, so that anybody may load it."""
    found = asset(name)
    if found is None:
        raise HTTPException(404, "There is no such file.")
    content, media_type = found
    headers = {"Cache-Control": "no-cache", "X-Content-Type-Options": "nosniff"}
    return Response(content, media_type=media_type, headers=headers)


def answered(value: object, status: int = 200) -> Response:
    """JSON in pure ASCII: a text may hold half a surrogate pair, which nothing else can carry."""
    return Response(json.dumps(value), status, {"Cache-Control": "no-store"}, "application/json")


def _place(instance: Stored) -> Place:
    if instance.place is None:
        raise HTTPException(404, instance.why)
    return instance.place


async def _in_argos_words(_: Request, error: Exception) -> Response:
    """An error of the Argo Server; never as a 401 or 403, which would be about the user's rights in Airflow."""
    status = next((status for kind, status in _STATUS.items() if isinstance(error, kind)), 502)
    return answered({"detail": str(error)}, status)


_STATUS: dict[type[ArgoError], int] = {QueryError: 400, ActionRefusedError: 409, ConflictError: 409, NotFoundError: 404}
