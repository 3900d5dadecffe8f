"""A server that sends nothing for a while."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

SILENT_SECONDS = 15.0
"""How long nothing is said of it."""
AGAIN_SECONDS = 5.0


class Silence:
    """Tells for how many seconds nothing came, again and again, and 0 when something did."""

    def __init__(self, tell: Callable[[int], None]) -> None:
        self._tell = tell
        self._heard_at = 0.0
        self._told = False

    def heard(self) -> None:
        """Something came."""
        self._heard_at = time.monotonic()
        if self._told:
            self._told = False
            self._tell(0)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Tell of it meanwhile."""
        self._heard_at = time.monotonic()
        watch = asyncio.ensure_future(self._watch())
        try:
            yield
        finally:
            watch.cancel()

    async def _watch(self) -> None:
        while True:
            quiet = time.monotonic() - self._heard_at
            if quiet < SILENT_SECONDS:
                await asyncio.sleep(SILENT_SECONDS - quiet)
            else:
                self._told = True
                self._tell(max(1, int(quiet)))
                await asyncio.sleep(AGAIN_SECONDS)
