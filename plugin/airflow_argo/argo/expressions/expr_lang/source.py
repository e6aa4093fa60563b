"""An error's place in an expression, shown as expr-lang shows it."""

from __future__ import annotations

from airflow_argo.argo.expressions.errors import ExpressionError


def located(message: str, source: str, at: int) -> ExpressionError:
    """Make the error that expr-lang would report: the message, line and column, and the line with a caret under it.

    :param at: index of the character in ``source``.
    """
    before = source[:at]
    line = before.count("\n") + 1
    start = before.rfind("\n") + 1
    column = len(before) - start
    text = source[start:].split("\n", 1)[0].replace("\t", " ")
    if not text:
        return ExpressionError(message)
    return ExpressionError(f"{message} ({line}:{column + 1})\n | {text}\n | {'.' * column}^")


class Fault(Exception):  # noqa: N818 - never leaves this package: it becomes an ExpressionError with its place
    """A failed operation that does not know its place in the source.

    :param argument: which argument of a call is at fault, if it is one.
    """

    def __init__(self, message: str, argument: int | None = None) -> None:
        super().__init__(message)
        self.argument = argument
