"""The words of a ``when``, as govaluate cuts them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.expr_lang.golayout import read_time
from airflow_argo.argo.expressions.expr_lang.regexes import Regex

_LITERALS = ("NUMERIC", "BOOLEAN", "VARIABLE", "ACCESSOR", "STRING", "CLAUSE")
_AFTER_OPERATOR = (*_LITERALS, "PREFIX", "CLAUSE_CLOSE")
_AFTER_VALUE = ("MODIFIER", "COMPARATOR", "LOGICALOP", "CLAUSE_CLOSE", "TERNARY", "SEPARATOR")

MAY_FOLLOW: dict[str, tuple[str, ...]] = {
    "UNKNOWN": (*_LITERALS, "PREFIX", "PATTERN", "TIME"),
    "CLAUSE": (*_AFTER_OPERATOR, "PATTERN", "TIME"),
    "CLAUSE_CLOSE": (*_AFTER_VALUE, "NUMERIC", "BOOLEAN", "VARIABLE", "STRING", "PATTERN", "TIME", "CLAUSE"),
    "NUMERIC": _AFTER_VALUE,
    "BOOLEAN": _AFTER_VALUE,
    "STRING": _AFTER_VALUE,
    "VARIABLE": _AFTER_VALUE,
    "ACCESSOR": (*_AFTER_VALUE, "CLAUSE"),
    "TIME": ("MODIFIER", "COMPARATOR", "LOGICALOP", "CLAUSE_CLOSE", "SEPARATOR"),
    "PATTERN": ("MODIFIER", "COMPARATOR", "LOGICALOP", "CLAUSE_CLOSE", "SEPARATOR"),
    "MODIFIER": _AFTER_OPERATOR,
    "COMPARATOR": (*_AFTER_OPERATOR, "TIME", "PATTERN"),
    "LOGICALOP": (*_AFTER_OPERATOR, "TIME"),
    "PREFIX": ("NUMERIC", "BOOLEAN", "VARIABLE", "ACCESSOR", "CLAUSE", "CLAUSE_CLOSE"),
    "TERNARY": (*_LITERALS, "PREFIX", "TIME", "SEPARATOR"),
    "SEPARATOR": (*_LITERALS, "PREFIX", "TIME"),
}
"""Which kinds of words may follow which; before the first word it is ``UNKNOWN``."""

_SYMBOLS = {
    "MODIFIER": ("+", "-", "*", "/", "%", "**", "&", "|", "^", ">>", "<<"),
    "LOGICALOP": ("&&", "||"),
    "COMPARATOR": ("==", "!=", ">", ">=", "<", "<=", "=~", "!~", "in"),
    "TERNARY": ("?", ":", "??"),
}
_KIND_OF_SYMBOL = {symbol: kind for kind, symbols in _SYMBOLS.items() for symbol in symbols}
_PREFIXES = ("-", "!", "~")
_BOOLEANS = {"true": True, "false": False}
_TIME_LAYOUTS = (
    "Mon Jan _2 15:04:05 2006",
    "Mon Jan _2 15:04:05 MST 2006",
    "Mon Jan 02 15:04:05 -0700 2006",
    "3:04PM",
    "2006-01-02T15:04:05Z07:00",
    "2006-01-02",
    "2006-01-02 15:04",
    "2006-01-02 15:04:05",
    "2006-01-02 15:04:05-07:00",
    "2006-01-02T15Z0700",
    "2006-01-02T15:04Z0700",
    "2006-01-02T15:04:05Z0700",
)
_LOOKS_LIKE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-|[0-9]{1,2}:[0-9]{2}[AP]M$|[A-Z][a-z]{2} [A-Z][a-z]{2} ")


class Token(NamedTuple):
    """A word, its kind in govaluate's own name, and what it stands for."""

    kind: str
    value: Any

    @property
    def shown(self) -> str:
        """How an error message shows it; parentheses are numbers there."""
        if self.kind in ("CLAUSE", "CLAUSE_CLOSE"):
            return str(ord(self.value))
        return shown(self.value)


def shown(value: Any) -> str:
    """Print a value as Go's ``%v``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return gojson.shortest_float(value)
    if isinstance(value, Regex):
        return value.pattern
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S %z} {value.tzname()}"
    if isinstance(value, (list, tuple)):
        return f"[{' '.join(map(shown, value))}]"
    return "<nil>" if value is None else str(value)


def tokens(text: str) -> list[Token]:
    """Cut a condition into words.

    :raises ExpressionError: with govaluate's message.
    """
    return _Lexer(text).run()


class _Lexer:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def run(self) -> list[Token]:
        found: list[Token] = []
        while True:
            while self.at < len(self.text) and self.text[self.at].isspace():
                self.at += 1
            if self.at >= len(self.text):
                return found
            found.append(self.token(found[-1].kind if found else "UNKNOWN"))

    def token(self, previous: str) -> Token:
        char = self.text[self.at]
        if _is_numeric(char):
            return self.number()
        if char.isalpha():
            return self.word()
        if char in "'\"":
            return self.quoted()
        if char == "[":
            return Token("VARIABLE", self.enclosed(lambda inner: inner != "]", "Unclosed parameter bracket"))
        if char in "(),":
            self.at += 1
            return Token({"(": "CLAUSE", ")": "CLAUSE_CLOSE", ",": "SEPARATOR"}[char], char)
        return self.symbol(previous)

    def run_of(self, belongs: Callable[[str], bool], *, with_space: bool = False) -> tuple[str, bool]:
        """Read as long as characters belong; a backslash makes any belong. Tells whether something ended it."""
        found = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == "\\":
                found += self.escaped()
            elif char.isspace() and not with_space:
                if found:
                    return found, True
            elif belongs(char):
                found += char
            else:
                self.at -= 1
                return found, True
        return found, False

    def escaped(self) -> str:
        if self.at >= len(self.text):
            raise ExpressionError("a backslash at the end of the expression")
        self.at += 1
        return self.text[self.at - 1]

    def number(self) -> Token:
        if self.text.startswith("0x", self.at) and self.at + 2 < len(self.text):
            self.at += 2
            digits, _ = self.run_of(lambda char: char.isdecimal() or char.lower() in "abcdef")
            if not digits.isascii() or not digits or int(digits, 16) >= 2**64:
                raise ExpressionError(f"Unable to parse hex value '{digits}' to uint64\n")
            return Token("NUMERIC", float(int(digits, 16)))
        digits, _ = self.run_of(_is_numeric)
        if not re.fullmatch(r"[0-9]+\.?[0-9]*|\.[0-9]+", digits) or float(digits) == float("inf"):
            raise ExpressionError(f"Unable to parse numeric value '{digits}' to float64\n")
        return Token("NUMERIC", float(digits))

    def word(self) -> Token:
        word, _ = self.run_of(lambda char: char.isalpha() or char.isdecimal() or char in "_.")
        if word in _BOOLEANS:
            return Token("BOOLEAN", _BOOLEANS[word])
        if word in ("in", "IN"):
            return Token("COMPARATOR", "in")
        if word.find(".") <= 0:
            return Token("VARIABLE", word)
        if word.endswith("."):
            raise ExpressionError(f"Hanging accessor on token '{word}'")
        for field in word.split(".")[1:]:
            if field[:1].upper() != field[:1]:
                raise ExpressionError(f"Unable to access unexported field '{field}' in token '{word}'")
        return Token("ACCESSOR", word.split("."))

    def enclosed(self, belongs: Callable[[str], bool], unclosed: str) -> str:
        self.at += 1
        text, closed = self.run_of(belongs, with_space=True)
        if not closed:
            raise ExpressionError(unclosed)
        self.at += 1
        return text

    def quoted(self) -> Token:
        """Read a text; either quote closes either, and what looks like a time is one."""
        text = self.enclosed(lambda char: char not in "'\"", "Unclosed string literal")
        if _LOOKS_LIKE_TIME.match(text):
            moment = read_time(_TIME_LAYOUTS, text)
            if moment is not None:
                return Token("TIME", moment)
        return Token("STRING", text)

    def symbol(self, previous: str) -> Token:
        symbol, _ = self.run_of(lambda char: not (char.isdecimal() or char.isalpha() or char in "()[]'\""))
        if symbol in _PREFIXES and "PREFIX" in MAY_FOLLOW[previous]:
            return Token("PREFIX", symbol)
        kind = _KIND_OF_SYMBOL.get(symbol)
        if kind is None:
            raise ExpressionError(f"Invalid token: '{symbol}'")
        return Token(kind, symbol)


def _is_numeric(char: str) -> bool:
    return char.isdecimal() or char == "."
