"""What Argo would refuse, and what it would accept and then hang or die on, found before it is asked."""

from __future__ import annotations

from airflow_argo.argo.lint.context import Lookup
from airflow_argo.argo.lint.finding import Finding
from airflow_argo.argo.lint.report import lint, lint_spec, lint_template, require_clean
from airflow_argo.argo.lint.validation import validate, validate_template

__all__ = ["Finding", "Lookup", "lint", "lint_spec", "lint_template", "require_clean", "validate", "validate_template"]
