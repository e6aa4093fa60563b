"""Parse, check, compute: the whole way of an expression, remembering what needs doing once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import checker, compiler
from airflow_argo.argo.expressions.expr_lang.frame import Code
from airflow_argo.argo.expressions.expr_lang.identifiers import names_used
from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES
from airflow_argo.argo.expressions.expr_lang.natures import Nature, nature_of
from airflow_argo.argo.expressions.expr_lang.parser import parse
from airflow_argo.argo.expressions.expr_lang.values import shown_as_text


def evaluate(text: str, env: Mapping[str, Any]) -> Any:
    """Compute an expression.

    :param env: what ``environment`` makes of Argo's variables, or any variables by name.
    :returns: None, bool, int, float, str, list, dict, or one of ``values``' and ``gotime``'s classes.
    :raises ExpressionError: with expr-lang's message and the place in the text.
    """
    return compiler.run(_checked(text, env), env if isinstance(env, dict) else dict(env))


def check(text: str, env: Mapping[str, Any]) -> None:
    """Parse and check an expression without computing it.

    :raises ExpressionError: for a syntax error, an unknown name or types that do not go together.
    """
    _checked(text, env)


def evaluate_bool(text: str, env: Mapping[str, Any]) -> bool:
    """Compute a condition, as Argo does for hooks, retries and ``depends``.

    :raises ExpressionError: if it fails or gives no boolean; a failure while running repeats the expression.
    """
    code = _checked(text, env)
    try:
        value = compiler.run(code, dict(env))
    except ExpressionError as error:
        raise ExpressionError(f"unable to evaluate expression '{text}': {error}") from None
    if isinstance(value, bool):
        return value
    raise ExpressionError(f"unable to cast expression result '{shown_as_text(value)}' to bool")


def _checked(text: str, env: Mapping[str, Any]) -> Code:
    overridden = BUILTIN_NAMES.intersection(env)
    names = _names(text, overridden)
    known = env if "$env" in names else [name for name in names if name in env]
    return _compiled(text, overridden, tuple([(name, nature_of(env[name])) for name in known]))


@lru_cache(maxsize=2048)
def _names(text: str, overridden: frozenset[str]) -> tuple[str, ...]:
    return names_used(parse(text, overridden))


@lru_cache(maxsize=2048)
def _compiled(text: str, overridden: frozenset[str], known: tuple[tuple[str, Nature], ...]) -> Code:
    node = parse(text, overridden)
    try:
        checker.check(node, text, dict(known))
        return compiler.compile_expression(node, text)
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
