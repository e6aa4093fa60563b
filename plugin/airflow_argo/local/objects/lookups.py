"""What the engine asks of the objects: parameters, the limits of semaphores, and the caches of templates."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from airflow_argo.argo.errors import ManifestError
from airflow_argo.local.engine.config_maps import TYPE_LABEL, ConfigMapLookup
from airflow_argo.local.engine.errors import NodeError, UnreadableObjectError
from airflow_argo.local.engine.lock_names import LockName
from airflow_argo.local.names import SUBDOMAIN_RULE
from airflow_argo.local.objects.directory import Objects
from airflow_argo.local.objects.documents import is_name

# Argo keeps all caches in the namespace of its controller, wherever the workflows are.
_CACHE_NAMESPACE = "argo"
_CACHE = "Cache"


def config_maps(objects: Objects, namespace: str) -> ConfigMapLookup:
    """How the engine finds the ConfigMaps of a workflow's namespace."""

    def find(name: str) -> dict[str, Any] | None:
        with _telling():
            return objects.config_map(namespace, name)

    return find


def limit_of(objects: Objects, lock: LockName) -> int:
    """Read the limit of a semaphore.

    :raises NodeError: if the ConfigMap or its key is not there, or is no whole number.
    :raises UnreadableObjectError: if the ConfigMap may be in a file that cannot be read.
    """
    with _telling():
        found = objects.config_map(lock.namespace, lock.name)
    if found is None:
        raise NodeError(f'configmaps "{lock.name}" not found')
    if lock.key not in found["data"]:
        raise NodeError(f"Sync configuration key '{lock.key}' not found in ConfigMap")
    text = found["data"][lock.key]
    if not (text.isascii() and text.lstrip("+-").isdigit()):
        raise NodeError(f"the limit {lock} is no whole number: {text}")
    return int(text)


class CacheObjects:
    """The caches of memoized templates; the engine's ``CacheStore``."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def load(self, cache: str, key: str) -> str | None:
        """Read an entry; None if there is none."""
        found = self._cache(cache)
        return found["data"].get(key) if found else None

    def save(self, cache: str, key: str, entry: str) -> None:
        """Write an entry, into a new ConfigMap if there is none."""
        if not is_name(cache):
            problem = f'ConfigMap "{cache}" is invalid: metadata.name: Invalid value: "{cache}": {SUBDOMAIN_RULE}'
            raise NodeError(f"could not save to config map cache: {problem}")
        found = self._cache(cache) or {"kind": "ConfigMap", "metadata": {"name": cache, "namespace": _CACHE_NAMESPACE}}
        metadata = {**found["metadata"], "labels": {TYPE_LABEL: _CACHE}}
        data = {**found.get("data", {}), key: entry}
        try:
            self._objects.write_config_map({**found, "metadata": metadata, "data": data})
        except ManifestError as error:
            page = "https://argo-workflows.readthedocs.io/en/latest/memoization/#faqs"
            reason = f"error creating cache entry: {error}. Please check out this page for help: {page}"
            raise NodeError(reason) from error

    def _cache(self, name: str) -> dict[str, Any] | None:
        with _telling():
            found = self._objects.config_map(_CACHE_NAMESPACE, name)
        if found is None:
            return None
        label = found["metadata"]["labels"].get(TYPE_LABEL)
        if label is None:
            raise NodeError(f"memoization configmap doesn't have {TYPE_LABEL} label, refusing to use it")
        if label != _CACHE:
            raise NodeError(f"memoization configmap doesn't have label {TYPE_LABEL} = {_CACHE}, refusing to use it")
        return found


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except ManifestError as error:
        raise UnreadableObjectError(str(error)) from error
