"""Who may see and do what: Airflow's own rules for the task instance of a DAG, and no writes from foreign pages."""

from __future__ import annotations

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity, DagDetails
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.models.dag import DagModel
from fastapi import Depends, HTTPException, Request

from airflow_argo.argo.view import OWN_HEADER
from airflow_argo.ui.stored import Stored, TaskKey, stored


def own_page_only(request: Request) -> None:
    """Refuse a write that another page makes in the user's name.

    Airflow has no token against that. A foreign page cannot send a header of its own without being asked first, which
    nothing here answers; browsers that send ``Sec-Fetch-Site`` say it, too.
    """
    from_here = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    if not from_here or request.headers.get(OWN_HEADER) != "1":
        raise HTTPException(403, "This write does not come from Airflow's own page.")


def task_instance(
    dag_id: str, run_id: str, task_id: str, map_index: int, session: SessionDep, user: GetUserDep
) -> Stored:
    """The task instance of the path; 404 where there is none."""
    found = stored(session, TaskKey(dag_id, run_id, task_id, map_index))
    if found is None:
        raise HTTPException(404, "There is no such task instance.")
    return found


def may_act(dag_id: str, user: GetUserDep) -> bool:
    """Whether the user may do what clearing the task needs."""
    team = DagModel.get_team_name(dag_id)
    return get_auth_manager().is_authorized_dag(
        method="PUT",
        access_entity=DagAccessEntity.TASK_INSTANCE,
        details=DagDetails(id=dag_id, team_name=team),
        user=user,
    )


SEES = Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))
READS_LOGS = Depends(requires_access_dag("GET", DagAccessEntity.TASK_LOGS))
ACTS = [Depends(own_page_only), Depends(requires_access_dag("PUT", DagAccessEntity.TASK_INSTANCE))]

Instance = Annotated[Stored, Depends(task_instance)]
MayAct = Annotated[bool, Depends(may_act)]
User = GetUserDep
