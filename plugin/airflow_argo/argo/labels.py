"""Labels and annotations that Kubernetes accepts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from airflow_argo.argo.errors import ManifestError

MAX_LENGTH = 63

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
"""What Kubernetes takes for the name of an object, and for the prefix of a key; of any length."""

VALUE_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
"""Kubernetes' words for what a label value may be."""

_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
_MAX_PREFIX = 253
_FOREIGN = re.compile(r"[^-A-Za-z0-9_.]+")
_HASH_DIGITS = 8


def label_value(text: str) -> str:
    """Make any text a valid label value, always the same one.

    What is valid already stays. Otherwise foreign characters become ``-``, the rest is cut, and a hash of the whole
    text follows, so that two texts do not meet: ``manual__2026-01-01T00:00:00+00:00`` and its neighbours stay apart.
    """
    if _is_value(text):
        return text
    digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_HASH_DIGITS]
    kept = _FOREIGN.sub("-", text)[: MAX_LENGTH - _HASH_DIGITS - 1].strip("-_.")
    return f"{kept}-{digest}" if kept else digest


def value_fault(text: str) -> str:
    """Say what Kubernetes has against a label value, in its own words; nothing if it is valid."""
    faults = [f"must be no more than {MAX_LENGTH} bytes"] if len(text.encode()) > MAX_LENGTH else []
    if not _VALUE.fullmatch(text):
        faults.append(VALUE_RULE)
    return ";".join(faults)


def check_labels(labels: Mapping[str, object], *, path: str, values: bool = True) -> None:
    """Check the keys of labels or annotations, and of labels the values.

    :param path: where they stand.
    :param values: whether values have to be valid label values, rather than any text.
    :raises ManifestError: for the first one that Kubernetes refuses.
    """
    for key, value in labels.items():
        if not _is_key(key):
            raise ManifestError(
                f"'{key}' is no valid key",
                path=path,
                hint=f"A key has at most {MAX_LENGTH} letters, digits, '-', '_' and '.', and may begin with 'domain/'.",
            )
        if not isinstance(value, str):
            raise ManifestError(f"the value is a {type(value).__name__}, not a text", path=f"{path}.{key}")
        if values and not _is_value(value):
            raise ManifestError(
                f"'{value}' is no valid label value",
                path=f"{path}.{key}",
                hint=f"At most {MAX_LENGTH} letters, digits, '-', '_' and '.'; any text goes into an annotation.",
            )


def _is_value(text: str) -> bool:
    return len(text) <= MAX_LENGTH and _VALUE.fullmatch(text) is not None


def _is_key(key: object) -> bool:
    if not isinstance(key, str):
        return False
    prefix, slash, name = key.rpartition("/")
    if slash and not (len(prefix) <= _MAX_PREFIX and SUBDOMAIN.fullmatch(prefix)):
        return False
    return bool(name) and _is_value(name)
