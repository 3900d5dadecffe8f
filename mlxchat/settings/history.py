"""Undo and redo of settings."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

State = TypeVar("State")

MOST_STEPS = 200
BURST_SECONDS = 0.8
"""Changes of one parameter that follow each other faster than this are one step: a held key comes
every 0.03 s after a first pause of half a second."""


class SettingsHistory(Generic[State]):
    """The states before each step. The state in force is the caller's; here is only what was, and
    what was undone."""

    def __init__(
        self, most_steps: int = MOST_STEPS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._past: deque[State] = deque(maxlen=most_steps)
        self._future: list[State] = []
        self._clock = clock
        self._last: tuple[str, int, float] = ("", 0, 0.0)

    def record(self, before: State, after: State, moved: str = "", drag: int = 0) -> None:
        """Note a change. `moved` names the parameter that is being moved, where changes of it may
        belong together; `drag` numbers the drags of its slider, 0 for keys and wheel."""
        if before == after:
            return
        if not self._goes_on(moved, drag):
            self._past.append(before)
        self._future.clear()
        self._last = (moved, drag, self._clock())

    def _goes_on(self, moved: str, drag: int) -> bool:
        last_moved, last_drag, then = self._last
        if not moved or moved != last_moved:
            return False
        if drag:
            return drag == last_drag
        return self._clock() - then <= BURST_SECONDS

    def undo(self, now: State) -> State | None:
        """The state before the last step, where there was one."""
        self._last = ("", 0, 0.0)
        while self._past and self._past[-1] == now:
            self._past.pop()  # moved there and back again
        if not self._past:
            return None
        self._future.append(now)
        return self._past.pop()

    def redo(self, now: State) -> State | None:
        """The state that was undone last, where nothing was changed since."""
        self._last = ("", 0, 0.0)
        if not self._future:
            return None
        self._past.append(now)
        return self._future.pop()

    def clear(self) -> None:
        """Forget all steps."""
        self._past.clear()
        self._future.clear()
        self._last = ("", 0, 0.0)
