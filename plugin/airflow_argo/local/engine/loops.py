"""Loops: from ``withItems``, ``withParam`` or ``withSequence`` to items, their texts and their node names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import ExpressionError, InvalidJSONError
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.go_format import sprintf
from airflow_argo.local.engine.numbers import atoi

EMPTY = "Skipped, empty params"
MOST_ITEMS = 100_000
"""A sequence of more is refused; Argo has no such limit, and its controller would take all memory."""
LOOP_FIELDS = ("withItems", "withParam", "withSequence")

_STRING_OR_SPACE = re.compile(r'"(?:[^"\\]|\\.)*"|\s+')
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a loop, as the JSON text it was written in: Argo keeps the escapes and digits of the original.

    :param raw: JSON without surrounding white space.
    """

    raw: str

    @property
    def is_map(self) -> bool:
        """Tell whether the item is a JSON object."""
        return self.raw.startswith("{")

    @property
    def is_list(self) -> bool:
        """Tell whether the item counts as a list; ``null`` does."""
        return self.raw.startswith("[") or self.raw == "null"

    def json(self) -> str:
        """Write the item as Go's ``json.Marshal`` does: compact, its keys in their own order."""
        return _compact(self.raw)

    def text(self) -> str:
        """Write the item as Go prints it: a string without its quotes but with its escapes."""
        text = gojson.unescaped(_compact(self.raw))
        return text[1:-1] if text.startswith('"') else text

    def fields(self) -> dict[str, Item]:
        """Take an object apart."""
        return {key: Item(raw) for key, raw in _members(self.raw)}

    def elements(self) -> list[Item]:
        """Take a list apart; ``null`` has no elements."""
        return [] if self.raw == "null" else [Item(raw) for raw in _elements(self.raw)]

    def description(self) -> str:
        """Describe the item for a node's name."""
        if self.is_map:
            return ",".join(sorted(f"{key}:{value.text()}" for key, value in self.fields().items()))
        if self.is_list:
            return "[" + " ".join(element.text() for element in self.elements()) + "]"
        return self.text()

    def variables(self) -> dict[str, str]:
        """List what ``{{item}}`` and ``{{item.KEY}}`` stand for."""
        if self.is_map:
            fields = self.fields()
            whole = ",".join(f"{gojson.dumps(key)}:{_compact(fields[key].raw)}" for key in sorted(fields))
            return {"item": "{" + whole + "}", **{f"item.{key}": value.text() for key, value in fields.items()}}
        if self.is_list:
            return {"item": _compact(self.raw)}
        if self.raw.startswith('"'):
            return {"item": str(gojson.loads(self.raw))}
        return {"item": self.text()}


def loops(holder: Mapping[str, Any]) -> bool:
    """Tell whether a step or task is a loop; ``withItems: []`` is none."""
    return bool(holder.get("withItems") or holder.get("withParam")) or holder.get("withSequence") is not None


def node_name(name: str, index: int, item: Item) -> str:
    """Name the step or task of one item, such as ``pull(0:a)``."""
    description = item.description().replace("(", "").replace(")", "")
    return f"{name}({index}:{description})"


def items(holder: Mapping[str, Any]) -> list[Item]:
    """List the items of a loop.

    :raises NodeError: if ``withParam`` is no JSON list or ``withSequence`` holds no numbers.
    """
    if holder.get("withItems"):
        return [Item(gojson.dumps(value, html=False)) for value in holder["withItems"]]
    if holder.get("withParam"):
        return _items_of_text(holder["withParam"])
    return list(_sequence(holder.get("withSequence") or {}))


def _items_of_text(text: str) -> list[Item]:
    try:
        value = gojson.loads(text)
        if value is not None and not isinstance(value, list):
            raise InvalidJSONError(f"json: cannot unmarshal {_json_kind(value)} into Go value of type []v1alpha1.Item")
    except ExpressionError as error:
        raise NodeError(f"withParam value could not be parsed as a JSON list: {text.strip()}: {error}") from None
    return [] if value is None else [Item(raw) for raw in _elements(text.strip())]


def _json_kind(value: object) -> str:
    if isinstance(value, dict):
        return "object"
    if isinstance(value, str):
        return "string"
    return "bool" if isinstance(value, bool) else "number"


def _sequence(sequence: Mapping[str, Any]) -> Iterator[Item]:
    start = atoi(gojson.anystring(sequence["start"])) if sequence.get("start") is not None else 0
    if sequence.get("end") is not None:
        end = atoi(gojson.anystring(sequence["end"]))
    elif sequence.get("count") is not None:
        count = atoi(gojson.anystring(sequence["count"]))
        if count == 0:
            return
        end = start + count - 1
    else:
        raise NodeError("neither end nor count was specified in withSequence")
    if abs(end - start) >= MOST_ITEMS:
        raise NodeError(f"the embedded Argo Server makes at most {MOST_ITEMS} items of a withSequence")
    step = 1 if start <= end else -1
    for number in range(start, end + step, step):
        raw = f'"{sprintf(sequence.get("format") or "%d", number)}"'
        gojson.loads(raw)
        yield Item(raw)


def _compact(raw: str) -> str:
    return _STRING_OR_SPACE.sub(lambda found: gojson.escaped(found[0]) if found[0][0] == '"' else "", raw)


def _skip(text: str, position: int, chars: str) -> int:
    while position < len(text) and text[position] in chars:
        position += 1
    return position


def _elements(raw: str) -> Iterator[str]:
    position = _skip(raw, 1, " \t\r\n")
    while raw[position] != "]":
        end = _DECODER.raw_decode(raw, position)[1]
        yield raw[position:end]
        position = _skip(raw, end, " \t\r\n,")


def _members(raw: str) -> Iterator[tuple[str, str]]:
    position = _skip(raw, 1, " \t\r\n")
    while raw[position] != "}":
        key, end = _DECODER.raw_decode(raw, position)
        start = _skip(raw, end, " \t\r\n:")
        end = _DECODER.raw_decode(raw, start)[1]
        yield str(key), raw[start:end]
        position = _skip(raw, end, " \t\r\n,")
