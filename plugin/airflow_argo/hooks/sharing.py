"""One watch and one session for all deferred tasks of a triggerer on one server and namespace."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow_argo.hooks.argo import ArgoHook

if TYPE_CHECKING:
    from airflow_argo.argo.shared_watch import SharedWatch

OURS = "airflow-argo/dag_id"
"""The label that every workflow of the operators has: a selector by itself."""

_PATIENCE = 5.0
"""Seconds that one poll tries again; the next one follows anyhow."""

_SILENCE = 40.0
"""Seconds without a byte after which the stream is taken for dead; Argo says something every 15."""


@dataclass
class _Shared:
    opening: asyncio.Future[SharedWatch]
    closing: AsyncExitStack
    users: int = 0


# A triggerer has one loop for all its triggers; connections belong to the loop that opened them.
_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], _Shared]] = WeakKeyDictionary()


@asynccontextmanager
async def shared_watch(conn_id: str, namespace: str) -> AsyncIterator[SharedWatch]:
    """The watch of a connection's server and a namespace; opened by the first who comes, closed by the last who goes.

    :raises ArgoError: when the connection cannot be read.
    """
    table, key = _shared.setdefault(asyncio.get_running_loop(), {}), (conn_id, namespace)
    shared = table.get(key)
    if shared is None:
        closing = AsyncExitStack()
        shared = table[key] = _Shared(asyncio.ensure_future(_opened(closing, conn_id, namespace)), closing)
    shared.users += 1
    try:
        yield await asyncio.shield(shared.opening)
    finally:
        shared.users -= 1
        if not shared.users:
            if table.get(key) is shared:
                del table[key]
            shared.opening.cancel()
            await asyncio.wait([shared.opening])
            await shared.closing.aclose()


def forget(conn_id: str, namespace: str) -> None:
    """Let whoever comes next open a new one: the connection is read again, for its token was refused."""
    _shared.get(asyncio.get_running_loop(), {}).pop((conn_id, namespace), None)


async def _opened(closing: AsyncExitStack, conn_id: str, namespace: str) -> SharedWatch:
    from airflow_argo.argo.shared_watch import SharedWatch, followed

    options = {"patience": _PATIENCE, "stream_timeout": _SILENCE}
    client = await closing.enter_async_context(await ArgoHook(conn_id).aclient(**options))
    return await closing.enter_async_context(followed(SharedWatch(client, namespace, OURS)))
