"""The tree of an expression; ``at`` is the index of the character in the source that an error points to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant: nil, a boolean, a number, text or bytes."""

    value: object
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Identifier:
    """A name: a variable of the environment, a ``let`` variable or a function."""

    name: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Unary:
    """An operator before its operand."""

    operator: str
    operand: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Binary:
    """An operator between two operands."""

    operator: str
    left: Node
    right: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """The whole of ``a?.b.c``: nil as soon as an optional part finds nil."""

    body: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """``base.key`` or ``base[key]``; ``optional`` for ``?.``, ``method`` where a call follows."""

    base: Node
    key: Node
    optional: bool
    method: bool
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """``base[start:end]``."""

    base: Node
    start: Node | None
    end: Node | None
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of something of the environment."""

    callee: Node
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Builtin:
    """A call of one of the language's own functions."""

    name: str
    arguments: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Predicate:
    """What ``filter``, ``map`` and the like do with each element."""

    body: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Pointer:
    """``#``, ``#index`` or ``#acc`` in a predicate; ``.x`` is a member of an unnamed pointer."""

    name: str
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Let:
    """``let name = value; body``."""

    name: str
    value: Node
    body: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """``first; second; last``: the value of the last."""

    nodes: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Conditional:
    """``test ? then : otherwise`` or ``if test { then } else { otherwise }``."""

    test: Node
    then: Node
    otherwise: Node
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Array:
    """``[a, b]``."""

    items: tuple[Node, ...]
    at: int


@dataclass(frozen=True, slots=True, eq=False)
class Map:
    """``{key: value}``."""

    pairs: tuple[tuple[Node, Node], ...]
    at: int


Node = (
    Literal
    | Identifier
    | Unary
    | Binary
    | Chain
    | Member
    | Slice
    | Call
    | Builtin
    | Predicate
    | Pointer
    | Let
    | Sequence
    | Conditional
    | Array
    | Map
)
