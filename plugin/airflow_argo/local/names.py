"""What Kubernetes asks of names and labels, and how it makes a name out of ``generateName``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from airflow_argo.local.refusal import Refusal, invalid

# Kubernetes' own alphabet: no vowels, so that no word comes out of it.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_BASE = 58
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_LABEL = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
SUBDOMAIN_RULE = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_LABEL_RULE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', at most 63, "
    "and must start and end with an alphanumeric character"
)


def generated(base: str) -> str:
    """A name that begins with the base, cut at 58 characters, and ends in five random ones."""
    return base[:_LONGEST_BASE] + random_end()


def random_end() -> str:
    """Five random characters, as Kubernetes and Argo put them at the end of a name."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(5))


def check_metadata(kind: str, metadata: Mapping[str, Any]) -> None:
    """Refuse the metadata of a new object that Kubernetes would refuse.

    :param kind: such as ``Workflow``.
    :raises Refusal: HTTP 400.
    """
    if metadata.get("resourceVersion"):
        raise invalid("resourceVersion should not be set on objects to be created")
    name = metadata.get("name") or ""
    if not name and not metadata.get("generateName"):
        raise _problem(kind, name, "metadata.name: Required value: name or generateName is required")
    name = name or generated(str(metadata["generateName"]))
    if len(name) > 253 or not _SUBDOMAIN.fullmatch(name):
        raise _problem(kind, name, f'metadata.name: Invalid value: "{name}": {SUBDOMAIN_RULE}')
    for key, value in (metadata.get("labels") or {}).items():
        for text, pattern in ((key, _LABEL_KEY), (str(value), _LABEL)):
            if not pattern.fullmatch(text):
                raise _problem(kind, name, f'metadata.labels: Invalid value: "{text}": {_LABEL_RULE}')


def check_namespace(namespace: str, metadata: Mapping[str, Any]) -> None:
    """Refuse a namespace that cannot be there, and an object that names another one than its request.

    :raises Refusal: HTTP 404, HTTP 400.
    """
    if metadata.get("namespace") not in (None, "", namespace):
        raise invalid("the namespace of the provided object does not match the namespace sent on the request")
    if not _NAMESPACE.fullmatch(namespace):
        raise Refusal("NOT_FOUND", f'namespaces "{namespace}" not found')


def _problem(kind: str, name: str, problem: str) -> Refusal:
    return invalid(f'{kind}.argoproj.io "{name}" is invalid: {problem}')
