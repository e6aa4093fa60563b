"""The files of volumes that hold a ConfigMap or a Secret."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.execution.object_values import ObjectSource

_MODE = 0o644


class ObjectFile(NamedTuple):
    """A file of such a volume."""

    content: bytes
    mode: int


def object_files(volume: Mapping[str, Any], namespace: str, objects: ObjectSource) -> dict[str, ObjectFile] | None:
    """Find the files of a volume, by their path in it; None if it is a volume of another kind.

    :raises ManifestError: in Kubernetes' words, if the object or a key of it is not there and not optional.
    """
    place = f"volume {volume.get('name')}"
    if volume.get("configMap") is not None:
        source, kind = volume["configMap"], "config"
        name = str(source.get("name") or "")
        found = objects.config_map(namespace, name)
        data = None if found is None else {key: text.encode() for key, text in found["data"].items()}
    elif volume.get("secret") is not None:
        source, kind = volume["secret"], "secret"
        name = str(source.get("secretName") or "")
        secret = objects.secret(namespace, name)
        data = None if secret is None else dict(secret)
    else:
        return None
    if data is None and not source.get("optional"):
        raise ManifestError(f'{"configmap" if kind == "config" else "secret"} "{name}" not found', path=place)
    default = _mode(source.get("defaultMode"), _MODE)
    items = source.get("items")
    if not items:
        return {key: ObjectFile(content, default) for key, content in (data or {}).items()}
    files = {}
    for item in items:
        key = str(item.get("key") or "")
        if data is not None and key in data:
            files[_path(item, place)] = ObjectFile(data[key], _mode(item.get("mode"), default))
        elif not source.get("optional"):
            raise ManifestError(f"references non-existent {kind} key: {key}", path=place)
    return files


def write_files(directory: Path, files: Mapping[str, ObjectFile]) -> None:
    """Write the files of a volume below a directory, which is made.

    :raises OSError: if that cannot be done.
    """
    directory.mkdir(parents=True, exist_ok=True)
    for path, file in files.items():
        target = directory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(file.mode)


def _mode(value: Any, default: int) -> int:
    return default if value is None else int(value) & 0o777


def _path(item: Mapping[str, Any], place: str) -> str:
    path = str(item.get("path") or "")
    if not path or path.startswith("/") or ".." in path.split("/"):
        raise ManifestError(f"path {path!r} has to be relative, without '..'", path=place)
    return path
