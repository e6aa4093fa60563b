"""``airflow-argo check``."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from itertools import chain
from typing import Any

from rich.console import Console
from rich.text import Text

from airflow_argo.argo.address import no_token
from airflow_argo.argo.errors import ArgoError
from airflow_argo.commands.steps import Outcome, Step, steps
from airflow_argo.hooks.settings import DEFAULT_NAMESPACE, Settings, settings_of, verify_of
from airflow_argo.local import terminal
from airflow_argo.local.terminal import harmless

_MARKS = {Outcome.GOOD: "✓", Outcome.BAD: "✗", Outcome.OPEN: "–"}
_PLAIN_MARKS = {Outcome.GOOD: "ok", Outcome.BAD: "NO", Outcome.OPEN: "--"}
_COLOURS = {Outcome.GOOD: "green", Outcome.BAD: "red", Outcome.OPEN: "yellow"}
_NAMES = 18


def run(arguments: argparse.Namespace) -> int:
    """Test the way to a server and print each step; 1 if one failed.

    :raises ArgoError: the arguments do not fit together.
    """
    _require_sense(arguments)
    console = terminal.stdout()
    try:
        settings, source = _settings(arguments)
        settings.address  # noqa: B018  # An address that none can have is refused here.
    except ArgoError as error:
        return _told(console, [Step("connection", Outcome.BAD, error.message, error.hint)])
    first = Step("connection", Outcome.GOOD, f"{source}: {settings.url}, namespace '{settings.namespace}'")
    return _told(console, chain([first], steps(settings)))


def _require_sense(arguments: argparse.Namespace) -> None:
    if arguments.url and arguments.conn_id:
        raise ArgoError("both a connection and --url are given", hint="Give one of them.")
    stray = next((name for name in ("token_env", "verify") if getattr(arguments, name) and not arguments.url), None)
    if stray:
        raise ArgoError(f"--{stray.replace('_', '-')} belongs to --url", hint="A connection has its own.")


def _settings(arguments: argparse.Namespace) -> tuple[Settings, str]:
    if arguments.url:
        return _settings_of_url(arguments), "--url"
    # Airflow takes seconds to import.
    from dataclasses import replace

    from airflow_argo.hooks.argo import DEFAULT_CONN_ID, ArgoHook

    conn_id = arguments.conn_id or DEFAULT_CONN_ID
    settings = _in_database(conn_id) or ArgoHook(conn_id).settings()
    return replace(settings, namespace=arguments.namespace or settings.namespace), conn_id


def _in_database(conn_id: str) -> Settings | None:
    """What Airflow's server knows; a hook outside a task asks neither its database nor its secrets backends."""
    from airflow.models.connection import Connection
    from airflow.sdk.exceptions import AirflowNotFoundException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        found: Any = Connection.get_connection_from_secrets(conn_id)
    except (AirflowNotFoundException, SQLAlchemyError):
        return None
    return settings_of(found)


def _settings_of_url(arguments: argparse.Namespace) -> Settings:
    token = no_token
    if arguments.token_env:
        value = os.environ.get(arguments.token_env, "").strip()
        if not value:
            raise ArgoError(f"the environment variable {arguments.token_env} is not set or empty")

        def token() -> str:
            return value

    return Settings(
        url=arguments.url.rstrip("/"),
        ui_url=arguments.url.rstrip("/"),
        namespace=arguments.namespace or DEFAULT_NAMESPACE,
        token=token,
        verify=verify_of(arguments.verify),
        patience=0.0,
    )


def _told(console: Console, told: Iterable[Step]) -> int:
    status = 0
    marks = _MARKS if terminal.writes_unicode(console.file) else _PLAIN_MARKS
    for step in told:
        mark = Text(f"{marks[step.outcome]} ", style=_COLOURS[step.outcome])
        console.print(mark + Text(f"{step.name:<{_NAMES}}") + Text(harmless(step.words)))
        if step.todo:
            console.print(Text(f"{'':<{_NAMES + len(mark)}}{step.todo}", style="yellow"))
        if step.outcome is Outcome.BAD:
            status = 1
    return status
