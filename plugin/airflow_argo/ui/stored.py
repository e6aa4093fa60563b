"""What Airflow has stored about a task instance: whether it is there, and which workflow is its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow.models.taskinstance import TaskInstance
from airflow.models.xcom import XComModel
from airflow.utils.state import State
from sqlalchemy import select
from sqlalchemy.orm import Session

from airflow_argo.attachment import OWNER_ANNOTATION


@dataclass(frozen=True)
class TaskKey:
    """A task instance; ``map_index`` is -1 where it is not mapped."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int


@dataclass(frozen=True)
class Place:
    """Where a workflow is: on the server of a connection."""

    conn_id: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True)
class Stored:
    """A task instance as it is stored.

    :param place: its workflow; None where it has none, or none yet.
    :param why: why there is no workflow, in words for the viewer.
    :param link: the workflow in Argo's UI.
    """

    key: TaskKey
    place: Place | None
    why: str = ""
    link: str = ""

    def owns(self, workflow: Mapping[str, Any]) -> bool:
        """Whether the workflow says of itself that this task made it.

        Whoever may write XComs could else make the tab read any workflow with the connection's token.
        """
        noted = (workflow["metadata"].get("annotations") or {}).get(OWNER_ANNOTATION)
        try:
            owner = json.loads(noted or "null")
        except ValueError:
            return False
        key = self.key
        return isinstance(owner, list) and owner[:4] == [key.dag_id, key.run_id, key.task_id, key.map_index]


def stored(session: Session, key: TaskKey) -> Stored | None:
    """What is stored about a task instance; None if there is no such one."""
    state = session.execute(
        select(TaskInstance.state).where(
            TaskInstance.dag_id == key.dag_id,
            TaskInstance.run_id == key.run_id,
            TaskInstance.task_id == key.task_id,
            TaskInstance.map_index == key.map_index,
        )
    ).one_or_none()
    if state is None:
        return None
    record = _record(session, key)
    if record is None:
        return Stored(key, None, _why_none(state[0]))
    place = _place(record)
    if place is None:
        return Stored(key, None, "The task's record of its workflow names no connection. Run the task again.")
    return Stored(key, place, link=str(record.get("link") or ""))


def _record(session: Session, key: TaskKey) -> Mapping[str, Any] | None:
    found = session.scalar(
        select(XComModel).where(
            XComModel.dag_id == key.dag_id,
            XComModel.run_id == key.run_id,
            XComModel.task_id == key.task_id,
            XComModel.map_index == key.map_index,
            XComModel.key == "workflow",
        )
    )
    value = XComModel.deserialize_value(found) if found is not None else None
    return value if isinstance(value, Mapping) and "uid" in value else None


def _place(record: Mapping[str, Any]) -> Place | None:
    parts = [record.get(name) for name in ("conn_id", "namespace", "name", "uid")]
    if not all(isinstance(part, str) and part for part in parts):
        return None
    return Place(*map(str, parts))


def _why_none(state: str | None) -> str:
    if state in State.unfinished:
        return "Nothing yet: if this task runs an Argo workflow, it appears here as soon as it is submitted."
    return "This task has no Argo workflow."
