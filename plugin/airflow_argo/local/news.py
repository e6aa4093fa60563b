"""Waiting for something to happen, together with others."""

from __future__ import annotations

import asyncio


class News:
    """Wakes all who wait for it, each time; who begins to wait later waits for the next time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next time."""
        await self._event.wait()

    def spread(self) -> None:
        """Wake all who wait now; to be called in their event loop."""
        self._event.set()
        self._event.clear()
