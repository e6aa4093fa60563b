"""Matches a regular expression in linear time (Pike's machine), where Python's would try every way there is.

The same match is found as by backtracking: of all that begin leftmost, the one that the expression prefers.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from airflow_argo.argo.expressions.expr_lang.source import Fault

MOST_STEPS = 500_000
"""A search that takes more is refused; RE2 has no such limit, and is a hundred times as fast."""
_MOST_INSTRUCTIONS = 20_000

_syntax: Any = importlib.import_module("re._parser" if sys.version_info >= (3, 11) else "sre_parse")
_UNBOUNDED = int(_syntax.MAXREPEAT)

Slots: TypeAlias = tuple[int, ...]
_Accepts: TypeAlias = Callable[[str], bool]
_Holds: TypeAlias = Callable[[str, int], bool]
_Threads: TypeAlias = list[tuple[int, Slots]]


class Tree:
    """A parsed expression.

    :param pattern: in Python's syntax, without look-around and back references.
    """

    def __init__(self, pattern: str) -> None:
        parsed = _syntax.parse(pattern, re.ASCII)
        self.nodes: Sequence[tuple[Any, Any]] = list(parsed)
        self.flags = int(parsed.state.flags)
        self.groups = int(parsed.state.groups)
        self.names: dict[str, int] = dict(parsed.state.groupdict)

    def ways(self, length: int) -> float:
        """How many ways backtracking may have to try in a text of this length, at most; may be infinite."""
        return (length + 1) * _ways(self.nodes, length)


def _ways(nodes: Sequence[tuple[Any, Any]], length: int) -> float:
    product = 1.0
    for code, given in nodes:
        name = str(code)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = given
            product *= _ways_of_repeat(least, most, inner, length)
        elif name == "SUBPATTERN":
            product *= _ways(given[3], length)
        elif name == "BRANCH":
            product *= sum(_ways(each, length) for each in given[1])
    return product


def _ways_of_repeat(least: int, most: int, nodes: Sequence[tuple[Any, Any]], length: int) -> float:
    inner, times = _ways(nodes, length), min(int(most), max(length, least))
    if inner <= 1:
        return times - least + 1.0
    # The exponent is cut where the result is beyond all limits anyway.
    return inner ** min(times, 64) * 2 if inner < 1e4 or times < 2 else float("inf")


class Machine:
    """A compiled expression: a list of instructions that threads go through, one character at a time."""

    def __init__(self, tree: Tree) -> None:
        self.groups = tree.groups
        self.names = tree.names
        self._code: list[tuple[str, Any]] = []
        self._sequence(tree.nodes, tree.flags)
        self._emit("match")

    def search(self, text: str, begin: int) -> Slots | None:
        """Find the first match from a position on: begin and end of the whole and of each group, -1 if unset.

        :raises Fault: if it takes too many steps.
        """
        threads: _Threads = []
        found: Slots | None = None
        unset = (-1,) * (2 * self.groups)
        steps = 0
        for at in range(begin, len(text) + 1):
            if found is None:
                fresh = (at, *unset[1:])
                threads = self._spread([*((pc, slots) for pc, slots in threads), (0, fresh)], text, at)
            else:
                threads = self._spread(threads, text, at)
            steps += len(threads) + 1
            if steps > MOST_STEPS:
                raise Fault("the regular expression takes too long")
            threads, match = self._step(threads, text, at)
            found = match or found
            if not threads and found is not None:
                break
        return found

    def _step(self, threads: _Threads, text: str, at: int) -> tuple[_Threads, Slots | None]:
        """Let the threads take a character, in order of preference; a match ends those that come after it."""
        going: _Threads = []
        for pc, slots in threads:
            name, given = self._code[pc]
            if name == "match":
                return going, (slots[0], at, *slots[2:])
            if at < len(text) and given(text[at]):
                going.append((pc + 1, slots))
        return going, None

    def _spread(self, threads: _Threads, text: str, at: int) -> _Threads:
        """Follow what takes no character, until all threads stand at one that does or at the end."""
        seen: set[int] = set()
        reached: _Threads = []
        stack = threads[::-1]
        while stack:
            pc, slots = stack.pop()
            if pc in seen:
                continue
            seen.add(pc)
            name, given = self._code[pc]
            if name in ("character", "match"):
                reached.append((pc, slots))
            elif name == "split":
                stack.extend((target, slots) for target in reversed(given))
            elif name == "save":
                stack.append((pc + 1, (*slots[:given], at, *slots[given + 1 :])))
            elif given(text, at):
                stack.append((pc + 1, slots))
        return reached

    def _emit(self, name: str, given: Any = None) -> int:
        if len(self._code) >= _MOST_INSTRUCTIONS:
            raise Fault("error parsing regexp: expression too large")
        self._code.append((name, given))
        return len(self._code) - 1

    def _patch(self, at: int, *targets: int) -> None:
        self._code[at] = ("split", targets)

    def _sequence(self, nodes: Sequence[tuple[Any, Any]], flags: int) -> None:
        for code, given in nodes:
            name = str(code)
            if name in ("MAX_REPEAT", "MIN_REPEAT"):
                least, most, inner = given
                self._repeat(least, most, inner, flags, greedy=name == "MAX_REPEAT")
            elif name == "SUBPATTERN":
                self._group(given, flags)
            elif name == "BRANCH":
                self._branch(given[1], flags)
            elif name == "AT":
                self._emit("assert", _assertion(str(given), flags))
            else:
                self._emit("character", _character(name, given, flags))

    def _group(self, group: tuple[int | None, int, int, Any], flags: int) -> None:
        number, added, removed, nodes = group
        inner = flags & ~removed | added
        if number is None:
            self._sequence(nodes, inner)
            return
        self._emit("save", 2 * number)
        self._sequence(nodes, inner)
        self._emit("save", 2 * number + 1)

    def _branch(self, alternatives: Sequence[Any], flags: int) -> None:
        split = self._emit("split")
        starts, ends = [], []
        for each in alternatives:
            starts.append(len(self._code))
            self._sequence(each, flags)
            ends.append(self._emit("split"))
        self._patch(split, *starts)
        for end in ends:
            self._patch(end, len(self._code))

    def _repeat(self, least: int, most: int, nodes: Any, flags: int, *, greedy: bool) -> None:
        for _ in range(least):
            self._sequence(nodes, flags)
        exits = []
        for _ in range(1 if most == _UNBOUNDED else most - least):
            exits.append(self._emit("split"))
            self._sequence(nodes, flags)
        if most == _UNBOUNDED:
            self._patch(self._emit("split"), exits[0])
        for each in exits:
            into, past = each + 1, len(self._code)
            self._patch(each, *((into, past) if greedy else (past, into)))


def _assertion(name: str, flags: int) -> _Holds:
    if name == "AT_BEGINNING" and flags & re.MULTILINE:
        return lambda text, at: at == 0 or text[at - 1] == "\n"
    if name == "AT_END" and flags & re.MULTILINE:
        return lambda text, at: at == len(text) or text[at] == "\n"
    if name in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return lambda text, at: at == 0
    if name in ("AT_END", "AT_END_STRING"):
        return lambda text, at: at == len(text)
    inside = name == "AT_NON_BOUNDARY"
    return lambda text, at: (_is_word(text[at - 1 : at]) is _is_word(text[at : at + 1])) is inside


def _is_word(char: str) -> bool:
    return char == "_" or (char.isascii() and char.isalnum())


_CATEGORIES: dict[str, _Accepts] = {
    "DIGIT": lambda char: char in "0123456789",
    "SPACE": lambda char: char in " \t\n\r\f\v",
    "WORD": _is_word,
}


def _character(name: str, given: Any, flags: int) -> _Accepts:
    if name == "ANY":
        return (lambda char: True) if flags & re.DOTALL else (lambda char: char != "\n")
    members = given if name == "IN" else [(name.removeprefix("NOT_"), given)]
    wanted = name != "NOT_LITERAL" and str(members[0][0]) != "NEGATE"
    tests = list(_members(members))
    if flags & re.IGNORECASE:
        return lambda char: any(test(each) for each in (char, char.lower(), char.upper()) for test in tests) is wanted
    return lambda char: any(test(char) for test in tests) is wanted


def _members(members: Sequence[tuple[Any, Any]]) -> Iterator[_Accepts]:
    for code, given in members:
        name = str(code)
        if name == "LITERAL":
            yield chr(given).__eq__
        elif name == "RANGE":
            yield _range(*given)
        elif name == "CATEGORY":
            yield _category(str(given).removeprefix("CATEGORY_"))


def _range(low: int, high: int) -> _Accepts:
    return lambda char: low <= ord(char[0]) <= high


def _category(name: str) -> _Accepts:
    test = _CATEGORIES[name.removeprefix("NOT_")]
    return (lambda char: not test(char)) if name.startswith("NOT_") else test
