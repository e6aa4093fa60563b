"""What can go wrong with an expression; the message is the text that Argo itself reports."""

from __future__ import annotations


class ExpressionError(ValueError):
    """An expression or a tag that Argo could not parse, check or evaluate."""


class MissingVariableError(ExpressionError):
    """A reference to a variable that is not there (yet); Argo waits for it rather than failing."""


class AbsentOptionalError(ExpressionError):
    """A reference to the output of a skipped or omitted node that has no default; waiting would not help."""


class UnclosedTagError(ExpressionError):
    """A ``{{`` that no ``}}`` follows."""


class InvalidJSONError(ExpressionError):
    """Text that is not JSON, with the message of Go's ``encoding/json``."""
