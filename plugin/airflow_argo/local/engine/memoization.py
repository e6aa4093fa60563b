"""``memoize``: outputs that an earlier node left in a cache, which is a ConfigMap."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from airflow_argo.argo.expressions.gojson_fault import fault
from airflow_argo.local.engine.errors import NodeError
from airflow_argo.local.engine.nodes import Node
from airflow_argo.local.engine.substitution import to_json
from airflow_argo.local.engine.times import go_duration, rfc3339

if TYPE_CHECKING:
    from airflow_argo.local.engine.run import Run

_KEY = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]*")


class CacheStore(Protocol):
    """Where the caches are: ConfigMaps with a label of their own."""

    def load(self, cache: str, key: str) -> str | None:
        """Read an entry; None if there is none.

        :raises NodeError: if the ConfigMap is there and is no cache, or cannot be read.
        """
        ...

    def save(self, cache: str, key: str, entry: str) -> None:
        """Write an entry; the ConfigMap is made if there is none.

        :raises NodeError: if the ConfigMap is there and is no cache, or cannot be written.
        """
        ...


class NoCache:
    """Remembers for as long as it lives."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], str] = {}

    def load(self, cache: str, key: str) -> str | None:
        """Read an entry."""
        return self._entries.get((cache, key))

    def save(self, cache: str, key: str, entry: str) -> None:
        """Write an entry."""
        self._entries[cache, key] = entry


@dataclass(frozen=True, slots=True)
class Recall:
    """What a cache says about a template.

    :param hit: whether it has outputs that are not too old.
    """

    hit: bool
    outputs: dict[str, Any] | None = None


def status_of(template: Mapping[str, Any], *, hit: bool) -> dict[str, Any]:
    """Write a node's ``memoizationStatus``."""
    memoize = template["memoize"]
    return {"hit": hit, "key": memoize.get("key", ""), "cacheName": _cache_name(memoize)}


def recall(store: CacheStore, memoize: Mapping[str, Any], now: float) -> Recall:
    """Look a template up in its cache; a hit is noted there.

    :param now: seconds since the epoch.
    :raises NodeError: for a bad key or age, or a cache that cannot be used.
    """
    cache, key = _cache_name(memoize), str(memoize.get("key") or "")
    _check_key(key)
    entry = _parsed(store.load(cache, key))
    if entry is not None:
        entry["lastHitTimestamp"] = rfc3339(now)
        store.save(cache, key, to_json(entry))
    hit = bool(entry and entry.get("nodeID"))
    if memoize.get("maxAge"):
        try:
            age = go_duration(str(memoize["maxAge"]))
        except NodeError as error:
            raise NodeError(f"invalid maxAge: {error}") from None
        if entry is None or now - _seconds(entry["creationTimestamp"]) > age:
            return Recall(hit=False)
    return Recall(hit, copy.deepcopy(entry["outputs"]) if entry is not None and hit else None)


def remember(run: Run, node: Node) -> None:
    """Keep the outputs of a node that has succeeded, if its template says so.

    :raises NodeError: if the cache cannot be written.
    """
    status = node.get("memoizationStatus")
    if not status:
        return
    _check_key(status["key"])
    entry = {
        "nodeID": node["id"],
        "outputs": node.get("outputs"),
        "creationTimestamp": rfc3339(run.now),
        "lastHitTimestamp": rfc3339(run.now),
    }
    run.cache.save(status["cacheName"], status["key"], to_json(entry))


def _cache_name(memoize: Mapping[str, Any]) -> str:
    return str(((memoize.get("cache") or {}).get("configMap") or {}).get("name") or "")


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise NodeError(f"invalid cache key: {key}")


def _parsed(text: str | None) -> dict[str, Any] | None:
    if not text:
        return None
    problem = fault(text)
    entry = json.loads(text) if not problem else None
    if isinstance(entry, dict):
        entry.setdefault("outputs", None)
        if isinstance(entry["outputs"], dict | None) and _is_time(entry.setdefault("creationTimestamp", None)):
            return entry
    reason = problem or "it is no entry of a cache"
    raise NodeError(f"malformed cache entry: could not unmarshal JSON; unable to parse: {reason}")


def _is_time(text: Any) -> bool:
    try:
        _seconds(text)
    except (TypeError, ValueError):
        return False
    return True


def _seconds(text: Any) -> float:
    # metav1.Time writes null for a time that is not set.
    if not isinstance(text, str | None):
        raise TypeError("a time is text")
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() if text else 0.0
