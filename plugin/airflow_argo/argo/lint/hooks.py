"""Lifecycle hooks of a workflow, a step or a task."""

from __future__ import annotations

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import Document

EXIT = "exit"


def check_hooks(hooks: Document, place: str) -> None:
    """Check that every hook but the exit hook has an expression."""
    for name, hook in hooks.items():
        if name != EXIT and not hook.get("expression"):
            raise ManifestError(f"{place}.{name} Expression required")


def has_exit_hook(node: Document) -> bool:
    """Tell whether a step or task has something to run when it ends."""
    return EXIT in node.get("hooks", {}) or bool(node.get("onExit"))
