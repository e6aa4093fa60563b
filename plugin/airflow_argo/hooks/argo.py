"""The hook: an Airflow connection of type ``argo`` as a client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from airflow_argo.argo.errors import ArgoError
from airflow_argo.hooks.settings import ConnectionSettingsError, Settings, settings_of

if TYPE_CHECKING:
    from airflow_argo.argo.aio import AsyncArgoClient
    from airflow_argo.argo.client import ArgoClient

DEFAULT_CONN_ID = "argo_default"


class ArgoHook(BaseHook):
    """Gives clients for the Argo Server of a connection.

    :param argo_conn_id: id of a connection of type ``argo``.
    """

    conn_name_attr = "argo_conn_id"
    default_conn_name = DEFAULT_CONN_ID
    conn_type = "argo"
    hook_name = "Argo Workflows"

    def __init__(self, argo_conn_id: str = DEFAULT_CONN_ID, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.argo_conn_id = argo_conn_id

    def settings(self) -> Settings:
        """What the connection says.

        :raises ConnectionSettingsError: for a connection that is missing or incomplete.
        """
        try:
            connection = self.get_connection(self.argo_conn_id)
        except AirflowNotFoundException as error:
            raise _missing(self.argo_conn_id) from error
        return settings_of(connection)

    async def asettings(self) -> Settings:
        """What the connection says, for use in the triggerer."""
        from airflow.providers.common.compat.connection import get_async_connection

        try:
            connection = await get_async_connection(self.argo_conn_id)
        except AirflowNotFoundException as error:
            raise _missing(self.argo_conn_id) from error
        return settings_of(connection)

    def client(self, **options: Any) -> ArgoClient:
        """A client; close it, or use it in a ``with``.

        :param options: as :class:`airflow_argo.argo.client.ArgoClient` takes them, such as ``patience``.
        """
        return self.settings().client(**options)

    async def aclient(self, **options: Any) -> AsyncArgoClient:
        """A client for the triggerer; close it, or use it in an ``async with``."""
        from airflow_argo.argo.aio import AsyncArgoClient

        settings = await self.asettings()
        return AsyncArgoClient(settings.address, **{"patience": settings.patience, **options})

    def get_conn(self) -> ArgoClient:
        """A client, as Airflow's hooks call it."""
        return self.client()

    def test_connection(self) -> tuple[bool, str]:
        """Whether workflows can be listed; the server answers its version to any token, so that proves nothing."""
        from airflow_argo.argo import api

        try:
            settings = self.settings()
            with settings.client(patience=0.0, connect_timeout=5.0, read_timeout=15.0) as client:
                client.send(api.list_workflows(settings.namespace, limit=1, fields=("metadata.name",)))
                version = client.send(api.version()).get("version", "of unknown version")
        except ArgoError as error:
            return False, str(error)
        return True, f"Argo Server {version} lists workflows in namespace '{settings.namespace}'"


def _missing(conn_id: str) -> ArgoError:
    return ConnectionSettingsError(
        f"There is no Airflow connection '{conn_id}'",
        hint="Add one of type 'argo' under Admin > Connections, or set AIRFLOW_CONN_"
        + conn_id.upper()
        + '=\'{"conn_type": "argo", "host": "…", "port": 2746, "password": "<token>"}\'.',
    )
