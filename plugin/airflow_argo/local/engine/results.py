"""Whose standard output is an output: only what is referred to is kept."""

from __future__ import annotations

import re

from airflow_argo.local.engine import nodes


class Results:
    """Tells whose standard output is wanted: only of steps and tasks that their parent's template refers to."""

    def __init__(self) -> None:
        self._templates: dict[str, tuple[str, str]] = {}
        self._known: dict[tuple[str, str], bool] = {}

    def declare(self, boundary: str, kind: str, text: str) -> None:
        """Note the template of a steps or DAG node, as JSON.

        :param kind: what its parts are called: ``steps`` or ``tasks``.
        """
        self._templates[boundary] = (kind, text)

    def wanted(self, boundary: str, node_name: str) -> bool:
        """Tell whether the result of a node is referred to."""
        if boundary not in self._templates:
            return False
        key = (boundary, nodes.caller_name(node_name))
        if key not in self._known:
            kind, text = self._templates[boundary]
            name = key[1]
            pattern = rf"{kind}\.{name}\.outputs\.result|{kind}\[['\\\"]{name}['\\\"]\]\.outputs.result"
            self._known[key] = re.search(pattern, text) is not None
        return self._known[key]
