"""``data`` templates: what their ``transformation`` makes of the paths that their source has found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.argo.expressions import expr_lang, gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.local.engine.errors import NodeError

_FAILED = "unable to process data template"


def transformed(paths: Sequence[str], data: Mapping[str, Any]) -> str:
    """Compute the result of a data template, as JSON.

    :param paths: what ``source.artifactPaths`` stands for.
    :param data: the template's ``data``; each expression of its ``transformation`` sees what the one before has made.
    :raises NodeError: in Argo's words, for another source or an expression that fails.
    """
    if not (data.get("source") or {}).get("artifactPaths"):
        raise NodeError(f"{_FAILED}: unable to process data source: no valid source is used for data template")
    value: Any = list(paths)
    for index, step in enumerate(data.get("transformation") or ()):
        if step.get("expression"):
            value = _step(index, step["expression"], value)
    return gojson.dumps(value)


def _step(index: int, expression: str, value: Any) -> Any:
    try:
        return expr_lang.evaluate(expression, {"data": value})
    except ExpressionError as error:
        place = f"unable to process data transformation: error processing data step {index}"
        raise NodeError(f"{_FAILED}: {place}: {error}") from error
