"""What an expression finds: Argo's variables, expanded at their dots, and the functions that Argo adds.

The source of both is Argo's ``util/expr/env`` and ``util/expand``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from airflow_argo.argo.expressions import gojson, jsonpath
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang.builtins_numbers import to_decimal, to_whole
from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.sprig import SPRIG
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function


def _failing(compute: Callable[..., Any]) -> Callable[..., Any]:
    def call(*given: Any) -> Any:
        try:
            return compute(*given)
        except ExpressionError as error:
            raise Fault(str(error)) from None

    return call


def _json_path(text: str, path: str) -> Any:
    return jsonpath.query(path, gojson.loads(text, number=gojson.float_number))


FUNCTIONS: Mapping[str, Any] = MappingProxyType(
    {
        "asInt": Function("asInt", to_whole, (ANY,)),
        "asFloat": Function("asFloat", to_decimal, (ANY,)),
        "toJson": Function("toJson", _failing(gojson.dumps), (ANY,), "string"),
        "jsonpath": Function("jsonpath", _failing(_json_path), ("string", "string")),
        "sprig": SPRIG,
    }
)


def environment(scope: Mapping[str, Any], roots: Iterable[str] | None = None) -> dict[str, Any]:
    """Expand Argo's flat variables (``steps.a.outputs.result``) to nested maps and add Argo's functions.

    Where one key is the beginning of another, the shorter is dropped: ``workflow.parameters`` is a map here.

    :param scope: values by dotted name; None is an output that is not there and has no default.
    :param roots: the first parts of the names that are wanted; all by default.
    """
    wanted = None if roots is None else BUILTIN_NAMES.union(roots)
    env: dict[str, Any] = {}
    for key in sorted(scope if wanted is None else [key for key in scope if key.split(".", 1)[0] in wanted]):
        _insert(env, key.split("."), scope[key])
    env.update(FUNCTIONS)
    env["sprig"] = dict(SPRIG)  # an expression may change a map that it is given, and must not change it for others
    return env


def _insert(env: dict[str, Any], path: list[str], value: Any) -> None:
    """Put a value in its place; keys come sorted, so a longer one replaces what a shorter one has put there."""
    for part in path[:-1]:
        inner = env.get(part)
        if not isinstance(inner, dict):
            inner = env[part] = {}
        env = inner
    env[path[-1]] = value
