"""Where in a manifest's text a place is: ``templates.main.steps[0].pull.withParam`` → its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

import yaml

from airflow_argo.argo.go_yaml import LOADER

_PART = re.compile(r"\[(\d+)\]|([^.\[\] ]+)")
_PLACE = re.compile(r"(?:spec|metadata|templates|hooks)\.[^ :,'\"]+")
# Argo's messages leave these out of a place.
_LEFT_OUT = ("spec", "workflowSpec", "dag", "container", "script", "containerSet")

_Step: TypeAlias = "tuple[yaml.Node, yaml.Node]"


class Lines:
    """The lines of a text, counted from 1; the text is parsed once, however many places are looked for.

    :param text: YAML or JSON.
    """

    def __init__(self, text: str) -> None:
        self._roots = _documents(text)

    def of(self, place: str, document: int | None = None) -> int | None:
        """Find the line in which a place begins, or that of what is nearest around it.

        :param place: a path as errors have it: keys, the names of what stands in lists, and ``[index]``; or a message
            that begins with one.
        :param document: which of the text's documents, empty ones left out; by default the first one that has the
            place.
        :returns: None if nothing of the place is in the text.
        """
        found = _PLACE.search(place)
        if found is None:
            return None
        roots = self._roots if document is None else self._roots[document:][:1]
        try:
            lines = [_line_below(root, found[0]) for root in roots]
        except RecursionError:  # An alias within its own anchor.
            return None
        return next((line for line in lines if line is not None), None)

    def first(self, document: int) -> int:
        """The line in which a document begins; 1 for one that is not there."""
        return self._roots[document].start_mark.line + 1 if document < len(self._roots) else 1


def _documents(text: str) -> list[yaml.Node]:
    try:
        return [node for node in yaml.compose_all(text, Loader=LOADER) if isinstance(node, yaml.MappingNode)]
    except (yaml.YAMLError, RecursionError):
        return []


def _line_below(root: yaml.Node, place: str) -> int | None:
    node, line = root, None
    for index, name in _PART.findall(place):
        step = _item(node, int(index)) if index else next(_named(node, name), None)
        if step is None:
            break
        mark, node = step
        line = mark.start_mark.line + 1
    return line


def _item(node: yaml.Node, index: int) -> _Step | None:
    if isinstance(node, yaml.SequenceNode) and index < len(node.value):
        return node.value[index], node.value[index]
    return None


def _named(node: yaml.Node, name: str) -> Iterator[_Step]:
    """What is called so: the value of a key, a list's item of this name, or either in what places leave out."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if any(value.value == name for key, value in _pairs(item) if key.value == "name"):
                yield item, item
        return
    yield from ((key, value) for key, value in _pairs(node) if key.value == name)
    for key, value in _pairs(node):
        if key.value in _LEFT_OUT and isinstance(value, yaml.MappingNode):
            yield from _named(value, name)


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []
