"""Runs workers as local processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow_argo.local.execution.process import ProcessExecutor

__all__ = ["ProcessExecutor"]


def __getattr__(name: str) -> object:
    # On demand: the launcher is a module of this package, and has to start quickly and stay small.
    if name == "ProcessExecutor":
        from airflow_argo.local.execution.process import ProcessExecutor

        return ProcessExecutor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
