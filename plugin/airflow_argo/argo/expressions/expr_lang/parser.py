"""The grammar of expr-lang v1.17.8: from an expression's text to its tree."""

from __future__ import annotations

from functools import lru_cache

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import lexer, nodes
from airflow_argo.argo.expressions.expr_lang.lexer import Token
from airflow_argo.argo.expressions.expr_lang.names import BUILTIN_NAMES, PREDICATES
from airflow_argo.argo.expressions.expr_lang.nodes import Node
from airflow_argo.argo.expressions.expr_lang.number_literal import number
from airflow_argo.argo.expressions.expr_lang.source import Fault
from airflow_argo.argo.expressions.expr_lang.words import Words

_UNARY = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY = {
    "|": 0, "or": 10, "||": 10, "and": 15, "&&": 15, "==": 20, "!=": 20, "<": 20, ">": 20, ">=": 20, "<=": 20,
    "in": 20, "matches": 20, "contains": 20, "startsWith": 20, "endsWith": 20, "..": 25, "+": 30, "-": 30, "*": 60,
    "/": 60, "%": 60, "**": 100, "^": 100, "??": 500,
}  # fmt: skip
_RIGHT_ASSOCIATIVE = ("**", "^")
_COMPARISONS = ("<", ">", ">=", "<=")
_NEGATABLE = ("contains", "matches", "startsWith", "endsWith", "in")
_CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None}


@lru_cache(maxsize=2048)
def parse(source: str, overridden: frozenset[str] = frozenset()) -> Node:
    """Parse an expression.

    :param overridden: names of the language's own functions that a variable of the environment hides.
    :raises ExpressionError: with expr-lang's message: what, where (line:column), and the line with a caret.
    """
    try:
        return _Parser(source, overridden).whole()
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None


class _Parser(Words):
    def __init__(self, source: str, overridden: frozenset[str]) -> None:
        super().__init__(source)
        self.overridden = overridden
        self.predicates = 0

    # sequences and declarations

    def whole(self) -> Node:
        node = self.sequence()
        if self.current.kind != lexer.EOF:
            raise self.unexpected()
        return node

    def sequence(self) -> Node:
        parts = [self.expression(0)]
        while self.current.is_operator(";"):
            self.next()
            if self.current.kind == lexer.EOF:
                break
            parts.append(self.expression(0))
        return parts[0] if len(parts) == 1 else self.counted(nodes.Sequence(tuple(parts), parts[0].at))

    def declaration(self) -> Node:
        self.next()
        name = self.expect(lexer.IDENTIFIER)
        self.expect(lexer.OPERATOR, "=")
        value = self.expression(0)
        self.expect(lexer.OPERATOR, ";")
        return self.counted(nodes.Let(name.value, value, self.sequence(), name.at))

    def if_else(self) -> Node:
        self.next()
        test = self.expression(0)
        then = self.block()
        self.expect(lexer.OPERATOR, "else")
        otherwise = self.if_else() if self.current.is_operator("if") else self.block()
        return nodes.Conditional(test, then, otherwise, 0)

    def block(self) -> Node:
        self.expect(lexer.BRACKET, "{")
        node = self.sequence()
        self.expect(lexer.BRACKET, "}")
        return node

    # operators

    def expression(self, precedence: int) -> Node:
        if precedence == 0 and self.current.is_operator("let"):
            return self.declaration()
        if precedence == 0 and self.current.is_operator("if"):
            return self.if_else()
        node = self.operations(self.primary(), precedence)
        return self.conditional(node) if precedence == 0 else node

    def operations(self, left: Node, precedence: int) -> Node:
        previous = ""
        while self.current.kind == lexer.OPERATOR:
            negation = self.current if self.current.value == "not" else None
            if negation and not self.negates(precedence):
                break
            operator = self.current
            if _BINARY.get(operator.value, -1) < precedence:
                break
            self.next()
            if previous == "??" and operator.value not in ("??", "|"):
                raise self.error(
                    f"Operator ({operator.value}) and coalesce expressions (??) cannot be mixed. "
                    "Wrap either by parentheses.",
                    operator,
                )
            left = self.operation(left, operator)
            if negation:
                left = self.counted(nodes.Unary("not", left, operator.at))
            previous = operator.value
        return left

    def negates(self, precedence: int) -> bool:
        """Step over the ``not`` of ``not in``; False (having stepped nowhere) where it does not belong here."""
        negation = self.next()
        if self.current.value not in _NEGATABLE or self.current.kind in (lexer.STRING, lexer.BYTES):
            raise self.unexpected()
        if _BINARY[self.current.value] >= precedence:
            return True
        self.back(negation)
        return False

    def operation(self, left: Node, operator: Token) -> Node:
        if operator.value == "|":
            return self.call(self.expect(lexer.IDENTIFIER), (left,), overridable=True)
        precedence = _BINARY[operator.value]
        if operator.value in _COMPARISONS:
            return self.comparison(left, operator, precedence)
        right = self.expression(precedence if operator.value in _RIGHT_ASSOCIATIVE else precedence + 1)
        return self.counted(nodes.Binary(operator.value, left, right, operator.at))

    def comparison(self, left: Node, operator: Token, precedence: int) -> Node:
        """Read ``a < b < c``, which means ``a < b && b < c``."""
        root: Node | None = None
        while True:
            right = self.expression(precedence + 1)
            compared = self.counted(nodes.Binary(operator.value, left, right, operator.at))
            root = compared if root is None else self.counted(nodes.Binary("&&", root, compared, operator.at))
            if not self.current.is_operator(*_COMPARISONS):
                return root
            left = right
            operator = self.next()

    def conditional(self, node: Node) -> Node:
        while self.current.is_operator("?"):
            self.next()
            if self.takes(lexer.OPERATOR, ":"):
                then = node
            else:
                then = self.expression(0)
                self.expect(lexer.OPERATOR, ":")
            otherwise = self.expression(0)
            node = self.counted(nodes.Conditional(node, then, otherwise, self.current.at))
        return node

    # operands

    def primary(self) -> Node:
        token = self.current
        if token.kind == lexer.OPERATOR:
            return self.prefixed(token)
        if token.is_bracket("("):
            self.next()
            node = self.sequence()
            self.expect(lexer.BRACKET, ")")
            return self.postfix(node)
        return self.operand()

    def prefixed(self, token: Token) -> Node:
        if token.value in _UNARY:
            self.next()
            operand = self.expression(_UNARY[token.value])
            return self.postfix(self.counted(nodes.Unary(token.value, operand, token.at)))
        if self.predicates and token.value in ("#", "."):
            return self.postfix(self.pointer(token))
        if token.value == "::":
            self.next()
            return self.postfix(self.call(self.expect(lexer.IDENTIFIER), (), overridable=False))
        raise self.unexpected()

    def pointer(self, token: Token) -> Node:
        name = ""
        if token.value == "#":
            self.next()
            if self.current.kind == lexer.IDENTIFIER:
                name = self.next().value
        return self.counted(nodes.Pointer(name, token.at))

    def operand(self) -> Node:
        token = self.current
        if token.kind == lexer.IDENTIFIER:
            return self.named(self.next())
        if token.kind == lexer.NUMBER:
            return self.number(self.next())
        if token.kind in (lexer.STRING, lexer.BYTES):
            self.next()
            return self.postfix(self.counted(nodes.Literal(token.value, token.at)))
        if token.is_bracket("["):
            return self.postfix(self.array(self.next()))
        if token.is_bracket("{"):
            return self.postfix(self.map(self.next()))
        raise self.unexpected()

    def named(self, token: Token) -> Node:
        if token.value in _CONSTANTS:
            return self.counted(nodes.Literal(_CONSTANTS[token.value], token.at))
        if self.current.is_bracket("("):
            return self.postfix(self.call(token, (), overridable=True))
        return self.postfix(self.counted(nodes.Identifier(token.value, token.at)))

    def number(self, token: Token) -> Node:
        try:
            return self.counted(nodes.Literal(number(token.value), token.at))
        except Fault as fault:
            raise self.error(str(fault)) from None

    def array(self, opening: Token) -> Node:
        items: list[Node] = []
        while not self.current.is_bracket("]"):
            if items:
                self.expect(lexer.OPERATOR, ",")
                if self.current.is_bracket("]"):
                    break
            items.append(self.expression(0))
        self.expect(lexer.BRACKET, "]")
        return self.counted(nodes.Array(tuple(items), opening.at))

    def map(self, opening: Token) -> Node:
        pairs: list[tuple[Node, Node]] = []
        while not self.current.is_bracket("}"):
            if pairs:
                self.expect(lexer.OPERATOR, ",")
                if self.current.is_bracket("}"):
                    break
                if self.current.is_operator(","):
                    raise self.unexpected()
            key = self.map_key()
            self.expect(lexer.OPERATOR, ":")
            pairs.append((key, self.counted(self.expression(0))))
        self.expect(lexer.BRACKET, "}")
        return self.counted(nodes.Map(tuple(pairs), opening.at))

    def map_key(self) -> Node:
        if self.current.kind in (lexer.NUMBER, lexer.STRING, lexer.IDENTIFIER):
            token = self.next()
            return self.counted(nodes.Literal(token.value, token.at))
        if self.current.is_bracket("("):
            return self.expression(0)
        raise self.error(
            "a map key must be a quoted string, a number, a identifier, or an expression enclosed in parentheses "
            f"(unexpected token {self.current})"
        )

    # calls

    def call(self, name: Token, given: tuple[Node, ...], *, overridable: bool) -> Node:
        own = not (overridable and name.value in self.overridden)
        if own and name.value in PREDICATES:
            return self.counted(nodes.Builtin(name.value, self.predicate_arguments(name.value, given), name.at))
        if own and name.value in BUILTIN_NAMES:
            return self.counted(nodes.Builtin(name.value, self.arguments(given), name.at))
        callee = self.counted(nodes.Identifier(name.value, name.at))
        return self.counted(nodes.Call(callee, self.arguments(given), name.at))

    def predicate_arguments(self, name: str, given: tuple[Node, ...]) -> tuple[Node, ...]:
        """Read ``(list, predicate)``; after a pipe the list is there already."""
        self.expect(lexer.BRACKET, "(")
        wanted = PREDICATES[name][len(given) :]
        found = list(given)
        for index, kind in enumerate(wanted):
            if self.current.is_bracket(")"):
                if kind.endswith("?"):
                    break
                raise self.error(f"expected at least {len(wanted)} arguments")
            if index:
                self.expect(lexer.OPERATOR, ",")
            found.append(self.predicate() if kind.startswith("predicate") else self.expression(0))
        self.takes(lexer.OPERATOR, ",")
        self.expect(lexer.BRACKET, ")")
        return tuple(found)

    def arguments(self, given: tuple[Node, ...] = ()) -> tuple[Node, ...]:
        found: list[Node] = []
        self.expect(lexer.BRACKET, "(")
        while not self.current.is_bracket(")"):
            if found:
                self.expect(lexer.OPERATOR, ",")
                if self.current.is_bracket(")"):
                    break
            found.append(self.expression(0))
        self.expect(lexer.BRACKET, ")")
        return (*given, *found)

    def predicate(self) -> Node:
        start = self.current.at
        self.predicates += 1
        if self.current.is_bracket("{"):
            self.next()
            body = self.sequence()
            self.predicates -= 1
            self.expect(lexer.BRACKET, "}")
        else:
            body = self.expression(0)
            if self.current.is_operator(";"):
                raise self.error("wrap predicate with brackets { and }")
            self.predicates -= 1
        return self.counted(nodes.Predicate(body, start))

    # what follows an operand

    def postfix(self, node: Node) -> Node:
        while True:
            if self.current.is_operator(".", "?."):
                optional = self.current.value == "?."
                self.next()
                if optional and self.current.is_bracket("["):
                    node = self.index(node, optional=True)
                else:
                    node = self.member(node, optional=optional)
            elif self.current.is_bracket("["):
                node = self.index(node, optional=False)
            else:
                return node

    def member(self, node: Node, *, optional: bool) -> Node:
        name = self.next()
        if name.kind != lexer.IDENTIFIER and not (name.kind == lexer.OPERATOR and lexer.is_name(name.value)):
            raise self.error("expected name")
        chained = isinstance(node, nodes.Chain)
        base = node.body if isinstance(node, nodes.Chain) else node
        key = self.counted(nodes.Literal(name.value, name.at))
        calls = self.current.is_bracket("(")
        node = self.counted(nodes.Member(base, key, optional, calls, name.at))
        if calls:
            node = self.counted(nodes.Call(node, self.arguments(), name.at))
        return self.counted(nodes.Chain(node, name.at)) if chained or optional else node

    def index(self, node: Node, *, optional: bool) -> Node:
        """Read ``[key]`` or ``[from:to]``."""
        bracket = self.next()
        if self.takes(lexer.OPERATOR, ":"):
            return self.slice(node, None, bracket)
        key = self.expression(0)
        if self.takes(lexer.OPERATOR, ":"):
            return self.slice(node, key, bracket)
        node = self.counted(nodes.Member(node, key, optional, method=False, at=bracket.at))
        if optional:
            node = self.counted(nodes.Chain(node, bracket.at))
        self.expect(lexer.BRACKET, "]")
        return node

    def slice(self, node: Node, start: Node | None, bracket: Token) -> Node:
        end = None if self.current.is_bracket("]") else self.expression(0)
        node = self.counted(nodes.Slice(node, start, end, bracket.at))
        self.expect(lexer.BRACKET, "]")
        return node
