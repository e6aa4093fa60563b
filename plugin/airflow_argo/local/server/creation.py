"""The answer to a request that creates a workflow."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from airflow_argo.local.controller import Controller
from airflow_argo.local.server.bodies import answer
from airflow_argo.local.shape import whole


async def created(controller: Controller, workflow: dict[str, Any]) -> Response:
    """Create an admitted workflow; the answer shows it as it was before its first step, and comes after that.

    :raises Refusal: HTTP 409 if the name is taken.
    """
    response = answer(whole(controller.create(workflow)))
    await controller.first_step(workflow)
    return response
