"""How often the screen follows a stream."""

from __future__ import annotations

import time

DRAINS_A_SECOND = 20
SHARE = 0.05
"""The part of the time that following may take this thread. It holds Python's lock, and on a CPU
backend a core that the model wants."""
LONGEST_SECONDS = 0.15
"""The longest that text waits, whatever it costs."""


class Pace:
    """Says when the next drain is due: at every tick on a fast machine, at fewer on a slow one."""

    def __init__(self) -> None:
        self._at = self._worked = 0.0

    def due(self) -> bool:
        """Whether this thread has rested enough since the last drain that was due."""
        now, worked = time.monotonic(), time.thread_time()
        waited = now - self._at
        if waited < LONGEST_SECONDS and worked - self._worked > SHARE * waited:
            return False
        self._at, self._worked = now, worked
        return True
