"""Events on their way from an engine's thread to whoever shows them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence

from mlxchat.engine.interface import Event


class EventBuffer:
    """Events on their way to whoever shows them. Appending never waits."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque()
        self._filled = threading.Event()

    def append(self, event: Event) -> None:
        """Add an event (engine's thread)."""
        self._events.append(event)
        self._filled.set()

    def extend(self, events: Sequence[Event]) -> None:
        """Add some events (engine's thread)."""
        for event in events:
            self.append(event)

    def drain(self) -> list[Event]:
        """Take all events (any other thread)."""
        self._filled.clear()
        events = []
        while self._events:
            events.append(self._events.popleft())
        return events

    def wait(self, timeout: float | None) -> bool:
        """Wait until there is an event."""
        return bool(self._events) or self._filled.wait(timeout)
