"""All findings of a manifest, and the one error that tells them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_argo.argo.errors import ArgoError, ManifestError
from airflow_argo.argo.lint.context import Lookup
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.rules import RULES
from airflow_argo.argo.lint.validation import template_error, validation_error

_NO_TEXT = re.compile(r"cannot unmarshal (number|bool) .* of type string")
_QUOTES = "Put the value into quotes; YAML reads y, n, on and off without quotes as booleans."
_NO_VALUE = re.compile(r"spec\.arguments\.(\S+)\.value or \S+ is required")
_UNKNOWN_FIELD = "json: unknown field"


def lint(manifest: Mapping[str, Any], *, templates: Lookup | None = None, allow_empty: bool = False) -> list[Finding]:
    """Find what Argo would refuse, and what it would accept and then hang or die on.

    :param manifest: the Workflow; it is left alone.
    :param templates: finds a WorkflowTemplate by name, or a ClusterWorkflowTemplate if the second argument is true.
        Without it, references to the server's templates are taken to be good.
    :param allow_empty: accept workflow arguments without a value, as Argo's own lint does.
    :returns: Argo's own first complaint, if it has one, and everything else; empty if the manifest is clean.
    """
    return _all(manifest, validation_error(manifest, templates, allow_empty=allow_empty))


def lint_template(
    manifest: Mapping[str, Any], *, cluster: bool = False, templates: Lookup | None = None
) -> list[Finding]:
    """Find what Argo would refuse of a WorkflowTemplate, or of a ClusterWorkflowTemplate, as ``lint`` does.

    :param cluster: whether it is a ClusterWorkflowTemplate.
    """
    return _all(manifest, template_error(manifest, templates, cluster=cluster))


def lint_spec(spec: Mapping[str, Any], *, templates: Lookup | None = None) -> list[Finding]:
    """Find what Argo would refuse of a Workflow that is still without a name, as a CronWorkflow holds it."""
    unnamed = {"metadata": {"generateName": "cron-"}, "spec": spec}
    return _all(unnamed, validation_error(unnamed, templates, allow_empty=True))


def _all(manifest: Mapping[str, Any], error: ArgoError | None) -> list[Finding]:
    found = [finding for rule in RULES for finding in rule(manifest)]
    if error is not None and not _is_told(error, found):
        found.insert(0, _finding(error))
    return list(dict.fromkeys(found))


def require_clean(manifest: Mapping[str, Any], *, templates: Lookup | None = None) -> None:
    """Refuse a manifest that ``lint`` has something to say about.

    :raises ManifestError: with all findings and their places.
    """
    found = lint(manifest, templates=templates)
    if not found:
        return
    if len(found) == 1:
        raise ManifestError(found[0].message, path=found[0].path, hint=found[0].hint)
    lines = "".join(f"\n- {finding}" for finding in found)
    raise ManifestError(f"the workflow has {len(found)} faults:{lines}")


def _finding(error: ArgoError) -> Finding:
    path = getattr(error, "path", "")
    if _NO_TEXT.search(error.message):
        return Finding("", error.message, _QUOTES)
    missing = _NO_VALUE.fullmatch(error.message)
    if missing:
        name = missing[1]
        return Finding(
            "", error.message, f"Give it a value: -p {name}=… in a shell, parameters={{'{name}': …}} in a DAG."
        )
    # Most of Argo's messages begin with their place.
    return Finding("" if error.message.startswith(path) else path, error.message, error.hint)


def _is_told(error: ArgoError, found: list[Finding]) -> bool:
    """Tell whether a rule says the same with the place."""
    return error.message.startswith(_UNKNOWN_FIELD) and any("no such field" in finding.message for finding in found)
