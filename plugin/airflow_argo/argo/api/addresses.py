"""The parts of a request's address: paths and queries."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from airflow_argo.argo.errors import ManifestError

Pairs = tuple[tuple[str, str], ...]


def checked(name: str, what: str) -> str:
    """Return the name when it can stand in an address.

    :raises ManifestError: it is empty (Argo would answer for the whole collection), holds a slash (501), or is one of
        the two that an HTTP client takes for a place in the path.
    """
    if not name or "/" in name or name in {".", ".."}:
        raise ManifestError(f"{name!r} is no name that Argo could look up.", path=what, hint=f"Set the {what}.")
    return name


def quoted(name: str, what: str) -> str:
    """Return the name as it stands in a path; ``@`` stays, for ``@latest``."""
    return quote(checked(name, what), safe="@")


def workflow_path(namespace: str, name: str | None = None) -> str:
    """Return the path of a namespace's workflows, or of one of them."""
    collection = f"/api/v1/workflows/{quoted(namespace, 'namespace')}"
    return collection if name is None else f"{collection}/{quoted(name, 'name')}"


def pairs(**values: str) -> Pairs:
    """Return the query's pairs, without the empty ones."""
    return tuple((key, value) for key, value in values.items() if value)


def options(family: str, **values: str) -> Pairs:
    """Return the query's pairs of ``listOptions`` or ``logOptions``, without the empty ones."""
    return tuple((f"{family}.{key}", value) for key, value in values.items() if value)


def field_filter(fields: Sequence[str], prefix: str = "", always: Sequence[str] = ()) -> str:
    """Return the value of ``fields=``.

    Only one ``-``, in front of all, leaves fields out; one in front of a later field would be part of its name.

    :param prefix: what the endpoint wants in front of a path within a workflow, such as ``items.``.
    :param always: what else must be named where fields are named: without it lists lose their ``continue``, and
        streams the type of their events and their errors.
    :raises ManifestError: some fields are to be kept and others to be left out.
    """
    if not fields:
        return ""
    left_out = [field.startswith("-") for field in fields]
    if any(left_out) and not left_out[0]:
        raise ManifestError(
            f"{', '.join(fields)}: Argo either keeps fields or leaves them out.",
            path="fields",
            hint="Put '-' in front of the first field to leave them all out, or remove it.",
        )
    paths = [prefix + field.removeprefix("-") for field in fields]
    return "-" + ",".join(paths) if left_out[0] else ",".join([*always, *paths])
