"""What a running expression sees and remembers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from airflow_argo.argo.expressions.expr_lang.source import Fault

MEMORY_BUDGET = 1_000_000
LONGEST_TEXT = 64 * 1024 * 1024


def bounded(size: int) -> None:
    """Refuse to make a text of so many characters; expr-lang has no such limit, and would take all memory.

    :raises Fault: ``memory budget exceeded``.
    """
    if size > LONGEST_TEXT:
        raise Fault("memory budget exceeded")


class Frame:
    """The environment, the element that a predicate looks at, and the memory used so far.

    :param env: variables and functions by name.
    """

    __slots__ = ("accumulated", "env", "index", "item", "kept", "memory", "variables")

    def __init__(self, env: dict[str, Any]) -> None:
        self.env = env
        self.item: Any = None
        self.index = 0
        self.accumulated: Any = None
        self.variables: dict[str, Any] = {}
        self.kept: dict[object, Any] = {}
        self.memory = 0

    def take_memory(self, elements: int) -> None:
        """Count elements of new lists, maps and texts.

        :raises Fault: ``memory budget exceeded`` at one million, expr-lang's limit.
        """
        self.memory += elements
        if self.memory >= MEMORY_BUDGET:
            raise Fault("memory budget exceeded")


Code = Callable[[Frame], Any]
