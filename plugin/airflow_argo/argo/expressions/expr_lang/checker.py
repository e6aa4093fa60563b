"""The check that expr-lang makes of an expression before it runs: names and types.

It matters for what Argo does: a wrong type or an unknown name is an error even in a branch that is never taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import natures, nodes, regexes
from airflow_argo.argo.expressions.expr_lang.builtins import BUILTINS
from airflow_argo.argo.expressions.expr_lang.checker_operators import binary
from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES
from airflow_argo.argo.expressions.expr_lang.natures import Nature, nature_of
from airflow_argo.argo.expressions.expr_lang.nodes import Node
from airflow_argo.argo.expressions.expr_lang.source import Fault, located
from airflow_argo.argo.expressions.expr_lang.time_methods import METHODS
from airflow_argo.argo.expressions.expr_lang.values import ANY, Function

_BOOLEAN_PREDICATES = ("all", "none", "any", "one", "filter", "find", "findLast", "findIndex", "findLastIndex", "count")
_POINTERS = {"map": {"index": natures.INT}, "reduce": {"index": natures.INT, "acc": natures.UNKNOWN}}


def check(node: Node, source: str, env: Mapping[str, Nature]) -> Nature:
    """Check an expression against the variables and functions it will find.

    :param env: what is known about each.
    :raises ExpressionError: such as ``unknown name x (1:1)``, with the place in the source.
    """
    return _Checker(source, env).visit(node)


class _MisfitError(ExpressionError):
    """A call's arguments do not suit a function; another of its name may take them."""


class _Checker:
    def __init__(self, source: str, env: Mapping[str, Nature]) -> None:
        self.source = source
        self.env = env
        self.scopes: list[tuple[Nature, dict[str, Nature]]] = []
        self.variables: list[tuple[str, Nature]] = []
        self.visitors: dict[type, Callable[[Any], Nature]] = {
            nodes.Literal: self.literal,
            nodes.Identifier: self.identifier,
            nodes.Unary: self.unary,
            nodes.Binary: self.binary,
            nodes.Chain: lambda node: self.visit(node.body),
            nodes.Member: self.member,
            nodes.Slice: self.slice,
            nodes.Call: self.call,
            nodes.Builtin: self.builtin,
            nodes.Predicate: lambda node: self.visit(node.body),
            nodes.Pointer: self.pointer,
            nodes.Let: self.let,
            nodes.Sequence: lambda node: [self.visit(part) for part in node.nodes][-1],
            nodes.Conditional: self.conditional,
            nodes.Array: self.array,
            nodes.Map: self.map,
        }

    def visit(self, node: Node) -> Nature:
        return self.visitors[type(node)](node)

    def refuse(self, node: Node, message: str) -> Exception:
        return located(message, self.source, node.at)

    def misfit(self, node: Node, message: str) -> Exception:
        return _MisfitError(str(self.refuse(node, message)))

    def literal(self, node: nodes.Literal) -> Nature:
        return nature_of(node.value)

    # names

    def identifier(self, node: nodes.Identifier) -> Nature:
        for name, nature in reversed(self.variables):
            if name == node.name:
                return nature
        if node.name == "$env":
            return natures.UNKNOWN
        return self.variable(node, node.name, strict=True)

    def variable(self, node: Node, name: str, *, strict: bool) -> Nature:
        if name in self.env:
            return self.env[name]
        if name in BUILTIN_NAMES:
            return Nature("func", "func(...interface {}) (interface {}, error)")
        if strict:
            raise self.refuse(node, f"unknown name {name}")
        return natures.UNKNOWN

    def pointer(self, node: nodes.Pointer) -> Nature:
        if not self.scopes:
            raise self.refuse(node, "cannot use pointer accessor outside predicate")
        collection, pointers = self.scopes[-1]
        if node.name:
            if node.name not in pointers:
                raise self.refuse(node, f"unknown pointer #{node.name}")
            return pointers[node.name]
        return collection.element or natures.UNKNOWN

    def let(self, node: nodes.Let) -> Nature:
        if node.name in self.env:
            raise self.refuse(node, f"cannot redeclare {node.name}")
        if node.name in BUILTIN_NAMES:
            raise self.refuse(node, f"cannot redeclare builtin {node.name}")
        if any(name == node.name for name, _ in self.variables):
            raise self.refuse(node, f"cannot redeclare variable {node.name}")
        self.variables.append((node.name, self.visit(node.value)))
        try:
            return self.visit(node.body)
        finally:
            self.variables.pop()

    # operators

    def unary(self, node: nodes.Unary) -> Nature:
        nature = self.visit(node.operand)
        if nature.unknown:
            return natures.BOOL if node.operator in ("!", "not") else natures.UNKNOWN
        if nature.kind == "bool" if node.operator in ("!", "not") else nature.number:
            return nature
        raise self.refuse(node, f"invalid operation: {node.operator} (mismatched type {nature.name})")

    def binary(self, node: nodes.Binary) -> Nature:
        left, right = self.visit(node.left), self.visit(node.right)
        if node.operator == "matches" and isinstance(node.right, nodes.Literal) and isinstance(node.right.value, str):
            self.regex(node, node.right.value)
        try:
            nature = binary(node.operator, left, right)
        except Fault as fault:
            raise self.refuse(node, str(fault)) from None
        if nature is None:
            types = f"{left.name} and {right.name}"
            raise self.refuse(node, f"invalid operation: {node.operator} (mismatched types {types})")
        return nature

    def regex(self, node: Node, pattern: str) -> None:
        try:
            regexes.compiled(pattern)
        except Fault as fault:
            raise self.refuse(node, str(fault)) from None

    def conditional(self, node: nodes.Conditional) -> Nature:
        test = self.visit(node.test)
        if test.kind not in ("bool", "unknown"):
            raise self.refuse(node.test, f"non-bool expression (type {test.name}) used as condition")
        then, otherwise = self.visit(node.then), self.visit(node.otherwise)
        if then.nil or otherwise.nil:
            return otherwise if then.nil else then
        return then if then.assignable_to(otherwise) else natures.UNKNOWN

    # members

    def member(self, node: nodes.Member) -> Nature:
        name = node.key.value if isinstance(node.key, nodes.Literal) else None
        if isinstance(node.base, nodes.Identifier) and node.base.name == "$env":
            if isinstance(name, str):
                return self.environment_member(node, name)
            return natures.UNKNOWN
        base, key = self.visit(node.base), self.visit(node.key)
        if base.unknown:
            return natures.UNKNOWN
        if isinstance(name, str):
            return self.named_member(node, base, name)
        return self.element(node, base, key)

    def environment_member(self, node: nodes.Member, name: str) -> Nature:
        if name in self.env:
            return self.env[name]
        if node.optional:
            return natures.UNKNOWN
        raise self.refuse(node, f"unknown name {name}")

    def named_member(self, node: nodes.Member, base: Nature, name: str) -> Nature:
        if base.nil:
            raise self.refuse(node, f"type nil has no field {name}")
        if base.kind in METHODS:
            return self.method(node, base, name)
        if base.kind in ("map", "array"):
            return self.element(node, base, natures.STRING)
        what = "method" if node.method else "field"
        raise self.refuse(node, f"type {base.name} has no {what} {name}")

    def method(self, node: nodes.Member, base: Nature, name: str) -> Nature:
        found = METHODS[base.kind].get(name)
        if found is not None:
            call, parameters, result = found
            return Nature("func", "func", None, Function(name, call, parameters, result))
        what = "method" if node.method else "field"
        raise self.refuse(node, f"type {base.name} has no {what} {name}")

    def element(self, node: nodes.Member, base: Nature, key: Nature) -> Nature:
        element = base.element or natures.UNKNOWN
        if base.kind == "map":
            if key.kind not in ("string", "unknown") and base.name.startswith("map[string]"):
                raise self.refuse(node.key, f"cannot use {key.name} to get an element from {base.name}")
            return element
        if base.kind in ("array", "bytes"):
            if key.kind not in ("int", "unknown"):
                raise self.refuse(node.key, f"array elements can only be selected using an integer (got {key.name})")
            return element
        raise self.refuse(node, f"type {base.name}[{key.name}] is undefined")

    def slice(self, node: nodes.Slice) -> Nature:
        base = self.visit(node.base)
        if base.unknown:
            return base
        if base.kind not in ("string", "array", "bytes"):
            raise self.refuse(node, f"cannot slice {base.name}")
        for bound in (node.start, node.end):
            nature = self.visit(bound) if bound is not None else natures.INT
            if bound is not None and nature.kind not in ("int", "unknown"):
                raise self.refuse(bound, f"non-integer slice index {nature.name}")
        return base

    # lists and maps

    def array(self, node: nodes.Array) -> Nature:
        items = [self.visit(item) for item in node.items]
        if items and all(item.kind == items[0].kind for item in items):
            return natures.array_of(items[-1])
        return natures.ARRAY if items else natures.array_of(natures.UNKNOWN)

    def map(self, node: nodes.Map) -> Nature:
        for key, value in node.pairs:
            self.visit(key)
            self.visit(value)
        return natures.MAP

    # calls

    def call(self, node: nodes.Call) -> Nature:
        if isinstance(node.callee, nodes.Identifier) and node.callee.name == "$env":
            raise self.refuse(node, "map[string]interface {} is not callable")
        callee = self.visit(node.callee)
        if callee.nil:
            name = node.callee.name if isinstance(node.callee, nodes.Identifier) else "function"
            raise self.refuse(node, f"{name} is nil; cannot call nil as function")
        if callee.function is not None:
            return self.arguments(node, callee.function)
        if not callee.unknown:
            raise self.refuse(node, f"{callee.name} is not callable")
        # What is given to sprig is not checked: expr-lang does not know these functions' types, and looks no further.
        return natures.UNKNOWN

    def arguments(self, node: nodes.Call | nodes.Builtin, function: Function) -> Nature:
        """Check a call's arguments against a function's parameters."""
        wanted = function.parameters
        wrong = _wrong_count(function, len(node.arguments))
        for position, argument in enumerate(node.arguments):
            nature = self.visit(argument)
            if not wrong:
                self.argument(argument, nature, wanted[min(position, len(wanted) - 1)], function.name)
        if wrong:
            raise self.misfit(node, f"{wrong} arguments to call {function.name}")
        return natures.BY_GO_TYPE.get(function.result, natures.UNKNOWN)

    def argument(self, node: Node, nature: Nature, wanted: str, name: str) -> None:
        if wanted == ANY or nature.unknown or nature.name == wanted.removeprefix("*"):
            return
        if nature.nil:
            raise self.misfit(node, f"cannot use nil as argument (type {wanted}) to call {name}")
        if nature.kind == "int" and wanted in ("float64", "int", "int64"):
            return
        raise self.misfit(node, f"cannot use {nature.name} as argument (type {wanted}) to call {name} ")

    # the language's own functions

    def builtin(self, node: nodes.Builtin) -> Nature:
        if any(isinstance(argument, nodes.Predicate) for argument in node.arguments) or node.name in ("count", "sum"):
            return self.with_predicate(node)
        function = BUILTINS[node.name]
        if function.overloads:
            return self.overloaded(node, function.overloads)
        given = [self.visit(argument) for argument in node.arguments]
        try:
            return function.nature(given)
        except Fault as fault:
            place = node if fault.argument is None else node.arguments[fault.argument]
            raise self.refuse(place, str(fault)) from None

    def overloaded(self, node: nodes.Builtin, overloads: tuple[Function, ...]) -> Nature:
        fitting = (overload for overload in overloads[:-1] if self.fits(node, overload))
        return self.arguments(node, next(fitting, overloads[-1]))

    def fits(self, node: nodes.Builtin, overload: Function) -> bool:
        try:
            self.arguments(node, overload)
        except _MisfitError:
            return False
        return True

    def with_predicate(self, node: nodes.Builtin) -> Nature:
        collection = self.visit(node.arguments[0])
        if collection.kind not in ("array", "bytes", "unknown"):
            raise self.refuse(node.arguments[0], f"builtin {node.name} takes only array (got {collection.name})")
        result = natures.UNKNOWN
        if len(node.arguments) > 1:
            result = self.predicate(node, collection)
            if node.name in _BOOLEAN_PREDICATES and result.kind not in ("bool", "unknown"):
                raise self.refuse(node.arguments[1], f"predicate should return boolean (got {result.name})")
            if result.nil and node.name != "reduce":
                raise self.refuse(node.arguments[1], "predicate should has one input and one output param")
        if len(node.arguments) > 2:
            self.third(node, self.visit(node.arguments[2]))
        return _predicate_result(node.name, collection, result, len(node.arguments))

    def predicate(self, node: nodes.Builtin, collection: Nature) -> Nature:
        self.scopes.append((collection, _POINTERS.get(node.name, {})))
        try:
            return self.visit(node.arguments[1])
        finally:
            self.scopes.pop()

    def third(self, node: nodes.Builtin, nature: Nature) -> None:
        if node.name == "sortBy" and nature.kind not in ("string", "unknown"):
            raise self.refuse(node.arguments[2], f"sortBy order argument must be a string (got {nature.name})")


def _wrong_count(function: Function, given: int) -> str:
    if given > len(function.parameters) and not function.variadic:
        return "too many"
    return "not enough" if given < len(function.parameters) - function.variadic else ""


def _predicate_result(name: str, collection: Nature, result: Nature, arguments: int) -> Nature:
    element = collection.element or natures.UNKNOWN
    if name in ("all", "none", "any", "one"):
        return natures.BOOL
    if name in ("count", "findIndex", "findLastIndex"):
        return natures.INT
    if name == "filter":
        return natures.ARRAY if collection.unknown else natures.array_of(element)
    if name == "map":
        return natures.array_of(result)
    if name == "groupBy":
        return Nature("map", "map[interface {}][]interface {}", natures.array_of(element))
    if name == "sortBy":
        return collection
    if name == "reduce" or (name == "sum" and arguments == 2):
        return result
    return element
