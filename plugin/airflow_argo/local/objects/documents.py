"""The text of a file → the ConfigMaps, Secrets and WorkflowEventBindings in it, as Kubernetes would take them. Pure.

No message holds a value: it may be a secret.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from airflow_argo.argo import go_yaml
from airflow_argo.argo.errors import ManifestError
from airflow_argo.argo.lint.decode import decode
from airflow_argo.argo.lint.encode import encode

EVENT_BINDING = "WorkflowEventBinding"
KINDS = ("ConfigMap", "Secret", EVENT_BINDING)
MAX_DATA = 1024 * 1024
"""Bytes that one ConfigMap or Secret may hold, as in Kubernetes."""

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty: counts for all), name."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_LONGEST_NAME = 253
_ONLY_TEXT = "quote it: Kubernetes takes text only"


def read_objects(text: str, source: str) -> dict[Key, dict[str, Any]]:
    """Read the ConfigMaps, Secrets and WorkflowEventBindings of a YAML or JSON text; other kinds are left out.

    Every Secret comes with all that it holds under ``data``, in base64; a binding that Go could not decode with the
    ``fault``.

    :param source: what errors call the text.
    :raises ManifestError: naming the source, the line and the object, for anything that Kubernetes would refuse.
    """
    found: dict[Key, dict[str, Any]] = {}
    for document in go_yaml.load_all(text, source=source):
        for candidate in _unfolded(document, source):
            if candidate["kind"] in KINDS:
                checked = _Check(candidate, text, source).object()
                key = key_of(checked)
                if key in found:
                    raise ManifestError(f"{source}: there are two of {key[0]} '{key[2]}'")
                found[key] = checked
    return found


def key_of(found: Mapping[str, Any]) -> Key:
    """What an object is found by."""
    return found["kind"], found["metadata"].get("namespace") or "", found["metadata"]["name"]


def is_name(name: str) -> bool:
    """Whether Kubernetes takes this as the name of a ConfigMap or Secret."""
    return len(name) <= _LONGEST_NAME and _NAME.fullmatch(name) is not None


def size(data: Mapping[str, str | bytes]) -> int:
    """How many bytes Kubernetes counts for what an object holds."""
    values = (value if isinstance(value, bytes) else value.encode(errors="replace") for value in data.values())
    return sum(map(len, data)) + sum(map(len, values))


def decoded(data: Mapping[str, str]) -> dict[str, bytes]:
    """The bytes of what ``read_objects`` has checked."""
    return {key: base64.b64decode(value) for key, value in data.items()}


def _unfolded(document: Any, source: str) -> Iterator[dict[str, Any]]:
    if not isinstance(document, dict) or not isinstance(document.get("kind"), str):
        raise ManifestError(f"{source}: an object without a kind", hint="Write 'kind: ConfigMap' or 'kind: Secret'.")
    if document["kind"] != "List":
        yield document
        return
    for item in document.get("items") or ():
        yield from _unfolded(item, source)


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


class _Check:
    """Checks one object and brings a Secret into its stored form."""

    def __init__(self, found: dict[str, Any], text: str, source: str) -> None:
        self._found = found
        self._text = text
        self._source = source
        self._name = ""

    def object(self) -> dict[str, Any]:
        metadata = self._found.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(name, str) or not is_name(name):
            raise self._error("metadata.name is no name of a Kubernetes object", "name")
        self._name = name
        namespace = metadata.get("namespace")
        if namespace is not None and not isinstance(namespace, str):
            raise self._error(f"metadata.namespace is no text; {_ONLY_TEXT}", "namespace")
        return self._event_binding() if self._found["kind"] == EVENT_BINDING else self._with_data(metadata)

    def _event_binding(self) -> dict[str, Any]:
        place = (EVENT_BINDING, ())
        try:
            found = encode(decode(self._found, EVENT_BINDING, place), EVENT_BINDING)
        except ManifestError as error:
            field = error.message.partition("Go struct field ")[2].partition(" ")[0]
            # Only who asks for bindings has to know: ConfigMaps of the same file are good.
            fault = self._error(error.message, field.rpartition(".")[2] or "spec")
            return {"kind": EVENT_BINDING, "metadata": self._found["metadata"], "fault": fault}
        return {"kind": EVENT_BINDING, **found}

    def _with_data(self, metadata: dict[str, Any]) -> dict[str, Any]:
        data = self._data()
        if size(data if self._found["kind"] == "ConfigMap" else decoded(data)) > MAX_DATA:
            raise self._error(f"holds more than {MAX_DATA} bytes", "data")
        labels = self._texts(metadata.get("labels"), "metadata.labels")
        return {"kind": self._found["kind"], "metadata": {**metadata, "labels": labels}, "data": data}

    def _data(self) -> dict[str, str]:
        data = self._keyed("data")
        if self._found["kind"] == "ConfigMap":
            return data
        data = {key: "".join(value.split()) for key, value in data.items()}
        for key, value in data.items():
            if not _is_base64(value):
                raise self._error(f"data.{key} is no base64; plain text belongs under stringData", key)
        plain = self._keyed("stringData")
        return {**data, **{key: base64.b64encode(value.encode()).decode() for key, value in plain.items()}}

    def _keyed(self, field: str) -> dict[str, str]:
        texts = self._texts(self._found.get(field), field)
        for key in texts:
            if not _KEY.fullmatch(key) or key in (".", "..") or len(key) > _LONGEST_NAME:
                raise self._error(
                    f"{field} has the key '{key}': only letters, digits, '-', '_' and '.' may be in it", key
                )
        return texts

    def _texts(self, value: Any, place: str) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self._error(f"{place} is no mapping", place.rpartition(".")[2])
        for key, text in value.items():
            if text is not None and not isinstance(text, str):
                raise self._error(f"{place}.{key} is no text; {_ONLY_TEXT}", key)
        return {key: text or "" for key, text in value.items()}

    def _error(self, reason: str, key: str) -> ManifestError:
        line = _line_of(self._text, self._name, key)
        what = f"{self._found['kind']} '{self._name}'" if self._name else self._found["kind"]
        return ManifestError(f"{self._source}{f', line {line}' if line else ''}: {what}: {reason}")


def _line_of(text: str, name: str, key: str) -> int | None:
    """Where a key stands, looked for from the object's name on: a parsed value does not remember its line."""
    start = text.find(name) if name else 0
    pattern = rf"(?m)(?:^|[\s{{,\"'-]){re.escape(key)}[\"']?\s*:"
    found = re.compile(pattern).search(text, max(start, 0)) or re.compile(pattern).search(text)
    return text.count("\n", 0, found.end() - 1) + 1 if found else None
