"""The names that an expression speaks of, as Argo collects them to see which are missing."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_argo.argo.expressions.expr_lang import nodes
from airflow_argo.argo.expressions.expr_lang.nodes import Node


def identifiers(node: Node) -> list[str]:
    """List the variables of an expression by dotted name, ``a.b.c`` as ``a``, ``a.b`` and ``a.b.c``, each once.

    What ``??`` or ``?.`` guards is left out but for its root, because it may be missing.
    """
    guarded = _guarded(node)
    found: dict[str, None] = {}
    for part in walk(node):
        if id(part) in guarded:
            continue
        if isinstance(part, nodes.Identifier):
            found[part.name] = None
        elif isinstance(part, nodes.Member) and (path := member_path(part)):
            found[path] = None
    return list(found)


def names_used(node: Node) -> tuple[str, ...]:
    """List the names of an expression that an environment may hold, ``$env`` among them if all of it is asked for."""
    return tuple({part.name for part in walk(node) if isinstance(part, (nodes.Identifier, nodes.Let))})


def member_path(member: nodes.Member) -> str | None:
    """Write ``a.b["c"]`` as ``a.b.c``; None if a part of it is optional or computed."""
    parts: list[str] = []
    base: Node = member
    while isinstance(base, nodes.Member):
        if base.optional or not (isinstance(base.key, nodes.Literal) and isinstance(base.key.value, str)):
            return None
        parts.append(base.key.value)
        base = base.base
    return ".".join([base.name, *reversed(parts)]) if isinstance(base, nodes.Identifier) else None


def _guarded(node: Node) -> set[int]:
    found: set[int] = set()
    for part in walk(node):
        if isinstance(part, nodes.Binary) and part.operator == "??":
            found.update(id(inner) for inner in walk(part.left) if isinstance(inner, nodes.Member))
        elif isinstance(part, nodes.Member) and part.optional and isinstance(part.base, nodes.Member):
            found.add(id(part.base))
    return found


def walk(node: Node) -> Iterator[Node]:
    """Give a node's parts and then itself, from left to right."""
    for part in _parts(node):
        yield from walk(part)
    yield node


def _parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, nodes.Binary):
        return node.left, node.right
    if isinstance(node, nodes.Member):
        return node.base, node.key
    if isinstance(node, nodes.Call):
        return (node.callee, *node.arguments)
    if isinstance(node, nodes.Map):
        return tuple(part for pair in node.pairs for part in pair)
    if isinstance(node, nodes.Slice):
        return tuple(part for part in (node.base, node.start, node.end) if part is not None)
    return _other_parts(node)


def _other_parts(node: Node) -> tuple[Node, ...]:
    if isinstance(node, nodes.Conditional):
        return node.test, node.then, node.otherwise
    if isinstance(node, nodes.Let):
        return node.value, node.body
    if isinstance(node, (nodes.Chain, nodes.Predicate)):
        return (node.body,)
    if isinstance(node, nodes.Unary):
        return (node.operand,)
    if isinstance(node, nodes.Builtin):
        return node.arguments
    if isinstance(node, nodes.Array):
        return node.items
    return node.nodes if isinstance(node, nodes.Sequence) else ()
