"""The directory of the objects: every file in it is read when something is looked up, if it has changed."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.engine.times import rfc3339
from airflow_argo.local.objects.documents import EVENT_BINDING, MAX_DATA, Key, decoded, is_name, read_objects, size

MAX_FILE = 4 * MAX_DATA
_SUFFIXES = (".yaml", ".yml", ".json")
# A file system's clock may stand still for some milliseconds: a file this young may change without showing it.
_SETTLED_SECONDS = 2.0
# As the store counts, from the time on.
_NANOSECONDS_A_VERSION = 10_000_000

_Signature: TypeAlias = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _File:
    """What a file held when it was read.

    :param error: why it could not be read; it counts as soon as something is not found elsewhere.
    """

    signature: _Signature
    read_at: float
    objects: Mapping[Key, dict[str, Any]]
    error: ManifestError | None = None

    def still_holds(self, signature: _Signature) -> bool:
        return self.signature == signature and self.read_at - signature[0] / 1e9 > _SETTLED_SECONDS


class Objects:
    """ConfigMaps, Secrets and WorkflowEventBindings by namespace and name.

    An object that names no namespace counts in all of them, unless one of the same name names it.

    :param directory: its files ending in ``.yaml``, ``.yml`` or ``.json`` are read, hidden ones are not; it need not
        exist.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._files: dict[Path, _File] = {}

    def config_map(self, namespace: str, name: str) -> dict[str, Any] | None:
        """A ConfigMap, ``data`` and ``metadata.labels`` being there and holding text only; None if there is none.

        :raises ManifestError: if there are two, or if there is none and a file cannot be read.
        """
        found = self._find("ConfigMap", namespace, name)
        return found[1] if found else None

    def secret(self, namespace: str, name: str) -> dict[str, bytes] | None:
        """What a Secret holds, by key; None if there is none.

        :raises ManifestError: if there are two, or if there is none and a file cannot be read.
        """
        found = self._find("Secret", namespace, name)
        return decoded(found[1]["data"]) if found else None

    def event_bindings(self, namespace: str) -> list[dict[str, Any]]:
        """All WorkflowEventBindings of a namespace (of all, if empty) by name, with the metadata of stored objects.

        :raises ManifestError: if there are two of one name, or if a file cannot be read: it might hold one.
        """
        self._refresh()
        for file in self._files.values():
            if file.error is not None:
                raise file.error
        # One that names the namespace comes last and wins.
        keys = sorted(key for file in self._files.values() for key in file.objects if key[0] == EVENT_BINDING)
        wanted = {(key[1] or namespace, key[2]): key for key in keys if namespace in ("", key[1]) or not key[1]}
        return [self._stored(key, place) for (place, _), key in sorted(wanted.items(), key=lambda item: item[0][::-1])]

    def _stored(self, key: Key, namespace: str) -> dict[str, Any]:
        path, file = self._only_file(key)
        found, changed = file.objects[key], file.signature[0]
        if "fault" in found:
            raise found["fault"]
        metadata = {
            **found["metadata"],
            **({"namespace": namespace} if namespace else {}),
            "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{path}/{namespace}/{key[2]}")),
            "resourceVersion": str(changed // _NANOSECONDS_A_VERSION),
            "generation": 1,
            "creationTimestamp": rfc3339(changed / 1e9),
        }
        return {"metadata": metadata, "spec": found["spec"]}

    def write_config_map(self, config_map: Mapping[str, Any]) -> None:
        """Write a ConfigMap into its file, or into a new one of its name; whoever reads sees the old one or the new.

        :raises ManifestError: for an impossible name, for more than Kubernetes stores, for a file that holds other
            objects too, or if it cannot be written.
        """
        metadata = config_map["metadata"]
        name, namespace = metadata["name"], metadata.get("namespace") or ""
        if not is_name(name):
            raise ManifestError(f"'{name}' is no name of a ConfigMap", hint="Use small letters, digits, '-' and '.'.")
        if size(config_map["data"]) > MAX_DATA:
            raise ManifestError(f'ConfigMap "{name}" is invalid: []: Too long: may not be more than {MAX_DATA} bytes')
        found = self._find("ConfigMap", namespace, name)
        path = self._own_file(found[0], name) if found else self._new_file(name)
        text = json.dumps({"apiVersion": "v1", **config_map}, indent=2)
        try:
            _write(path, text)
        except OSError as error:
            raise ManifestError(f"ConfigMap '{name}' cannot be written to {path}: {error.strerror}") from error
        self._files.pop(path, None)

    def _own_file(self, path: Path, name: str) -> Path:
        if len(self._files[path].objects) > 1:
            raise ManifestError(f"ConfigMap '{name}' shares {path} with other objects", hint="Give it its own file.")
        return path

    def _new_file(self, name: str) -> Path:
        path = self.directory / f"{name}.yaml"
        if path.exists():
            raise ManifestError(f"{path} is there already and holds no ConfigMap '{name}'", hint="Rename the file.")
        return path

    def _find(self, kind: str, namespace: str, name: str) -> tuple[Path, dict[str, Any]] | None:
        self._refresh()
        for key in dict.fromkeys(((kind, namespace, name), (kind, "", name))):
            if any(key in file.objects for file in self._files.values()):
                path, file = self._only_file(key)
                return path, file.objects[key]
        for file in self._files.values():
            if file.error is not None:
                raise file.error
        return None

    def _only_file(self, key: Key) -> tuple[Path, _File]:
        first, *others = [(path, file) for path, file in self._files.items() if key in file.objects]
        if others:
            raise ManifestError(f"{key[0]} '{key[2]}' is in {first[0]} and in {others[0][0]}", hint="Remove one.")
        return first

    def _refresh(self) -> None:
        signatures = self._signatures()
        self._files = {
            path: known if (known := self._files.get(path)) and known.still_holds(signature) else _read(path, signature)
            for path, signature in sorted(signatures.items())
        }

    def _signatures(self) -> dict[Path, _Signature]:
        found: dict[Path, _Signature] = {}
        with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(self.directory) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not entry.name.endswith(_SUFFIXES):
                    continue
                # A file may go while the directory is read; anything but a file (a pipe, say) could block.
                with contextlib.suppress(OSError):
                    if entry.is_file():
                        status = entry.stat()
                        found[Path(entry.path)] = (status.st_mtime_ns, status.st_size, status.st_ino)
        return found


def _read(path: Path, signature: _Signature) -> _File:
    read_at = time.time()
    try:
        if signature[1] > MAX_FILE:
            return _File(signature, read_at, {}, ManifestError(f"{path} is larger than {MAX_FILE // 1024 // 1024} MiB"))
        return _File(signature, read_at, read_objects(path.read_text(encoding="utf-8"), str(path)))
    except ManifestError as error:
        return _File(signature, read_at, {}, error)
    except FileNotFoundError:  # It went between the look into the directory and now.
        return _File(signature, read_at, {})
    except UnicodeDecodeError as error:
        problem = ManifestError(f"{path} is no UTF-8 text: {error.reason} at byte {error.start}")
        return _File(signature, read_at, {}, problem)
    except OSError as error:
        return _File(signature, read_at, {}, ManifestError(f"{path} cannot be read: {error.strerror}"))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
