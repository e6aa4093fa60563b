"""A manifest as Go decodes it from JSON, with Go's own words for what does not fit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.expressions import gojson
from airflow_argo.argo.lint.go_types import GoType, fields, folded, parse_type

Document = dict[str, Any]

_RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1), "uint64": (0, 2**64 - 1)}
_LIKE_A_QUANTITY = re.compile(r"([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)")
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][-+]?[0-9]+)?")
_EMPTY: dict[str, Any] = {"string": "", "AnyString": "", "bool": False, "int32": 0, "int64": 0, "uint64": 0}


def decode_workflow(manifest: Mapping[str, Any]) -> Document:
    """Decode a Workflow as the Argo Server does with the body of a create request.

    Fields that Go does not know are dropped, names are taken in any letter case, nulls are left out, and parameter
    values become text. The input is left alone.

    :raises ManifestError: with Go's message, such as ``json: cannot unmarshal bool into Go struct field …``.
    """
    return decode(manifest, "Workflow", ("WorkflowCreateRequest", ("workflow",)))


def decode(value: object, name: str, at: tuple[str, tuple[str, ...]] = ("", ())) -> Document:
    """Decode a value as the struct ``name``; ``at`` is the struct and the path that errors speak of."""
    decoder = _Decoder()
    result = decoder.value(value, parse_type(name), at)
    if decoder.first:
        raise ManifestError(decoder.first)
    return result if isinstance(result, dict) else {}


_At = tuple[str, tuple[str, ...]]


class _Decoder:
    """Go goes on after a value of a wrong type and reports the first one; errors of custom types end it at once."""

    def __init__(self, *, struct: str = "") -> None:
        self.first = ""
        # Go decodes a step group on its own and names the struct around it.
        self.fixed_struct = struct

    def mismatch(self, value: object, go: str, at: _At) -> str:
        struct, path = self.fixed_struct or at[0], ".".join(at[1])
        return f"json: cannot unmarshal {_word(value, go)} into Go struct field {struct}.{path} of type {go}"

    def wrong(self, value: object, kind: GoType, at: _At) -> None:
        self.first = self.first or self.mismatch(value, kind.go, at)

    def refuse(self, message: str) -> NoReturn:
        raise ManifestError(message)

    def value(self, value: object, kind: GoType, at: _At) -> Any:
        """Return the decoded value; None stands for a value that is not set."""
        if value is None:
            return [] if kind.kind == "ParallelSteps" else None
        if kind.kind == "pointer":
            return self.value(value, kind.inner, at)
        handler = _HANDLERS.get(kind.kind)
        return handler(self, value, kind, at) if handler else value

    def struct(self, value: object, kind: GoType, at: _At) -> Any:
        if not isinstance(value, Mapping):
            return self.wrong(value, kind, at)
        known, any_case = fields(kind.go), folded(kind.go)
        name = kind.go.rpartition(".")[2]
        found: Document = {}
        for key, item in value.items():
            field = known.get(key) or any_case.get(str(key).lower())
            if field is None:
                continue
            decoded = self.value(item, field.type, (name, (*at[1], *field.embedded, field.name)))
            # An empty list does not survive the way from Argo's gateway to its server.
            if decoded is not None and decoded != []:
                found[field.name] = decoded
        return found

    def list(self, value: object, kind: GoType, at: _At) -> Any:
        if not isinstance(value, list | tuple):
            return self.wrong(value, kind, at)
        items = [self.value(item, kind.inner, at) for item in value]
        return [zero(kind.inner) if item is None else item for item in items]

    def map(self, value: object, kind: GoType, at: _At) -> Any:
        if not isinstance(value, Mapping):
            return self.wrong(value, kind, at)
        items = {str(key): self.value(item, kind.inner, at) for key, item in value.items()}
        return {key: zero(kind.inner) if item is None else item for key, item in items.items()}

    def string(self, value: object, kind: GoType, at: _At) -> Any:
        return value if isinstance(value, str) else self.wrong(value, kind, at)

    def bool(self, value: object, kind: GoType, at: _At) -> Any:
        return value if isinstance(value, bool) else self.wrong(value, kind, at)

    def integer(self, value: object, kind: GoType, at: _At) -> Any:
        return value if _fits(value, kind.kind) else self.wrong(value, kind, at)

    def any_string(self, value: object, _kind: GoType, _at: _At) -> Any:
        # A list or an object silently becomes the empty text.
        return gojson.anystring(value) if isinstance(value, str | bool | int | float) else ""

    def int_or_string(self, value: object, _kind: GoType, at: _At) -> Any:
        if isinstance(value, str) or _fits(value, "int32"):
            return value
        return self.refuse(self.mismatch(value, "int32", at))

    def plugin(self, value: object, _kind: GoType, at: _At) -> Any:
        if not isinstance(value, Mapping):
            self.refuse(self.mismatch(value, "map[string]interface {}", at))
        if len(value) != 1:
            self.refuse(f"expected exactly one key, got {len(value)}")
        return value

    def quantity(self, value: object, _kind: GoType, _at: _At) -> Any:
        text = value.strip() if isinstance(value, str) else gojson.dumps(value)
        if not _LIKE_A_QUANTITY.fullmatch(text):
            self.refuse(f"quantities must match the regular expression '^{_LIKE_A_QUANTITY.pattern}$'")
        if not _QUANTITY.fullmatch(text):
            self.refuse("unable to parse quantity's suffix")
        return value

    def parallel_steps(self, value: object, _kind: GoType, at: _At) -> Any:
        generic = "[]map[string]interface {}"
        if not isinstance(value, list | tuple):
            self.refuse(self.mismatch(value, generic, at))
        for step in value:
            if step is not None and not isinstance(step, Mapping):
                self.refuse(self.mismatch(step, generic.removeprefix("[]"), at))
            unknown = [key for key in step or () if key not in fields("WorkflowStep")]
            if unknown:
                self.refuse(f'json: unknown field "{unknown[0]}"')
        inner = _Decoder(struct=self.fixed_struct or at[0])
        steps = inner.list(value, parse_type("[]WorkflowStep"), at)
        if inner.first:
            self.refuse(inner.first)
        return steps


_HANDLERS: dict[str, Any] = {
    "struct": _Decoder.struct,
    "list": _Decoder.list,
    "map": _Decoder.map,
    "string": _Decoder.string,
    "bool": _Decoder.bool,
    **dict.fromkeys(_RANGES, _Decoder.integer),
    "AnyString": _Decoder.any_string,
    "IntOrString": _Decoder.int_or_string,
    "Plugin": _Decoder.plugin,
    "Quantity": _Decoder.quantity,
    "ParallelSteps": _Decoder.parallel_steps,
}


def zero(kind: GoType) -> Any:
    """Return what Go has where nothing was set; None for pointers, lists and maps."""
    return {} if kind.kind == "struct" else _EMPTY.get(kind.kind)


def _fits(value: object, kind: str) -> bool:
    low, high = _RANGES[kind]
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _word(value: object, go: str) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {gojson.dumps(value)}" if go in _RANGES else "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list | tuple) else "object"
