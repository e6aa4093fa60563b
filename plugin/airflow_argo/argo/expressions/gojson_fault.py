"""Where text stops being JSON, in the words of Go's ``encoding/json``.

Only read when Python's own decoder has refused a text, so that the usual case stays fast. Go looks at bytes, and so
does this: the first byte of a non-ASCII character is reported as a character of its own.
"""

from __future__ import annotations

import re

_SPACE = b" \t\r\n"
_HEX = b"0123456789abcdefABCDEF"
_DIGITS = b"0123456789"
_LITERALS = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_CONTAINERS = {ord("{"): b"}", ord("["): b"]"}
_PLAIN_STRING = re.compile(rb'[^"\\\x00-\x1f]*')
_MAX_DEPTH = 10_000
_ESCAPED = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\", 39: "\\'"}


class _FaultError(Exception):
    """Carries the message out of the nested scan."""


def fault(text: str) -> str:
    """Say why Go refuses this text as JSON, or nothing where Go accepts it."""
    try:
        _Scan(text.encode("utf-8", "replace")).document()
    except _FaultError as error:
        return str(error)
    return ""


def _named(byte: int) -> str:
    if byte in _ESCAPED:
        return f"'{_ESCAPED[byte]}'"
    if byte < 0x20 or byte == 0x7F:
        return f"'\\x{byte:02x}'"
    char = chr(byte)
    return f"'{char}'" if char.isprintable() else f"'\\u{byte:04x}'"


class _Scan:
    """A walk over the bytes that stops at the first one that cannot be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.closers: list[bytes] = []

    def document(self) -> None:
        self.value()
        while self.closers:
            self.after_value()
        self.skip_space()
        if self.at < len(self.data):
            raise self.unexpected("after top-level value")

    def peek(self) -> int:
        if self.at >= len(self.data):
            raise _FaultError("unexpected end of JSON input")
        return self.data[self.at]

    def peek_inside(self) -> int:
        """Look ahead inside a number, a literal or an escape, where Go takes the end for a space."""
        return self.data[self.at] if self.at < len(self.data) else ord(" ")

    def unexpected(self, where: str) -> _FaultError:
        return _FaultError(f"invalid character {_named(self.peek_inside())} {where}")

    def skip_space(self) -> None:
        while self.at < len(self.data) and self.data[self.at] in _SPACE:
            self.at += 1

    def value(self) -> None:
        """Read a value, or only the opening of a container whose rest ``after_value`` reads."""
        self.skip_space()
        first = self.peek()
        if first in _CONTAINERS:
            self.open(first)
        elif first == ord('"'):
            self.string()
        elif first in _LITERALS:
            self.literal(_LITERALS[first])
        elif first == ord("-") or first in _DIGITS:
            self.number()
        else:
            raise self.unexpected("looking for beginning of value")

    def open(self, first: int) -> None:
        closer = _CONTAINERS[first]
        self.closers.append(closer)
        if len(self.closers) > _MAX_DEPTH:
            raise self.unexpected("exceeded max depth")
        self.at += 1
        self.skip_space()
        if self.peek() == closer[0]:
            self.at += 1
            self.closers.pop()
        elif closer == b"}":
            self.key()
            self.value()
        else:
            self.value()

    def key(self) -> None:
        self.skip_space()
        if self.peek() != ord('"'):
            raise self.unexpected("looking for beginning of object key string")
        self.string()
        self.skip_space()
        if self.peek() != ord(":"):
            raise self.unexpected("after object key")
        self.at += 1

    def after_value(self) -> None:
        self.skip_space()
        closer = self.closers[-1]
        following = self.peek()
        if following == closer[0]:
            self.at += 1
            self.closers.pop()
        elif following == ord(","):
            self.at += 1
            if closer == b"}":
                self.key()
            self.value()
        else:
            raise self.unexpected("after object key:value pair" if closer == b"}" else "after array element")

    def literal(self, word: bytes) -> None:
        for expected in word:
            if self.peek_inside() != expected:
                raise self.unexpected(f"in literal {word.decode()} (expecting '{chr(expected)}')")
            self.at += 1

    def string(self) -> None:
        self.at += 1
        while True:
            match = _PLAIN_STRING.match(self.data, self.at)
            self.at = match.end() if match else self.at
            char = self.peek()
            if char < 0x20:
                raise self.unexpected("in string literal")
            self.at += 1
            if char == ord('"'):
                return
            self.escape()

    def escape(self) -> None:
        kind = self.peek_inside()
        if kind not in b'bfnrt\\/"u':
            raise self.unexpected("in string escape code")
        self.at += 1
        if kind != ord("u"):
            return
        for _ in range(4):
            if self.peek_inside() not in _HEX:
                raise self.unexpected("in \\u hexadecimal character escape")
            self.at += 1

    def number(self) -> None:
        if self.peek() == ord("-"):
            self.at += 1
            if self.peek_inside() not in _DIGITS:
                raise self.unexpected("in numeric literal")
        if self.peek() == ord("0"):
            self.at += 1
        else:
            self.digits()
        if self.takes(b"."):
            self.needs_digit("after decimal point in numeric literal")
        if self.takes(b"eE"):
            self.takes(b"+-")
            self.needs_digit("in exponent of numeric literal")

    def takes(self, wanted: bytes) -> bool:
        if self.at < len(self.data) and self.data[self.at] in wanted:
            self.at += 1
            return True
        return False

    def digits(self) -> None:
        while self.takes(_DIGITS):
            pass

    def needs_digit(self, where: str) -> None:
        if self.peek_inside() not in _DIGITS:
            raise self.unexpected(where)
        self.digits()
