"""YAML as Argo reads it: into the JSON that Go's ``sigs.k8s.io/yaml`` makes of it, not into Python's ideas.

``y`` and ``on`` are booleans, ``0o755`` and ``1e3`` are numbers, ``2020-01-01`` and ``12:30:45`` are text, and keys are
always text. Seen on v4.1.2 and its YAML library; the values are those that the Argo Server gets from ``argo submit``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from typing import Any, NoReturn

import yaml

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.go_yaml_scalars import ScalarError, scalar

MAX_TEXT = 16 * 1024 * 1024
MAX_DEPTH = 100
MAX_VALUES = 1_000_000

LOADER = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
_MERGE = object()
_MERGE_TAG = "tag:yaml.org,2002:merge"
_MERGE_HINT = "'<<' takes a mapping, or a list of mappings."


def load_all(text: str, *, source: str = "") -> list[dict[str, Any]]:
    """Read all documents of a YAML or JSON text; empty documents are left out.

    :param text: YAML 1.1 as Go reads it, at most ``MAX_TEXT`` characters.
    :param source: what errors call the text, usually a path.
    :raises ManifestError: for a syntax error (with line and column), a document that is no mapping, a key that stands
        twice (Go silently takes the last), numbers that JSON does not have, and for texts that are too large, too
        deeply nested or that unfold into too much.
    """
    if len(text) > MAX_TEXT:
        raise ManifestError(f"{source or 'the text'} is larger than {MAX_TEXT // 1024 // 1024} MiB")
    if text.lstrip().startswith("{"):
        document = _json_object(text, source)
        if document is not None:
            return [document]
    return _Reader(text, source).documents()


def _json_object(text: str, source: str) -> dict[str, Any] | None:
    """Read what is plain JSON, whose escapes a YAML parser would refuse; None if it is not."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                raise ManifestError(f"{source or 'the text'}: the key '{key}' stands twice in the same mapping")
            found[key] = value
        return found

    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


class _Reader:
    """Builds values from the parser's events, so that depth and size are known before anything is built from them."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source or "the manifest"
        self.text = text
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.values = 0

    def documents(self) -> list[dict[str, Any]]:
        """Read all documents but the empty ones."""
        with self.told():
            return [value for event, value in self.roots() if self.is_mapping(value, event)]

    def first(self) -> Any:
        """Read the first document, of whatever kind."""
        with self.told():
            return next((value for _, value in self.roots()), None)

    def is_mapping(self, value: object, event: Any) -> bool:
        if value is not None and not isinstance(value, dict):
            self.fail(f"a document must be a mapping, this one is a {_kind(value)}", event.start_mark)
        return value is not None

    def roots(self) -> Iterator[tuple[Any, Any]]:
        loader = LOADER(self.text)
        try:
            while loader.check_event():
                event = loader.get_event()
                if isinstance(event, yaml.DocumentStartEvent):
                    self.anchors = {}
                    yield event, self.value(loader, loader.get_event(), 0)
        finally:
            loader.dispose()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Tell the parser's errors as ours, with the source, the line and the column."""
        try:
            yield
        except yaml.MarkedYAMLError as error:
            what = ", ".join(part for part in (error.context, error.problem) if part)
            self.fail(what, error.problem_mark or error.context_mark)
        except yaml.YAMLError as error:
            raise ManifestError(f"{self.source} is no YAML: {' '.join(str(error).split())}") from error

    def value(self, loader: Any, event: Any, depth: int) -> Any:
        self.values += 1
        if depth > MAX_DEPTH:
            self.fail(f"nested deeper than {MAX_DEPTH} levels", event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        before = self.values
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(loader, depth)
        else:
            value = self.mapping(loader, depth)
        self.bound(event)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.values - before + 1)
        return value

    def scalar(self, event: Any) -> Any:
        try:
            return scalar(event.value, event.tag, plain=event.implicit[0])
        except ScalarError as error:
            return self.fail(str(error), event.start_mark)

    def alias(self, event: Any) -> Any:
        if event.anchor not in self.anchors:
            self.fail(f"the anchor '{event.anchor}' is not defined before, or holds itself", event.start_mark)
        value, size = self.anchors[event.anchor]
        self.values += size
        self.bound(event)
        return deepcopy(value)

    def bound(self, event: Any) -> None:
        if self.values > MAX_VALUES:
            self.fail(f"unfolds into more than {MAX_VALUES:,} values", event.start_mark)

    def sequence(self, loader: Any, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := loader.get_event(), yaml.SequenceEndEvent):
            items.append(self.value(loader, event, depth + 1))
        return items

    def mapping(self, loader: Any, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        own: set[str] = set()
        while not isinstance(event := loader.get_event(), yaml.MappingEndEvent):
            key = self.key(loader, event, depth)
            value = self.value(loader, loader.get_event(), depth + 1)
            if key is _MERGE:
                # Go's library merges where it stands: keys above it are overridden, keys below it win.
                found.update(self.merged(value, event))
                continue
            if key in own:
                self.fail(f"the key '{key}' stands twice in the same mapping", event.start_mark)
            own.add(key)
            found[key] = value
        return found

    def key(self, loader: Any, event: Any, depth: int) -> Any:
        if (
            isinstance(event, yaml.ScalarEvent)
            and event.value == "<<"
            and (event.implicit[0] or event.tag == _MERGE_TAG)
        ):
            return _MERGE
        key = self.value(loader, event, depth + 1)
        if isinstance(key, bool):
            return "true" if key else "false"
        if isinstance(key, str | int):
            return str(key)
        return self.fail(f"a {_kind(key)} cannot be a key", event.start_mark, hint="Put it into quotes.")

    def merged(self, value: Any, event: Any) -> dict[str, Any]:
        if isinstance(value, dict):
            return value
        result: dict[str, Any] = {}
        for item in reversed(value if isinstance(value, list) else [None]):
            if not isinstance(item, dict):
                self.fail("this is no mapping to merge", event.start_mark, hint=_MERGE_HINT)
            result.update(item)
        return result

    def fail(self, what: str, mark: Any, *, hint: str = "") -> NoReturn:
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
        raise ManifestError(f"{self.source}{place}: {what}", hint=hint)


def _kind(value: object) -> str:
    names = {str: "text", bool: "boolean", int: "number", float: "number", list: "list", dict: "mapping"}
    return names.get(type(value), "null")


def is_yaml(text: str) -> bool:
    """Tell whether Go reads the first YAML document of a text, of whatever kind it is."""
    try:
        _Reader(text, "").first()
    except ManifestError:
        return False
    return True
