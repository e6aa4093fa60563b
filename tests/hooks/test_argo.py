from __future__ import annotations

from typing import Any

import pytest

from airflow_argo.argo import api
from airflow_argo.hooks.argo import ArgoHook
from airflow_argo.hooks.settings import ConnectionSettingsError


@pytest.fixture
def connected(argo_url: str, connection_json: Any, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json(argo_url))
    return argo_url


def test_the_connection_test_lists_workflows(connected: str) -> None:
    good, message = ArgoHook().test_connection()
    assert good
    assert "lists workflows in namespace 'argo'" in message


def test_the_connection_test_says_what_is_wrong(connection_json: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ARGO_DEFAULT", connection_json("http://127.0.0.1:1"))
    good, message = ArgoHook().test_connection()
    assert not good
    assert "cannot be reached" in message


def test_the_client_of_the_worker_and_that_of_the_triggerer_ask_the_same_server(connected: str) -> None:
    import asyncio

    async def asked() -> Any:
        async with await ArgoHook().aclient() as client:
            return await client.send(api.version())

    with ArgoHook().client() as client:
        assert client.send(api.version()) == asyncio.run(asked())


def test_a_missing_connection_says_how_to_make_one() -> None:
    with pytest.raises(ConnectionSettingsError, match="AIRFLOW_CONN_NOT_THERE"):
        ArgoHook("not_there").settings()
