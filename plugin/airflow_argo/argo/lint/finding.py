"""What is wrong with a manifest, and where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that Argo would refuse, or accept and then hang or die on.

    :param path: where, such as ``templates.main.steps[0].pull.withParam``; empty for the whole manifest.
    :param message: what happens.
    :param hint: what to do.
    """

    path: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        told = f"{self.path}: {self.message}" if self.path else self.message
        return f"{told}. {self.hint}" if self.hint else told
