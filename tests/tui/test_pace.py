"""How often the screen follows a stream."""

from __future__ import annotations

import pytest

from mlxchat.tui import pace
from mlxchat.tui.pace import DRAINS_A_SECOND, LONGEST_SECONDS, SHARE, Pace


class Clock:
    """The wall's and the thread's time, moved by hand."""

    def __init__(self) -> None:
        self.now = self.worked = 100.0

    def monotonic(self) -> float:
        return self.now

    def thread_time(self) -> float:
        return self.worked


@pytest.mark.parametrize(
    ("cost", "ticks"), [(0.0, 1), (0.002, 1), (0.004, 2), (0.006, 3), (0.05, 3)]
)
def test_a_costly_frame_waits_longer_but_never_long(monkeypatch, cost, ticks):
    clock, tick = Clock(), 1 / DRAINS_A_SECOND
    monkeypatch.setattr(pace, "time", clock)
    its = Pace()
    assert its.due()
    gaps, waited = [], 0
    for _ in range(60):
        clock.worked += 0 if waited else cost
        clock.now += tick * 1.0001
        waited += 1
        if its.due():
            gaps.append(waited)
            waited = 0
    assert set(gaps) == {ticks}
    assert ticks * tick <= LONGEST_SECONDS + tick
    assert ticks == 1 or cost > SHARE * tick
