"""Moments as people name them in a list."""

from __future__ import annotations

import time

MINUTE, HOUR, DAY = 60, 3600, 86_400
LONGEST = 8
"""Characters of the longest of these names."""


def short_time(moment: float, now: float | None = None) -> str:
    """How long ago a moment was (`5 min`, `3 h`, `4 days`), or its date where that is long ago.

    Both are seconds since 1970; `now` is the present moment where it is None.
    """
    passed = (time.time() if now is None else now) - moment
    if passed < MINUTE:
        return "now"
    if passed < HOUR:
        return f"{int(passed // MINUTE)} min"
    if passed < DAY:
        return f"{int(passed // HOUR)} h"
    if passed < 14 * DAY:
        days = int(passed // DAY)
        return f"{days} day{'' if days == 1 else 's'}"
    format = "%d %b" if passed < 300 * DAY else "%b %Y"
    return time.strftime(format, time.localtime(moment)).removeprefix("0")
