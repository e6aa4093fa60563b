"""Words of an expression, as expr-lang v1.17.8 cuts them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.expr_lang.source import Fault, located
from airflow_argo.argo.expressions.expr_lang.text_literal import unescape, unescape_bytes

_T = TypeVar("_T", str, bytes)

IDENTIFIER = "Identifier"
NUMBER = "Number"
STRING = "String"
BYTES = "Bytes"
OPERATOR = "Operator"
BRACKET = "Bracket"
EOF = "EOF"

_WORD_OPERATORS = frozenset(
    ("not", "in", "or", "and", "matches", "contains", "startsWith", "endsWith", "let", "if", "else")
)
_SPACE = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
_OPERATOR = re.compile(r"[?][.?]?|\|\|?|::?|[,;%+\-^]|[&!=*<>][&=*]?|/")
_SIMPLE_ESCAPES = "abfnrtv\\"
_HEX_DIGITS = {"x": 2, "u": 4, "U": 8}
_HEX = "0123456789abcdefABCDEF"
_DIGITS = {"x": "0123456789abcdefABCDEF_", "o": "01234567_", "b": "01_"}


class Token(NamedTuple):
    """A word: its kind, its value (of a string: without quotes and escapes), and where it starts."""

    kind: str
    value: Any
    at: int

    def __str__(self) -> str:
        value = self.value.decode("latin-1") if isinstance(self.value, bytes) else self.value
        return f'{self.kind}("{gojson.quote(value)}")' if value else self.kind

    def is_operator(self, *values: str) -> bool:
        """Tell whether this is one of these operators."""
        return self.kind == OPERATOR and self.value in values

    def is_bracket(self, value: str) -> bool:
        """Tell whether this is that bracket."""
        return self.kind == BRACKET and bool(self.value == value)


def is_name_start(char: str) -> bool:
    """Tell whether a name may begin with this character."""
    return char in "_$" or char.isalpha()


def _is_name_part(char: str) -> bool:
    return char in "_$" or char.isalpha() or char.isdecimal()


def is_name(text: str) -> bool:
    """Tell whether a text is a name."""
    return bool(text) and is_name_start(text[0]) and all(map(_is_name_part, text))


def tokens(source: str) -> Iterator[Token]:
    """Cut an expression into words, the last of which is EOF.

    :raises ExpressionError: at the first character that cannot be; words before it have been given out by then.
    """
    return _Lexer(source).run()


class _Lexer:
    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0

    def peek(self, ahead: int = 0) -> str:
        return self.source[self.at + ahead : self.at + ahead + 1]

    def run(self) -> Iterator[Token]:
        while self.skip_blanks():
            start = self.at
            kind, value = self.word()
            yield Token(kind, value, start)
            if kind == OPERATOR and value in ("#", "##") and (name := self.name()):
                yield Token(IDENTIFIER, name, self.at - len(name))
        yield Token(EOF, "", max(len(self.source) - 1, 0))

    def skip_blanks(self) -> bool:
        """Go to the next word; False at the end."""
        while self.at < len(self.source):
            space = _SPACE.match(self.source, self.at)
            if space:
                self.at = space.end()
            elif self.source.startswith("//", self.at):
                end = self.source.find("\n", self.at)
                self.at = len(self.source) if end < 0 else end + 1
            elif self.source.startswith("/*", self.at):
                end = self.source.find("*/", self.at + 2)
                if end < 0:
                    raise located("unclosed comment", self.source, len(self.source))
                self.at = end + 2
            else:
                return True
        return False

    def word(self) -> tuple[str, str | bytes]:
        char = self.peek()
        if char in "'\"":
            return STRING, self.quoted(unescape)
        if char == "`":
            return STRING, self.raw()
        if char in "bB" and self.peek(1) in ("'", '"'):
            self.at += 1
            return BYTES, self.quoted(unescape_bytes)
        if (char.isascii() and char.isdigit()) or (char == "." and self.peek(1).isascii() and self.peek(1).isdigit()):
            return NUMBER, self.number()
        if char in "([{)]}":
            self.at += 1
            return BRACKET, char
        return self.operator_or_name(char)

    def operator_or_name(self, char: str) -> tuple[str, str]:
        if char in ".#":
            return OPERATOR, self.take(char * 2 if self.peek(1) == char else char)
        operator = _OPERATOR.match(self.source, self.at)
        if operator:
            return OPERATOR, self.take(operator[0])
        if _is_name_part(char):
            name = self.name()
            return (OPERATOR if name in _WORD_OPERATORS else IDENTIFIER), name
        named = f"U+{ord(char):04X}" + (f" '{char}'" if char.isprintable() else "")
        raise located(f"unrecognized character: {named}", self.source, self.at)

    def take(self, text: str) -> str:
        self.at += len(text)
        return text

    def name(self) -> str:
        end = self.at
        while end < len(self.source) and _is_name_part(self.source[end]):
            end += 1
        return self.take(self.source[self.at : end])

    def accept_run(self, valid: str) -> None:
        while self.peek() and self.peek() in valid:
            self.at += 1

    def number(self) -> str:
        start = self.at
        digits = "0123456789_"
        if self.peek() == "0" and self.peek(1) and self.peek(1) in "xXoObB":
            digits = _DIGITS[self.peek(1).lower()]
            self.at += 2
        self.accept_run(digits)
        if self.peek() == ".":
            if self.peek(1) == ".":
                return self.source[start : self.at]
            self.at += 1
            self.accept_run(digits)
        if self.peek() and self.peek() in "eE":
            self.at += 1
            if self.peek() and self.peek() in "+-":
                self.at += 1
            self.accept_run(digits)
        if self.peek() and _is_name_part(self.peek()):
            word = gojson.quote(self.source[start : self.at + 1])
            raise located(f'bad number syntax: "{word}"', self.source, self.at)
        return self.source[start : self.at]

    def raw(self) -> str:
        end = self.at + 1
        while True:
            end = self.source.find("`", end)
            if end < 0:
                raise located("literal not terminated", self.source, len(self.source))
            if not self.source.startswith("``", end):
                break
            end += 2
        text = self.source[self.at + 1 : end].replace("``", "`")
        self.at = end + 1
        return text

    def quoted(self, decode: Callable[[str], _T]) -> _T:
        quote = self.peek()
        start = self.at
        self.at += 1
        while self.peek() != quote:
            if self.peek() in ("", "\n"):
                raise located("literal not terminated", self.source, self.at)
            if self.peek() == "\\":
                self.escape(quote)
            else:
                self.at += 1
        self.at += 1
        try:
            return decode(self.source[start + 1 : self.at - 1])
        except Fault as fault:
            raise located(str(fault), self.source, self.at - 1) from None

    def escape(self, quote: str) -> None:
        """Skip an escape, refusing what cannot be one where expr-lang refuses it."""
        self.at += 1
        kind = self.peek()
        self.at += 1
        if kind == "u" and self.peek() == "{":
            self.braced_escape()
        elif kind and kind in _HEX_DIGITS:
            self.digits(_HEX_DIGITS[kind], _HEX)
        elif kind and kind in "01234567":
            self.digits(2, "01234567")
        elif not kind or kind not in _SIMPLE_ESCAPES + quote:
            raise located("invalid char escape", self.source, self.at - 1)

    def digits(self, count: int, valid: str) -> None:
        for _ in range(count):
            if not self.peek() or self.peek() not in valid:
                raise located("invalid char escape", self.source, self.at)
            self.at += 1

    def braced_escape(self) -> None:
        self.at += 1
        start = self.at
        while self.peek() != "}":
            if not self.peek() or self.peek() not in _HEX or self.at - start >= 6:
                raise located("invalid char escape", self.source, self.at - 1)
            self.at += 1
        if self.at == start:
            raise located("invalid char escape", self.source, self.at - 1)
        self.at += 1
