"""The ``{{…}}`` of a text, with their errors told as a manifest's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import tags
from airflow_argo.argo.expressions.errors import ExpressionError


def simple_tags(text: str) -> Iterator[str]:
    """Return the content of each tag that is no expression, untrimmed, in order.

    :raises ManifestError: for a ``{{`` that no ``}}`` follows, in Argo's words.
    """
    try:
        parts = tags.parse(text)
    except ExpressionError as error:
        raise ManifestError(str(error)) from error
    return (part.text for part in parts if isinstance(part, tags.Tag) and part.kind == "simple")


def replace(text: str, values: Mapping[str, str]) -> str:
    """Replace the tags of a JSON text whose values are known and leave the others.

    :raises ManifestError: if no JSON comes out, or for a tag that does not end, in Argo's words.
    """
    try:
        return tags.substitute(text, values)
    except ExpressionError as error:
        raise ManifestError(str(error)) from error
