"""Fields that Argo does not know: it drops them without a word."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.go_types import fields, folded
from airflow_argo.argo.lint.walk import Part, parts

_FORMER = {
    ("Synchronization", "mutex"): "Since 4.0 it is a list: write 'mutexes: [{name: …}]'.",
    ("Synchronization", "semaphore"): "Since 4.0 it is a list: write 'semaphores: [{configMapKeyRef: …}]'.",
    ("WorkflowSpec", "podPriority"): "It is gone since 4.0: use 'podPriorityClassName'.",
    ("Template", "priority"): "It is gone since 4.0: use 'priorityClassName'.",
    ("WorkflowSpec", "ttlSecondsAfterFinished"): "It is gone: use 'ttlStrategy: {secondsAfterCompletion: …}'.",
    ("Template", "template"): "A template cannot stand for another one: call that one from a step or a task.",
    ("Template", "templateRef"): "A template cannot stand for another one: call that one from a step or a task.",
    ("Template", "arguments"): "Arguments belong to the step or task that calls the template; here stand 'inputs'.",
}


def check(manifest: Mapping[str, Any]) -> Iterator[Finding]:
    """Find fields that do not exist."""
    for part in parts(manifest):
        for key in part.value:
            if not _is_known(part, key):
                path = f"{part.path}.{key}" if part.path else str(key)
                yield Finding(path, "Argo has no such field and drops it", _hint(part, str(key)))


def _is_known(part: Part, key: object) -> bool:
    if key in fields(part.go):
        return True
    # Go reads names in any letter case, but for those of steps.
    return part.type != "WorkflowStep" and str(key).lower() in folded(part.go)


def _hint(part: Part, key: str) -> str:
    former = _FORMER.get((part.type, key))
    if former:
        return former
    close = difflib.get_close_matches(key, fields(part.go), n=1)
    return f"Is '{close[0]}' meant?" if close else ""
