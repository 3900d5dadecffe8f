"""Where a parameter's values lie along a slider, and how far a key moves them. No drawing here."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlxchat.settings.parameters import Number, Parameter

TOLERANCE = 1e-6
"""How near a grid line, in steps, a value counts as lying on it."""


@dataclass(frozen=True, slots=True)
class SliderScale:
    """The values of one parameter, in order, over a track of any number of cells.

    An off value outside the range ("no limit") lies beyond the highest value and has the last cell
    to itself. A typed value above the range is drawn at its end.
    """

    parameter: Parameter

    @property
    def off_beyond(self) -> Number | None:
        """The off value that lies outside the range, or None where there is none."""
        off = self.parameter.off
        if off is None or self.parameter.low <= off <= self.parameter.high:
            return None
        return off

    @property
    def steps(self) -> float:
        """How many steps there are from the lowest value to the highest."""
        return (self.parameter.high - self.parameter.low) / self.parameter.step

    def fraction(self, value: Number) -> float:
        """Where in the range a value lies: 0 at the lowest, 1 at the highest."""
        steps = min(max((value - self.parameter.low) / self.parameter.step, 0.0), self.steps)
        if self.parameter.scale == "log":
            return math.log1p(steps) / math.log1p(self.steps)
        return steps / self.steps

    def at_fraction(self, fraction: float) -> Number:
        """The value of the grid that lies nearest to this place on the track."""
        if fraction <= 0:
            return self.parameter.low
        if fraction >= 1:
            return self.parameter.high
        if self.parameter.scale == "log":
            steps = math.expm1(fraction * math.log1p(self.steps))
        else:
            steps = fraction * self.steps
        around = (self._on_grid(math.floor(steps)), self._on_grid(math.ceil(steps)))
        return min(around, key=lambda value: abs(self.fraction(value) - fraction))

    def cell(self, value: Number, width: int) -> int:
        """The cell, from 0, in which a value is drawn on a track of `width` cells."""
        if value == self.off_beyond:
            return width - 1
        return math.floor(self.fraction(value) * self._last_cell(width) + 0.5)

    def at_cell(self, x: float, width: int) -> Number:
        """The value under cell `x`, or under a place between two cells. Any `x` is allowed."""
        last = self._last_cell(width)
        if self.off_beyond is not None and x > last + 0.5:
            return self.off_beyond
        return self.at_fraction(x / last if last > 0 else 0.0)

    def moved(self, value: Number, direction: int, page: bool = False) -> Number:
        """The value one step, or one page, up (`direction` 1) or down (-1).

        A value between two grid lines moves onto the grid. On a log scale a step is a hundredth of
        the value's magnitude where that is more than one step.
        """
        parameter = self.parameter
        if value == self.off_beyond:
            return value if direction > 0 else parameter.high
        if direction > 0 and value >= parameter.high:
            return value if self.off_beyond is None else self.off_beyond
        if value > parameter.high:
            return parameter.high
        grain = self._grain(value, direction, page)
        count = max(1, round(parameter.page / parameter.step)) if page else 1
        # A coarse grain counts from zero, so that values stay round: 2050, not 2048 + 10.
        origin = parameter.low if grain == 1 else 0
        lines = (value - origin) / (parameter.step * grain)
        if direction > 0:
            line = math.floor(lines + TOLERANCE) + count
        else:
            line = math.ceil(lines - TOLERANCE) - count
        return parameter.snap(origin + line * parameter.step * grain)

    def _last_cell(self, width: int) -> int:
        return max(0, width - 1 - (self.off_beyond is not None))

    def _on_grid(self, steps: int) -> Number:
        return self.parameter.snap(self.parameter.low + steps * self.parameter.step)

    def _grain(self, value: Number, direction: int, page: bool) -> int:
        if self.parameter.scale != "log":
            return 1
        # Downwards from 1000 the steps are those of 999: up and down then undo each other.
        steps = (value if direction > 0 else value - self.parameter.step) / self.parameter.step
        if steps < 1:
            return 1
        return int(10 ** max(0, math.floor(math.log10(steps)) - (3 if page else 2)))
