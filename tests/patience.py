"""How long a test waits for what must come; never a measure of speed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

SECONDS = 60.0


async def until(
    test: Callable[[], object], look: Callable[[], Awaitable[object]], seen: Callable[[], str]
) -> None:
    """Look until something is so; `seen` says what there was instead."""
    end = time.monotonic() + SECONDS
    while not test():
        assert time.monotonic() < end, seen()
        await look()
