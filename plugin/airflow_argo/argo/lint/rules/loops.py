"""Loops that cannot be read, and items outside of loops."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.expressions.errors import InvalidJSONError
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.tags import simple_tags
from airflow_argo.argo.lint.walk import Part, parts

_ROOTS = ("item", "steps", "tasks", "inputs", "outputs", "pod", "workflow", "node")
_INTEGER = re.compile(r"[-+]?[0-9]+")


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find what is wrong with loops over items."""
    for part in parts(manifest):
        if part.type in {"WorkflowStep", "DAGTask"}:
            yield from _check_loop(part) if _loops(part.value) else _check_no_loop(part)
        elif part.type == "Template" and len(part.templates) == 1:
            yield from _check_item_in_leaf(part)


def _loops(node: Mapping[str, Any]) -> bool:
    return bool(node.get("withItems") or node.get("withParam")) or node.get("withSequence") is not None


def _tags(value: object) -> list[str]:
    try:
        return [tag.strip() for tag in simple_tags(json.dumps(value, default=str))]
    except ManifestError:
        return []


def _check_no_loop(part: Part) -> Iterator[Finding]:
    if part.value.get("withItems") == []:
        yield Finding(
            f"{part.path}.withItems",
            "an empty list is no loop: it runs once, with '{{item}}' as it stands",
            "Use withParam: '[]' for a loop over nothing.",
        )
    elif any(tag == "item" for tag in _tags(_without_inline(part.value))):
        yield Finding(part.path, "'{{item}}' stays as it stands: there is no loop", "Add withItems or withParam.")


def _check_item_in_leaf(part: Part) -> Iterator[Finding]:
    leaf = {key: value for key, value in part.value.items() if key not in {"steps", "dag"}}
    if "item" in _tags(leaf):
        yield Finding(
            part.path,
            "'{{item}}' stays as it stands: only the step or task that loops knows it",
            "Hand it over as an argument, and use {{inputs.parameters.…}} here.",
        )


def _without_inline(node: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if key != "inline"}


def _substituted(part: Part) -> dict[str, Any]:
    # Steps put the loop itself aside before the tags are replaced, tasks do not.
    loop = {"withItems", "withParam", "withSequence"} if part.type == "WorkflowStep" else set()
    return {key: value for key, value in _without_inline(part.value).items() if key not in loop}


def _check_loop(part: Part) -> Iterator[Finding]:
    for tag in dict.fromkeys(_tags(_substituted(part))):
        if tag.split(".")[0] not in _ROOTS and "{{" not in tag:
            yield Finding(part.path, f"in a loop the unknown tag '{{{{{tag}}}}}' is an error", "Remove or escape it.")
    yield from _check_param(part)
    sequence = part.value.get("withSequence")
    if isinstance(sequence, Mapping):
        yield from _check_sequence(f"{part.path}.withSequence", sequence)


def _check_param(part: Part) -> Iterator[Finding]:
    text = part.value.get("withParam")
    if not isinstance(text, str) or not text or "{{" in text:
        return
    try:
        value = gojson.loads(text)
    except InvalidJSONError as error:
        yield Finding(f"{part.path}.withParam", f"this is no JSON list: {error}")
        return
    if value is not None and not isinstance(value, list):
        yield Finding(f"{part.path}.withParam", "this is JSON, but no list")


def _check_sequence(path: str, sequence: Mapping[str, Any]) -> Iterator[Finding]:
    if sequence.get("count") is None and sequence.get("end") is None:
        yield Finding(path, "neither end nor count was specified in withSequence")
    for key in ("count", "start", "end"):
        value = sequence.get(key)
        if isinstance(value, str) and "{{" not in value and not _INTEGER.fullmatch(value):
            yield Finding(f"{path}.{key}", f"'{value}' is no whole number")
