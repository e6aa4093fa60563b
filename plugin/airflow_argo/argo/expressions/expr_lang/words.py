"""What the parser reads from: words, one at a time."""

from __future__ import annotations

from itertools import chain

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang import lexer
from airflow_argo.argo.expressions.expr_lang.lexer import Token
from airflow_argo.argo.expressions.expr_lang.nodes import Node
from airflow_argo.argo.expressions.expr_lang.source import located

_MOST_NODES = 10_000


class Words:
    """The words of an expression, one of them current; ``self.count`` bounds the tree that is made of them."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.words = lexer.tokens(source)
        self.current = next(self.words)
        self.count = 0

    def next(self) -> Token:
        """Give the current word and go to the next one.

        :raises ExpressionError: if what follows is no word, or nothing follows.
        """
        token = self.current
        following = next(self.words, None)
        if following is None:
            raise self.error("unexpected end of expression")
        self.current = following
        return token

    def back(self, token: Token) -> None:
        """Make a word current again that was current before."""
        self.words = chain((self.current,), self.words)
        self.current = token

    def error(self, message: str, token: Token | None = None) -> ExpressionError:
        """Make the error for a word, by default the current one."""
        return located(message, self.source, (token or self.current).at)

    def unexpected(self) -> ExpressionError:
        """Make the error for a current word that does not belong there."""
        return self.error(f"unexpected token {self.current}")

    def expect(self, kind: str, value: str | None = None) -> Token:
        """Step over the current word, which has to be this one."""
        if self.current.kind != kind or (value is not None and self.current.value != value):
            raise self.unexpected()
        return self.next()

    def takes(self, kind: str, value: str) -> bool:
        """Step over the current word if it is this one."""
        if self.current.kind == kind and self.current.value == value:
            self.next()
            return True
        return False

    def counted(self, node: Node) -> Node:
        """Count a part of the tree.

        :raises ExpressionError: at the limit of expr-lang, 10,000.
        """
        self.count += 1
        if self.count > _MOST_NODES:
            raise self.error("compilation failed: expression exceeds maximum allowed nodes")
        return node
