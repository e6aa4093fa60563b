"""Argo's rules for the names of templates, steps, tasks, parameters and artifacts, in its own words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.placeholders import PATTERN as PLACEHOLDER

MAX_FIELD_NAME = 128
MAX_OBJECT_NAME = 63

_FIELD_NAME = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")
_PARAMETER_NAME = re.compile(r"[-a-zA-Z0-9_]+")
_PARAMETER_TAG = re.compile(r"\{\{[-a-zA-Z0-9]+(\.[-a-zA-Z0-9_]+)*\}\}")
_FIELD_NAME_FAULT = (
    "name must consist of alpha-numeric characters or '-', and must start with an alpha-numeric character"
    " (e.g. My-name1-2, 123-NAME)"
)
PARAMETER_NAME_FAULT = (
    "Parameter/Artifact name must consist of alpha-numeric characters, '_' or '-' e.g. my_param_1, MY-PARAM-1"
)


def size(text: str) -> int:
    """Return the length of a text as Go counts it, in bytes."""
    return len(text.encode("utf-8", "replace"))


def field_name_faults(name: str) -> str:
    """Say what is wrong with the name of a template, task or container; empty if nothing is."""
    faults = []
    if size(name) > MAX_FIELD_NAME:
        faults.append(f"must be no more than {MAX_FIELD_NAME} characters")
    if not _FIELD_NAME.fullmatch(name):
        faults.append(_FIELD_NAME_FAULT)
    return ";".join(faults)


def step_name_faults(name: str) -> str:
    """Say what is wrong with the name of a step, in which tags may stand."""
    return field_name_faults(PLACEHOLDER.sub("x", name))


def parameter_name_faults(name: str) -> str:
    """Say what is wrong with the name of a parameter or an artifact; empty if nothing is."""
    return "" if _PARAMETER_NAME.fullmatch(name) else PARAMETER_NAME_FAULT


def is_parameter(text: str) -> bool:
    """Tell whether a text holds a simple tag."""
    return _PARAMETER_TAG.search(text) is not None


def check_names(items: Sequence[Mapping[str, Any]], *, parameters: bool) -> None:
    """Check that things have names, valid and unique ones; the message lacks the prefix of their place.

    :param parameters: whether these are parameters or artifacts, rather than templates or tasks.
    """
    seen: set[str] = set()
    for index, item in enumerate(items):
        name = item.get("name", "")
        if not name:
            raise ManifestError(f"[{index}].name is required")
        faults = parameter_name_faults(name) if parameters else field_name_faults(name)
        if faults:
            raise ManifestError(f"[{index}].name: '{name}' is invalid: {faults}")
        if name in seen:
            raise ManifestError(f"[{index}].name '{name}' is not unique")
        seen.add(name)
