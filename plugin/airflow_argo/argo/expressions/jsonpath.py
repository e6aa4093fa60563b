"""JSONPath as Argo's function ``jsonpath`` understands it (github.com/evilmonkeyinc/jsonpath v0.8.1).

Keys, indices, slices, unions, wildcards, descent, filters and scripts such as ``[(@.length - 1)]``. A
path of keys and indices gives the value itself, any other a list of what it found, leaving out what does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

from airflow_argo.argo.expressions.errors import ExpressionError
from airflow_argo.argo.expressions.jsonpath_filter import Query, UnreadableError, compile_filter, compile_script

_T = TypeVar("_T")

_NAME = re.compile(r"[^.\[\]]+")
_INDEX = re.compile(r"\s*([+-]?[0-9]+)\s*")
_SLICE = re.compile(r"\s*([+-]?[0-9]*)\s*:\s*([+-]?[0-9]*)\s*(?::\s*([+-]?[0-9]*)\s*)?")
_QUOTED = re.compile(r"""\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*""")
_LISTS = "[array slice]"
_CONTAINERS = "[array map slice]"


def query(path: str, document: Any) -> Any:
    """Find what a path leads to.

    :param document: what JSON holds: dict, list, text, float, bool or None.
    :raises ExpressionError: for a malformed path, or for a path of keys and indices that leads nowhere, such as
        ``key: invalid token key 'x' not found``.
    """
    return _follow(_compiled(path), document, document)


@lru_cache(maxsize=512)
def _compiled(path: str) -> tuple[_Step, ...]:
    return _Path(path).steps()


_Next = tuple["_Step", ...]


class _Step:
    """One part of a path, and how to go on from there."""

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        """Give what this part and those that follow find."""
        raise NotImplementedError


def _follow(steps: _Next, root: Any, current: Any) -> Any:
    return steps[0].apply(root, current, steps[1:]) if steps else current


def _kept(steps: _Next, root: Any, items: list[Any]) -> list[Any]:
    """Go on from each of several values, leaving out those from where the path leads nowhere."""
    if not steps:
        return items
    found: list[Any] = []
    for item in items:
        try:
            value = _follow(steps, root, item)
        except ExpressionError:
            continue
        if value is not None:
            found.append(value)
    return found


def _spread(steps: _Next, root: Any, items: list[Any]) -> Any:
    """Go on from a list: an index picks from the list itself, anything else is looked for in each element."""
    if steps and isinstance(steps[0], _Index):
        return _follow(steps, root, items)
    return _kept(steps, root, items)


def _kind(value: Any) -> str:
    kinds: dict[type, str] = {dict: "map", list: "slice", str: "string", bool: "bool", float: "float64", int: "int64"}
    return kinds.get(type(value), "nil")


def _misfit(step: str, value: Any, wanted: str) -> ExpressionError:
    return ExpressionError(f"{step}: invalid token target. expected {wanted} got [{_kind(value)}]")


class _Key(_Step):
    def __init__(self, key: str) -> None:
        self.key = key

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        if not isinstance(current, dict):
            raise _misfit("key", current, "[map]")
        if self.key not in current:
            raise ExpressionError(f"key: invalid token key '{self.key}' not found")
        return _follow(following, root, current[self.key])


class _Length(_Step):
    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        if isinstance(current, dict) and "length" in current:
            return _follow(following, root, current["length"])
        if not isinstance(current, (dict, list, str)):
            raise _misfit("length", current, "[array map slice string]")
        size = len(current.encode("utf-8", "replace")) if isinstance(current, str) else len(current)
        return _follow(following, root, size)


class _Index(_Step):
    def __init__(self, index: int) -> None:
        self.index = index

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        if not isinstance(current, list):
            raise _misfit("index", current, _LISTS)
        if not -len(current) <= self.index < len(current):
            raise ExpressionError("index: invalid token out of range")
        return _follow(following, root, current[self.index])


class _Slice(_Step):
    def __init__(self, start: int | None, end: int | None, step: int | None) -> None:
        self.start, self.end, self.step = start, end, step

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        if not isinstance(current, list):
            raise _misfit("range", current, _LISTS)
        if self.step == 0:
            raise ExpressionError("range: invalid token out of range")
        size = len(current)
        start, end, _ = slice(self.start, self.end).indices(size)
        step = self.step or 1
        order = range(start, end, step) if step > 0 else range(end - 1, start - 1, step)
        return _spread(following, root, [current[index] for index in order])


class _Union(_Step):
    def __init__(self, members: tuple[int | str, ...]) -> None:
        self.members = members

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        kinds = ["string" if isinstance(member, str) else "int" for member in self.members]
        if len(set(kinds)) > 1:
            raise ExpressionError(f"union: invalid token argument. expected [{kinds[0]}] got [{_other(kinds)}]")
        if kinds[0] == "string":
            if not isinstance(current, dict):
                raise _misfit("union", current, "[map]")
            return _spread(following, root, [current[key] for key in self.members if key in current])
        if not isinstance(current, list):
            raise _misfit("union", current, _LISTS)
        size = len(current)
        found = [current[index] for index in self.members if isinstance(index, int) and -size <= index < size]
        return _spread(following, root, found)


def _other(kinds: list[str]) -> str:
    return "int" if kinds[0] == "string" else "string"


class _Wildcard(_Step):
    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        return _kept(following, root, _children(current, "wildcard"))


def _children(value: Any, step: str) -> list[Any]:
    if isinstance(value, dict):
        return [value[key] for key in sorted(value)]
    if isinstance(value, list):
        return value
    raise _misfit(step, value, _CONTAINERS)


class _Filter(_Step):
    def __init__(self, test: Callable[[Any, Any], bool]) -> None:
        self.test = test

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        return _spread(following, root, [item for item in _children(current, "filter") if self.test(root, item)])


class _Script(_Step):
    def __init__(self, value: Query) -> None:
        self.value = value

    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        try:
            value = self.value(root, current)
        except ExpressionError as error:
            raise ExpressionError(f"invalid expression. {error}") from None
        if isinstance(value, str):
            return _Key(value).apply(root, current, following)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and float(value).is_integer():
            return _Index(int(value)).apply(root, current, following)
        raise ExpressionError(f"unexpected expression result. expected [int string] got [{_kind(value)}]")


class _Descent(_Step):
    def apply(self, root: Any, current: Any, following: _Next) -> Any:
        return list(self.found(root, current, following))

    def found(self, root: Any, current: Any, following: _Next) -> Iterator[Any]:
        if current is None:
            return
        try:
            value = _follow(following, root, current)
        except ExpressionError:
            value = None
        if isinstance(value, list) and following:
            yield from value
        elif value is not None:
            yield value
        for child in _children(current, "recursive") if isinstance(current, (dict, list)) else ():
            yield from self.found(root, child, following)


class _Path:
    """Cuts a path into steps."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.at = 1

    def refused(self, reason: str) -> ExpressionError:
        return ExpressionError(f"invalid JSONPath selector '{self.path}' {reason}")

    def steps(self) -> tuple[_Step, ...]:
        if self.path[:1] not in ("$", "@"):
            raise self.refused(f"unexpected token '{self.path[:1]}' at index 0")
        if self.path[1:2] not in ("", ".", "["):
            raise self.refused(f"unexpected token '{self.path[1]}' at index 1")
        found: list[_Step] = []
        while self.at < len(self.path):
            found += self.step()
        return tuple(found)

    def step(self) -> list[_Step]:
        if self.path.startswith("..", self.at):
            self.at += 2
            after = self.path[self.at : self.at + 1]
            return [_Descent()] if after in ("[", "") else [_Descent(), self.named()]
        if self.path[self.at] == "[":
            return [self.subscript()]
        if self.path[self.at] == ".":
            self.at += 1
            if self.path[self.at : self.at + 1] == "[":
                return [self.subscript()]
        return [self.named()]

    def named(self) -> _Step:
        found = _NAME.match(self.path, self.at)
        if not found or not found[0].strip():
            raise self.refused("invalid token. token string is empty")
        self.at = found.end()
        name = found[0].strip()
        if name == "*":
            return _Wildcard()
        return _Length() if name == "length" else _Key(name)

    def subscript(self) -> _Step:
        end = _closing(self.path, self.at)
        text = self.path[self.at :] if end < 0 else self.path[self.at : end + 1]
        inner = text[1:-1].strip()
        self.at = end + 1
        malformed = self.refused(f"invalid token. '{text}' does not match any token format")
        if end < 0 or not inner:
            raise malformed
        if inner == "*":
            return _Wildcard()
        if inner.startswith("?"):
            if not (inner.startswith("?(") and inner.endswith(")")):
                raise malformed
            return _Filter(self.compiled(compile_filter, inner[2:-1]))
        if inner.startswith("(") and inner.endswith(")") and _closing(inner, 0) == len(inner) - 1:
            if inner == "()":
                raise self.refused("invalid expression. invalid format '()'")
            return _Script(self.compiled(compile_script, inner[1:-1]))
        if "(" in _QUOTED.sub("", inner):
            raise self.refused(f"more than a script in '{text}' is not supported by this implementation")
        step = _selection(inner)
        if step is None:
            raise malformed
        return step

    def compiled(self, compile_text: Callable[[str, Callable[[str], Query]], _T], text: str) -> _T:
        try:
            return compile_text(text.strip(), _sub_query)
        except UnreadableError as error:
            raise self.refused(str(error)) from None


def _sub_query(path: str) -> Query:
    try:
        steps = _compiled(path)
    except ExpressionError as error:
        raise UnreadableError(str(error).removeprefix(f"invalid JSONPath selector '{path}' ")) from None
    return lambda root, current: _follow(steps, root, root if path.startswith("$") else current)


def _closing(path: str, at: int) -> int:
    """Find the bracket that closes the one at a place, past quotes and nested brackets; -1 if there is none."""
    depth, quote = 0, ""
    opening = path[at]
    closing = {"[": "]", "(": ")"}[opening]
    for index in range(at, len(path)):
        char = path[index]
        if quote:
            quote = "" if char == quote and path[index - 1] != "\\" else quote
        elif char in "'\"":
            quote = char
        elif char in (opening, closing):
            depth += 1 if char == opening else -1
            if depth == 0:
                return index
    return -1


def _selection(inner: str) -> _Step | None:
    if found := _SLICE.fullmatch(inner):
        return _Slice(*[int(bound) if bound else None for bound in found.groups()])
    members: list[int | str] = []
    for part in _split_union(inner):
        if found := _QUOTED.fullmatch(part):
            members.append(re.sub(r"\\(['\"])", r"\1", found[1] if found[1] is not None else found[2]))
        elif found := _INDEX.fullmatch(part):
            members.append(int(found[1]))
        else:
            return None
    if len(members) == 1:
        return _Key(members[0]) if isinstance(members[0], str) else _Index(members[0])
    return _Union(tuple(members))


def _split_union(inner: str) -> list[str]:
    return re.findall(r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|[^,'"])+""", inner)
