"""Go's regular expressions (RE2) by means of Python's, in linear time as RE2."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache

from airflow_argo.argo.expressions.expr_lang.regex_machine import Machine, Slots, Tree
from airflow_argo.argo.expressions.expr_lang.source import Fault

# Python's way is taken where backtracking tries no more than this, some tenths of a second.
_MOST_WAYS = 1e7
_LARGEST_REPEAT = 1000
_REPEAT = re.compile(r"\\.|\{(\d+)(?:,(\d*))?\}|\[\^?\]?(?:\\.|[^\]])*\]", re.S)

_PERL_ONLY = re.compile(
    r"\\.|\(\?(?P<look><?[=!])|\(\?(?P<other>\(|>|P=|#)|(?P<possessive>[*+?}]\+)|\[\^?\]?(?:\\.|[^\]])*\]"
)
_BACKREFERENCE = re.compile(r"\\\\|\\(?P<digit>[1-9])")
_POSIX = {
    "alnum": "0-9A-Za-z", "alpha": "A-Za-z", "ascii": "\\x00-\\x7F", "blank": "\\t ", "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9", "graph": "!-~", "lower": "a-z", "print": " -~", "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z", "word": "0-9A-Za-z_", "xdigit": "0-9A-Fa-f",
}  # fmt: skip


class Found:
    """A match.

    :param slots: begin and end of the whole and of each group, -1 if unset.
    """

    def __init__(self, text: str, slots: Slots, names: dict[str, int]) -> None:
        self.text = text
        self.begin, self.end = slots[:2]
        self._slots = slots
        self._names = names

    def __getitem__(self, group: int | str) -> str:
        """Return the text of a group, empty if it took no part.

        :raises IndexError: if there is no such group.
        """
        number = self._names.get(group, -1) if isinstance(group, str) else group
        if not 0 <= 2 * number < len(self._slots):
            raise IndexError(group)
        begin, end = self._slots[2 * number : 2 * number + 2]
        return self.text[begin:end] if begin >= 0 else ""


class Regex:
    """A compiled expression.

    :param pattern: in Python's syntax.
    """

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._pattern = re.compile(pattern, re.ASCII)
        self._tree = Tree(pattern)

    @cached_property
    def _machine(self) -> Machine:
        return Machine(self._tree)

    def matches(self, text: str) -> bool:
        """Tell whether the text holds a match.

        :raises Fault: as all others here, if that takes too long.
        """
        return self._search(text, 0) is not None

    def find_all(self, text: str) -> Iterator[Found]:
        """Find all matches; an empty one that touches the one before does not count, as in Go."""
        at, end = 0, -1
        while at <= len(text) and (slots := self._search(text, at)) is not None:
            if slots[1] > slots[0] or slots[0] != end:
                yield Found(text, slots, self._tree.names)
            end = slots[1]
            at = end + (slots[0] == end)

    def replaced(self, text: str, replacement: Callable[[Found], str]) -> str:
        """Put something else in the place of all matches."""
        parts, at = [], 0
        for found in self.find_all(text):
            parts += [text[at : found.begin], replacement(found)]
            at = found.end
        return "".join(parts) + text[at:]

    def _search(self, text: str, begin: int) -> Slots | None:
        if self._tree.ways(len(text) - begin) > _MOST_WAYS:
            return self._machine.search(text, begin)
        found = self._pattern.search(text, begin)
        if found is None:
            return None
        return tuple(edge for group in range(self._tree.groups) for edge in found.span(group))


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Regex:
    r"""Compile a regular expression of Go's; ASCII classes, ``$`` and ``\z`` mean the very end.

    :raises Fault: ``error parsing regexp: …`` for what is malformed or RE2 does not know: look-around, back references.
    """
    for found in _PERL_ONLY.finditer(pattern):
        if found["look"] or found["other"]:
            end = pattern[found.start() : found.start() + (4 if (found["look"] or "").startswith("<") else 3)]
            raise Fault(f"error parsing regexp: invalid or unsupported Perl syntax: `{end}`")
        if found["possessive"]:
            raise Fault(f"error parsing regexp: invalid nested repetition operator: `{found['possessive']}`")
    for found in _BACKREFERENCE.finditer(pattern):
        if found["digit"]:
            raise Fault(f"error parsing regexp: invalid escape sequence: `\\{found['digit']}`")
    for found in _REPEAT.finditer(pattern):
        if any(int(count) > _LARGEST_REPEAT for count in found.groups() if count):
            raise Fault(f"error parsing regexp: invalid repeat count: `{found[0]}`")
    try:
        return Regex(_translated(pattern))
    except re.error as error:
        raise Fault(f"error parsing regexp: {_go_message(error, pattern)}") from None
    except (RecursionError, OverflowError):
        raise Fault("error parsing regexp: expression nests too deeply") from None


def _go_message(error: re.error, pattern: str) -> str:
    at = error.pos or 0
    if error.msg.startswith("unterminated character set"):
        return f"missing closing ]: `{pattern[at:]}`"
    if error.msg.startswith("missing ), unterminated subpattern"):
        return f"missing closing ): `{pattern}`"
    if error.msg.startswith("unbalanced parenthesis"):
        return f"unexpected ): `{pattern}`"
    if error.msg.startswith("nothing to repeat"):
        return f"missing argument to repetition operator: `{pattern[at : at + 1]}`"
    if error.msg.startswith("multiple repeat"):
        return f"invalid nested repetition operator: `{pattern[at - 1 : at + 1]}`"
    return f"{error.msg}: `{pattern}`"


def _translated(pattern: str) -> str:
    pattern = re.sub(r"\[:(\^?)(\w+):\]", lambda found: _POSIX.get(found[2], found[0]), pattern)
    multiline = re.match(r"\(\?[a-zA-Z]*m", pattern) is not None
    return re.sub(
        r"\\z|\\.|\[\^?\]?(?:\\.|[^\]])*\]|\$",
        lambda found: "\\Z" if found[0] == "\\z" or (found[0] == "$" and not multiline) else found[0],
        pattern,
        flags=re.S,
    )
