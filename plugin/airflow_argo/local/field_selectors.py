"""``nodeFieldSelector``: which nodes of a workflow are meant, in Kubernetes' syntax of field selectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from airflow_argo.argo.expressions.gojson import anystring
from airflow_argo.local.engine.nodes import Node, template_name
from airflow_argo.local.refusal import Refusal

_TERMS = re.compile(r"((?:\\.|[^,\\])*\\?)(?:,|$)", re.DOTALL)
_TERM = re.compile(r"(.*?)(!=|==|=)(.*)", re.DOTALL)
_ESCAPE = re.compile(r"\\(.?)|[,=]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class NodeSelector:
    """All of its terms have to hold.

    :param terms: each a field, whether it has to be equal, and a value; a field that a node lacks counts as empty.
    """

    text: str
    terms: tuple[tuple[str, bool, str], ...]

    @classmethod
    def parse(cls, text: str) -> NodeSelector:
        """Read a selector such as ``displayName=gate,inputs.parameters.item.value!=2``.

        :raises Refusal: HTTP 500 in Kubernetes' words, as the Argo Server passes them on.
        """
        parts = sorted(part for part in _TERMS.findall(text) if part)
        return cls(text, tuple(_term(part, text) for part in parts))

    def matches(self, node: Node) -> bool:
        """Tell whether a node is meant."""
        fields = _fields(node)
        return all((fields.get(field, "") == value) is equal for field, equal, value in self.terms)


def _term(part: str, text: str) -> tuple[str, bool, str]:
    found = _TERM.fullmatch(part)
    if found is None:
        raise Refusal("INTERNAL", f"invalid selector: '{text}'; can't understand '{part}'")
    field, operator, value = found.groups()
    return field, operator != "!=", _ESCAPE.sub(_unescaped, value)


def _unescaped(found: re.Match[str]) -> str:
    character = found[1]
    if character is None:
        raise Refusal("INTERNAL", f"invalid field selector: unescaped character in value: {ord(found[0])}")
    if character not in ("\\", ",", "="):
        raise Refusal("INTERNAL", f"invalid field selector: invalid escape sequence: {found[0]}")
    return str(character)


def _fields(node: Node) -> Mapping[str, str]:
    fields: dict[str, str] = {
        "displayName": node.get("displayName", ""),
        "templateName": template_name(node),
        "phase": node.get("phase", ""),
        "name": node["name"],
        "id": node["id"],
    }
    reference: Mapping[str, Any] | None = node.get("templateRef")
    if reference:
        fields["templateRef.name"] = reference.get("name", "")
        fields["templateRef.template"] = reference.get("template", "")
    for parameter in (node.get("inputs") or {}).get("parameters") or ():
        value = parameter.get("value")
        fields[f"inputs.parameters.{parameter['name']}.value"] = "" if value is None else anystring(value)
    return fields
