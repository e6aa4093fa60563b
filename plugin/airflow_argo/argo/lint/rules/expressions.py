"""Expressions: those that do not parse, and names that nothing will ever have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow_argo.argo.expressions import expr_lang
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang.environment import FUNCTIONS
from airflow_argo.argo.expressions.expr_lang.identifiers import walk
from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES
from airflow_argo.argo.expressions.expr_lang.nodes import Let
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.rules.variables import Variables, variables_of
from airflow_argo.argo.lint.walk import parts, texts

# Fields that are an expression as a whole, without braces. Their variables are other ones; only their form is checked.
_BARE = {
    ("LifecycleHook", "expression"),
    ("RetryStrategy", "expression"),
    ("ValueFrom", "expression"),
    ("Artifact", "fromExpression"),
    ("LabelValueFrom", "expression"),
    ("TransformationStep", "expression"),
}
_UNTOUCHED = frozenset({"Workflow", "v1.ObjectMeta"})
_QUOTE = (
    "Names with a hyphen need brackets: steps['my-step'].outputs. An expression ends at the first '}}': write '} }'."
)


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find expressions that do not parse, or that hold names unknown for good."""
    for part in parts(manifest):
        if part.type in _UNTOUCHED:
            continue
        known = variables_of(manifest, part)
        for path, text in texts(part):
            for expression in _expressions(text):
                yield from _check(path, expression, known)
        for owner, key in _BARE:
            bare = part.value.get(key) if part.type == owner else None
            if isinstance(bare, str) and bare and "{{" not in bare:
                yield from _check(f"{part.path}.{key}", bare, None)


def _expressions(text: str) -> Iterable[str]:
    # Not JSON text here, but as written: nothing is to be unescaped.
    start = text.find("{{=")
    while start >= 0:
        end = text.find("}}", start)
        if end < 0:
            yield text[start + 3 :]
            return
        yield text[start + 3 : end]
        start = text.find("{{=", end)


def _check(path: str, expression: str, known: Variables | None) -> Iterator[Finding]:
    try:
        tree = expr_lang.parse(expression)
    except ExpressionError as error:
        first = " ".join(str(error).split())
        yield Finding(path, f"the expression cannot be read: {first}", _QUOTE)
        return
    if known is None:
        return
    local = {node.name for node in walk(tree) if isinstance(node, Let)}
    for name in expr_lang.names_used(tree):
        if name not in local | known.roots and name not in FUNCTIONS and name not in BUILTIN_NAMES | {"$env"}:
            yield Finding(path, f"nothing is called '{name}': the expression stays as it stands", _QUOTE)
    for name in expr_lang.identifiers(tree):
        fault = known.fault(name)
        if fault and name.split(".")[0] not in local:
            yield Finding(path, fault)
