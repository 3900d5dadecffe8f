"""How long a test waits for what must come; never a measure of speed."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator

SECONDS = 60.0


def looks() -> Iterator[None]:
    """Once for each look at what must come, until a test gives up."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        yield


async def until(
    test: Callable[[], object], look: Callable[[], Awaitable[object]], seen: Callable[[], str]
) -> None:
    """Look until something is so; `seen` says what there was instead."""
    end = time.monotonic() + SECONDS
    while not test():
        assert time.monotonic() < end, seen()
        await look()
