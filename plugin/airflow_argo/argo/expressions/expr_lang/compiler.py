"""From an expression's tree to Python functions that compute it: each node becomes a closure over its parts'."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import nodes, operators, regexes
from airflow_argo.argo.expressions.expr_lang.builtins import BUILTINS
from airflow_argo.argo.expressions.expr_lang.frame import Code, Frame
from airflow_argo.argo.expressions.expr_lang.identifiers import walk
from airflow_argo.argo.expressions.expr_lang.nodes import Node
from airflow_argo.argo.expressions.expr_lang.predicates import NO_ELEMENT, PREDICATE_FUNCTIONS, looked_at
from airflow_argo.argo.expressions.expr_lang.reflection import call_function
from airflow_argo.argo.expressions.expr_lang.source import Fault, located
from airflow_argo.argo.expressions.expr_lang.values import is_nil


def compile_expression(node: Node, source: str) -> Code:
    """Turn an expression's tree into a function of a ``Frame``."""
    return _Compiler(source).code(node)


# Arguments of sprig's functions are not checked, so that anything may meet anything; it is the expression's fault.
_UNFORESEEN = (TypeError, ValueError, ArithmeticError, LookupError)


class _ChainEnded(Exception):  # noqa: N818 - not an error: ``?.`` found nil
    """Leaves a chain whose value is nil."""


_MAKES_MUCH = ("repeat", "reverse", "concat", "flatten", "sort")
_CHEAP_TO_KEEP = ("int", "float", "len")


def _once(code: Code) -> Code:
    """Compute a number once a run: ``int(inputs.parameters.size)`` often stands in a predicate for 10,000 elements."""
    key = object()

    def run(frame: Frame) -> Any:
        if key not in frame.kept:
            frame.kept[key] = code(frame)
        return frame.kept[key]

    return run


class _Compiler:
    def __init__(self, source: str) -> None:
        self.source = source
        self.variables: list[str] = []
        self.makers: dict[type, Callable[[Any], Code]] = {
            nodes.Literal: self.literal,
            nodes.Identifier: self.identifier,
            nodes.Unary: self.unary,
            nodes.Binary: self.binary,
            nodes.Chain: self.chain,
            nodes.Member: self.member,
            nodes.Slice: self.slice,
            nodes.Call: self.call,
            nodes.Builtin: self.builtin,
            nodes.Predicate: lambda node: self.code(node.body),
            nodes.Pointer: self.pointer,
            nodes.Let: self.let,
            nodes.Sequence: self.sequence,
            nodes.Conditional: self.conditional,
            nodes.Array: self.array,
            nodes.Map: self.map,
        }

    def code(self, node: Node) -> Code:
        return self.makers[type(node)](node)

    def guarded(self, node: Node, run: Code) -> Code:
        """Give the errors of an operation their place in the source."""
        source, at = self.source, node.at

        def guard(frame: Frame) -> Any:
            try:
                return run(frame)
            except Fault as fault:
                raise located(str(fault), source, at) from None

        return guard

    # constants and names

    def literal(self, node: nodes.Literal) -> Code:
        value = node.value
        return lambda frame: value

    def identifier(self, node: nodes.Identifier) -> Code:
        name = node.name
        if name in self.variables:
            return lambda frame: frame.variables[name]
        if name == "$env":
            return lambda frame: frame.env
        return lambda frame: frame.env.get(name)

    def pointer(self, node: nodes.Pointer) -> Code:
        if node.name == "index":
            return lambda frame: frame.index
        if node.name == "acc":
            return lambda frame: frame.accumulated
        source, at = self.source, node.at

        def run(frame: Frame) -> Any:
            try:
                return frame.item if frame.item is not NO_ELEMENT else looked_at(NO_ELEMENT)
            except Fault as fault:
                raise located(str(fault), source, at) from None

        return run

    def let(self, node: nodes.Let) -> Code:
        name, value = node.name, self.code(node.value)
        self.variables.append(name)
        body = self.code(node.body)
        self.variables.remove(name)

        def run(frame: Frame) -> Any:
            frame.variables[name] = value(frame)
            return body(frame)

        return run

    def sequence(self, node: nodes.Sequence) -> Code:
        parts = [self.code(part) for part in node.nodes]
        return lambda frame: [part(frame) for part in parts][-1]

    # operators

    def unary(self, node: nodes.Unary) -> Code:
        operand = self.code(node.operand)
        if node.operator == "+":
            return operand
        if node.operator == "-":
            return self.guarded(node, lambda frame: operators.negate(operand(frame)))
        return self.guarded(node, lambda frame: not operators.as_bool(operand(frame)))

    def binary(self, node: nodes.Binary) -> Code:
        left, right = self.code(node.left), self.code(node.right)
        if node.operator == "%" and _literal_zero(node):
            raise located("integer divide by zero", self.source, node.at)
        if node.operator == "??":
            return lambda frame: right(frame) if is_nil(value := left(frame)) else value
        if node.operator in ("or", "||", "and", "&&"):
            return self.logic(node, left, right)
        if node.operator == "matches" and isinstance(node.right, nodes.Literal) and isinstance(node.right.value, str):
            regexes.compiled(node.right.value)
        return self.operation(node, left, right)

    def logic(self, node: nodes.Binary, left: Code, right: Code) -> Code:
        decisive = node.operator in ("or", "||")
        constants = [part.value for part in (node.left, node.right) if isinstance(part, nodes.Literal)]
        # With a constant, expr-lang does not even look whether the other side is a boolean.
        if (not decisive) in constants:
            return right if isinstance(node.left, nodes.Literal) and node.left.value is not decisive else left
        if decisive in constants:
            return lambda frame: decisive
        if decisive:
            return self.guarded(node, lambda frame: operators.as_bool(left(frame)) or right(frame))
        return self.guarded(node, lambda frame: operators.as_bool(left(frame)) and right(frame))

    def operation(self, node: nodes.Binary, left: Code, right: Code) -> Code:
        operate, source, at = operators.BINARY[node.operator], self.source, node.at
        counted = node.operator == ".."

        def run(frame: Frame) -> Any:
            try:
                value = operate(left(frame), right(frame))
                if counted:
                    frame.take_memory(len(value))
            except Fault as fault:
                raise located(str(fault), source, at) from None
            return value

        return run

    def conditional(self, node: nodes.Conditional) -> Code:
        test, then, otherwise = self.code(node.test), self.code(node.then), self.code(node.otherwise)
        source, at = self.source, node.at

        def run(frame: Frame) -> Any:
            chosen = test(frame)
            if chosen is not True and chosen is not False:
                raise located(str(operators.wrong_type(chosen, "bool")), source, at)
            return then(frame) if chosen else otherwise(frame)

        return run

    # members

    def chain(self, node: nodes.Chain) -> Code:
        body = self.code(node.body)

        def run(frame: Frame) -> Any:
            try:
                return body(frame)
            except _ChainEnded:
                return None

        return run

    def member(self, node: nodes.Member) -> Code:
        path = _constant_path(node)
        if path is not None and path[0].name not in (*self.variables, "$env"):
            return self.path(*path)
        base, key, optional = self.code(node.base), self.code(node.key), node.optional

        def run(frame: Frame) -> Any:
            value = base(frame)
            if value is None and optional:
                raise _ChainEnded
            return operators.fetch(value, key(frame))

        return self.guarded(node, run)

    def path(self, root: nodes.Identifier, members: list[nodes.Member]) -> Code:
        """Fetch ``a.b.c`` in one go, because most of what an expression does is this."""
        name, source = root.name, self.source
        keys = [(cast("nodes.Literal", member.key).value, member.at) for member in members]

        def run(frame: Frame) -> Any:
            value = frame.env.get(name)
            for key, at in keys:
                if type(value) is dict:
                    value = value.get(key)
                    continue
                try:
                    value = operators.fetch(value, key)
                except Fault as fault:
                    raise located(str(fault), source, at) from None
            return value

        return run

    def slice(self, node: nodes.Slice) -> Code:
        base = self.code(node.base)
        start = self.code(node.start) if node.start is not None else None
        end = self.code(node.end) if node.end is not None else None

        def run(frame: Frame) -> Any:
            value = base(frame)
            last = operators.length(value) if end is None else end(frame)
            return operators.cut(value, 0 if start is None else start(frame), last)

        return self.guarded(node, run)

    # lists and maps

    def array(self, node: nodes.Array) -> Code:
        items = [self.code(item) for item in node.items]
        size = len(items)

        def run(frame: Frame) -> Any:
            frame.take_memory(size)
            return [item(frame) for item in items]

        return self.guarded(node, run)

    def map(self, node: nodes.Map) -> Code:
        pairs = [(self.code(key), self.code(value)) for key, value in node.pairs]
        size = len(pairs)

        def run(frame: Frame) -> Any:
            made = {operators.as_text(key(frame)): value(frame) for key, value in pairs}
            frame.take_memory(size)
            return made

        return self.guarded(node, run)

    # calls

    def call(self, node: nodes.Call) -> Code:
        arguments = [self.code(argument) for argument in node.arguments]
        callee = self.code(node.callee)

        def run(frame: Frame) -> Any:
            given = [argument(frame) for argument in arguments]
            return call_function(callee(frame), given)

        return self.guarded(node, run)

    def builtin(self, node: nodes.Builtin) -> Code:
        arguments = [self.code(argument) for argument in node.arguments]
        if node.name in PREDICATE_FUNCTIONS:
            return self.guarded(node, PREDICATE_FUNCTIONS[node.name](*arguments))
        code = self.function(node, arguments)
        if node.name in _MAKES_MUCH:
            return self.counted(node, code)
        return _once(code) if node.name in _CHEAP_TO_KEEP and self.is_steady(node) else code

    def is_steady(self, node: Node) -> bool:
        """Tell whether a part of an expression gives the same for each element of a list, and all through a run."""
        names = [part.name for part in walk(node) if isinstance(part, nodes.Identifier)]
        moving = any(isinstance(part, (nodes.Pointer, nodes.Let, nodes.Call)) for part in walk(node))
        return not moving and not any(name in self.variables for name in names)

    def function(self, node: nodes.Builtin, arguments: list[Code]) -> Code:
        compute, source, at = BUILTINS[node.name].call, self.source, node.at
        if len(arguments) == 1:
            argument = arguments[0]

            def run_one(frame: Frame) -> Any:
                try:
                    return compute(argument(frame))
                except Fault as fault:
                    raise located(str(fault), source, at) from None

            return run_one
        return self.guarded(node, lambda frame: compute(*[argument(frame) for argument in arguments]))

    def counted(self, node: nodes.Builtin, code: Code) -> Code:
        """Count what a function makes against the memory of a run."""

        def run(frame: Frame) -> Any:
            made = code(frame)
            frame.take_memory(len(made))
            return made

        return self.guarded(node, run)


def _literal_zero(node: nodes.Binary) -> bool:
    """Tell whether this is a number literal over the literal 0, which expr-lang finds before running."""
    literals = [side.value for side in (node.left, node.right) if isinstance(side, nodes.Literal)]
    return len(literals) == 2 and type(literals[1]) is int and literals[1] == 0


def _constant_path(node: nodes.Member) -> tuple[nodes.Identifier, list[nodes.Member]] | None:
    """Read ``a.b.c`` as the root and the members, or None if this is anything else."""
    members: list[nodes.Member] = []
    base: Node = node
    while isinstance(base, nodes.Member):
        if base.optional or not (isinstance(base.key, nodes.Literal) and isinstance(base.key.value, str)):
            return None
        members.append(base)
        base = base.base
    return (base, members[::-1]) if isinstance(base, nodes.Identifier) else None


def run(code: Code, env: dict[str, Any]) -> Any:
    """Compute a compiled expression.

    :raises ExpressionError: with expr-lang's message and the place in the source.
    """
    try:
        return code(Frame(env))
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    except ExpressionError:
        raise
    except _UNFORESEEN as error:
        raise ExpressionError(f"invalid operation: {error}") from error
