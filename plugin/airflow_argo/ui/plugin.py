"""The Airflow plugin; imported in every task process, so it imports next to nothing."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin

from airflow_argo import __version__
from airflow_argo.links import ArgoWorkflowLink

PREFIX = "/argo-ui"


class ArgoPlugin(AirflowPlugin):
    """Puts the *Argo workflow* button and the tab *Argo* on task instances."""

    name = "argo"
    operator_extra_links: list[Any] = [ArgoWorkflowLink()]  # noqa: RUF012  Airflow declares it so
    react_apps: list[Any] = [  # noqa: RUF012  as above
        {
            "name": "Argo",
            # Relative, so that it also holds below a base path.
            "bundle_url": f"{PREFIX[1:]}/static/tab.js?v={__version__}",
            "destination": "task_instance",
            "url_route": "argo",
        }
    ]

    @property
    def fastapi_apps(self) -> list[Any]:  # type: ignore[override]
        """The application behind the tab; only the API server asks for it."""
        from airflow_argo.ui.web import make_app

        return [{"app": make_app(), "url_prefix": PREFIX, "name": "argo_ui"}]
