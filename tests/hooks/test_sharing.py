from __future__ import annotations

import asyncio
from typing import Any

import pytest

from airflow_argo.argo.errors import ArgoError
from airflow_argo.hooks.sharing import forget, shared_watch


@pytest.fixture(autouse=True)
def server(argo_url: str, connection_json: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json(argo_url))


async def test_all_who_wait_on_a_namespace_share_one() -> None:
    async with shared_watch("argo_default", "argo") as mine, shared_watch("argo_default", "argo") as yours:
        assert mine is yours
        async with shared_watch("argo_default", "other") as other:
            assert other is not mine


async def test_those_who_come_at_the_same_moment_share_one_as_well() -> None:
    async def come() -> Any:
        async with shared_watch("argo_default", "argo") as watch:
            await asyncio.sleep(0)
            return watch

    found = await asyncio.gather(*(come() for _ in range(20)))
    assert len({id(watch) for watch in found}) == 1


async def test_the_last_one_closes_it() -> None:
    async with shared_watch("argo_default", "argo") as first:
        pass
    async with shared_watch("argo_default", "argo") as second:
        assert second is not first


async def test_a_forgotten_one_serves_those_who_have_it_and_nobody_else() -> None:
    async with shared_watch("argo_default", "argo") as old:
        forget("argo_default", "argo")
        async with shared_watch("argo_default", "argo") as new:
            assert new is not old
            async with shared_watch("argo_default", "argo") as another:
                assert another is new


async def test_a_missing_connection_is_told_to_everyone_who_comes() -> None:
    for _ in range(2):
        with pytest.raises(ArgoError, match="no Airflow connection 'nope'"):
            async with shared_watch("nope", "argo"):
                pass


async def test_who_leaves_before_it_is_open_leaves_nothing_behind() -> None:
    async def come() -> None:
        async with shared_watch("argo_default", "argo"):
            await asyncio.Event().wait()

    hasty = asyncio.create_task(come())
    await asyncio.sleep(0)
    hasty.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hasty
    async with shared_watch("argo_default", "argo") as watch:
        assert watch
