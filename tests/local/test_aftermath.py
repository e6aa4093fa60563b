from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from airflow_argo.local.aftermath import Aftermath
from airflow_argo.local.archive import Archive, is_archived
from airflow_argo.local.listing import ListOptions
from airflow_argo.local.store import Store


class Killed(BaseException):
    """Nothing more happens in this process."""


class DyingArchive(Archive):
    """The server is killed when it begins to archive."""

    def keep(self, workflow: dict[str, Any]) -> None:
        raise Killed


class Keeper:
    """Holds one workflow; the server is killed with the first of its changes, if at all."""

    def __init__(self, store: Store, workflow: dict[str, Any], *, killed: bool = False) -> None:
        self._store, self._killed = store, killed
        store.add_workflow(workflow)

    def by_uid(self, uid: str, *, nodes: bool = True) -> dict[str, Any] | None:
        return self._store.workflow_by_uid(uid, nodes=nodes)

    def put(self, workflow: dict[str, Any], changed: Iterable[str] = ()) -> None:
        if self._killed:
            raise Killed
        self._store.save_workflow(workflow, changed)

    def remove(self, workflow: dict[str, Any]) -> None:
        self._store.delete_workflow(workflow["metadata"])


def finished() -> dict[str, Any]:
    status = {"phase": "Succeeded", "startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:01Z"}
    return {"metadata": {"uid": "u", "name": "wf", "namespace": "argo"}, "spec": {}, "status": status}


@pytest.fixture
def store() -> Any:
    made = Store()
    yield made
    made.close()


@pytest.mark.parametrize("killed_while", ["archiving", "labelling"])
async def test_a_finished_workflow_is_in_every_list_whenever_the_server_is_killed(
    store: Store, killed_while: str
) -> None:
    archive = (DyingArchive if killed_while == "archiving" else Archive)(store, enabled=True)
    keeper = Keeper(store, finished(), killed=killed_while == "labelling")
    workflow = keeper.by_uid("u")
    assert workflow
    with pytest.raises(Killed):
        Aftermath(keeper, archive, None, asyncio.get_running_loop().time).begin(workflow)
    stored = keeper.by_uid("u")
    assert stored
    # Lists take it from the archive once it is labelled so, and until then from the live ones.
    assert not is_archived(stored) or archive.rows(ListOptions())


async def test_what_a_killed_server_left_undone_is_done_by_the_next(store: Store) -> None:
    archive = Archive(store, enabled=True)
    keeper = Keeper(store, finished())
    stored = keeper.by_uid("u")
    assert stored
    Aftermath(keeper, archive, None, asyncio.get_running_loop().time).go_on(stored)
    archived = keeper.by_uid("u")
    assert archived
    assert is_archived(archived)
    assert archive.find("u")
