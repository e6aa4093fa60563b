"""The ``fields`` of a request: which parts of an answer are wanted.

As Argo's ``util/fields`` does it, quirks included (seen on v4.1.2): a leading ``-`` on the whole list excludes, arrays
are transparent, map keys are parts of a path, and in include mode a key stays when it is a *string* prefix of a field.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fields:
    """A parsed ``fields`` parameter; an empty one keeps everything.

    :param names: dotted paths of JSON keys.
    :param exclude: whether they are left out instead of kept.
    """

    names: frozenset[str] = frozenset()
    exclude: bool = False

    @classmethod
    def parse(cls, text: str) -> Fields:
        """Read the parameter's text; entries are taken literally, a space after a comma included."""
        if not text:
            return cls()
        exclude = text.startswith("-")
        return cls(frozenset(text.removeprefix("-").split(",")), exclude)

    def __bool__(self) -> bool:
        return bool(self.names)

    def without_prefix(self, prefix: str) -> Fields:
        """The same for an object inside: ``prefix.status`` becomes ``status``, other entries stay as they are."""
        return Fields(frozenset(name.removeprefix(prefix) for name in self.names), self.exclude)

    def will_exclude(self, path: str) -> bool:
        """Whether nothing of this path can be in the answer, so that it need not be fetched."""
        if self.exclude:
            parts = path.split(".")
            return any(".".join(parts[: end + 1]) in self.names for end in range(len(parts)))
        return bool(self.names) and not any(path.startswith(name) or name.startswith(path) for name in self.names)

    def select(self, value: dict[str, Any]) -> dict[str, Any]:
        """A copy with the wanted parts alone; what is kept whole is shared with the original, not copied."""
        if not self.names:
            return value
        return self._select_map("", value)

    def _select_map(self, prefix: str, value: dict[str, Any]) -> dict[str, Any]:
        kept: dict[str, Any] = {}
        for key, child in value.items():
            path = f"{prefix}{key}"
            named = path in self.names
            if named:
                if not self.exclude:
                    kept[key] = child
            elif self._leads_to_a_name(path):
                kept[key] = self._select(f"{path}.", child)
            elif self.exclude:
                kept[key] = child
        return kept

    def _select(self, prefix: str, value: Any) -> Any:
        if isinstance(value, dict):
            return self._select_map(prefix, value)
        if isinstance(value, list):
            return [self._select(prefix, item) for item in value]
        return value

    def _leads_to_a_name(self, path: str) -> bool:
        return any(name.startswith(path) for name in self.names)
