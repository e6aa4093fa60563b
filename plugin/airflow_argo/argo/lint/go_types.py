"""Go's types of a Workflow, read from ``go_types_table``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from airflow_argo.argo.lint.go_types_table import TABLE

_PACKAGE = "v1alpha1"
_CUSTOM = frozenset({"AnyString", "Item", "IntOrString", "ParallelSteps", "Plugin", "Quantity"})
_BASIC = frozenset({"string", "bool", "int32", "int64", "uint64", "any"})


@dataclass(frozen=True)
class GoType:
    """A type of a field.

    :param kind: pointer, list, map, struct, string, bool, int32, int64, uint64, any, or the name of a custom type.
    :param go: what Go's error messages call it.
    :param of: what a pointer, list or map holds.
    """

    kind: str
    go: str
    of: GoType | None = None

    @property
    def inner(self) -> GoType:
        """What a pointer, list or map holds; the type itself otherwise."""
        return self.of or self


@dataclass(frozen=True)
class Field:
    """A field of a struct: its JSON name, its type, whether it is written when empty, the structs it was put in by."""

    name: str
    type: GoType
    always: bool
    embedded: tuple[str, ...] = ()


@cache
def _lines() -> dict[str, str]:
    lines: list[str] = []
    for line in TABLE.strip().splitlines():
        if line.startswith(" "):
            lines[-1] += line
        else:
            lines.append(line)
    return {name: rest.strip() for name, _, rest in (line.partition(":") for line in lines if " = " not in line)}


@cache
def _aliases() -> dict[str, str]:
    pairs = (line.split(" = ") for line in TABLE.splitlines() if " = " in line)
    return {name: target.strip() for name, target in pairs}


@cache
def parse_type(text: str) -> GoType:
    """Read a type as the table writes it."""
    for prefix, kind, go in (("*", "pointer", "*"), ("[]", "list", "[]"), ("{}", "map", "map[string]")):
        if text.startswith(prefix):
            inner = parse_type(text[len(prefix) :])
            return GoType(kind, go + inner.go, inner)
    if text in _aliases():
        target = parse_type(_aliases()[text])
        return GoType(target.kind, text if "." in text else f"{_PACKAGE}.{text}", target.of)
    if text.startswith("string<"):
        return GoType("string", text[len("string<") : -1])
    if text in _BASIC:
        return GoType(text, text)
    if text in _CUSTOM:
        return GoType(text, f"{_PACKAGE}.{text}")
    return GoType("struct", text if "." in text else f"{_PACKAGE}.{text}")


@cache
def fields(go: str) -> dict[str, Field]:
    """Return the fields of a struct by JSON name, in the order in which Go writes them.

    :param go: what Go calls the struct, such as ``v1alpha1.Template``.
    """
    found: dict[str, Field] = {}
    for word in _lines()[go.removeprefix(f"{_PACKAGE}.")].split():
        if word.startswith("+"):
            name = word[1:].rpartition(".")[2]
            embedded = fields(word[1:]).values()
            found |= {f.name: Field(f.name, f.type, f.always, (name, *f.embedded)) for f in embedded}
            continue
        name, _, kind = word.rstrip("!").partition("=")
        found[name] = Field(name, parse_type(kind or "string"), word.endswith("!"))
    return found


@cache
def folded(go: str) -> dict[str, Field]:
    """Return the fields of a struct by lower-case name: Go reads names in any letter case."""
    return {name.lower(): field for name, field in fields(go).items()}
