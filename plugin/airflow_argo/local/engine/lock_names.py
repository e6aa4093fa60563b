"""What ``synchronization`` asks for: the names of its locks, as Argo writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from airflow_argo.local.engine.errors import NodeError

LockKind: TypeAlias = Literal["Mutex", "ConfigMap"]


class LockName(NamedTuple):
    """A mutex, or a semaphore whose limit is in a ConfigMap.

    :param key: of the ConfigMap; empty for a mutex.
    """

    namespace: str
    kind: LockKind
    name: str
    key: str = ""

    def __str__(self) -> str:
        return "/".join((self.namespace, self.kind, self.name) + ((self.key,) if self.kind == "ConfigMap" else ()))

    @classmethod
    def parse(cls, text: str) -> LockName:
        """Read what ``str`` wrote.

        :raises NodeError: if it is no name of a lock.
        """
        namespace, _, rest = text.partition("/")
        kind, _, rest = rest.partition("/")
        if kind == "Mutex":
            return cls(namespace, "Mutex", rest)
        name, _, key = rest.partition("/")
        if kind != "ConfigMap":
            raise NodeError(f"Invalid lock key, unexpected kind: {kind}")
        return cls(namespace, "ConfigMap", name, key)


def lock_names(synchronization: Mapping[str, Any], namespace: str) -> list[LockName]:
    """List the locks in Argo's order, semaphores first.

    :param namespace: the workflow's, for locks that name none.
    :raises NodeError: if one stands there twice, or has no name.
    """
    semaphores: Sequence[Mapping[str, Any]] = synchronization.get("semaphores") or ()
    mutexes: Sequence[Mapping[str, Any]] = synchronization.get("mutexes") or ()
    for items in (semaphores, mutexes):
        if any(item in items[:index] for index, item in enumerate(items)):
            raise NodeError("requested configuration is invalid: duplicate synchronization item found")
    names = [_semaphore(item, item.get("namespace") or namespace) for item in semaphores]
    names += [LockName(item.get("namespace") or namespace, "Mutex", item.get("name") or "") for item in mutexes]
    for name in names:
        _check(name)
    return list(dict.fromkeys(names))


def _semaphore(item: Mapping[str, Any], namespace: str) -> LockName:
    reference = item.get("configMapKeyRef")
    if reference is None:
        reason = "cannot get LockName for a Semaphore without a ConfigMapRef or Database"
        raise NodeError(f"requested configuration is invalid: {reason}")
    return LockName(namespace, "ConfigMap", reference.get("name") or "", reference.get("key") or "")


def _check(name: LockName) -> None:
    missing = "ResourceName is missing" if not name.name else ""
    if name.kind == "ConfigMap" and name.name and not name.key:
        missing = "Key is missing for ConfigMap lock"
    if missing:
        problem = f"unable to decode lock ({name}) that was just encoded"
        raise NodeError(f"bug: {problem}: Invalid lock key: {missing}")


def database_locks(synchronization: Any) -> list[str]:
    """Say where locks are asked for that are kept in a database."""
    found = []
    for field in ("semaphores", "mutexes"):
        for index, item in enumerate((synchronization or {}).get(field) or ()):
            if item.get("database"):
                found.append(f"{field}[{index}].database")
    return found
