"""A number that a person can set: its range, how it is typed and how it is shown."""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import quoted

Number = float | int
Scale = Literal["linear", "log"]
Group = Literal["sampler", "xtc", "penalties", "text", "generation", "adapter", "speed"]

MAX_SEED = 2**63 - 1
MOST_TOKENS = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Parameter:
    """What there is to know of one number that a person can set."""

    name: str
    kind: type[int] | type[float]
    default: Number | None
    low: Number
    high: Number
    step: Number
    """The smallest move of a slider, in the parameter's own unit."""
    page: Number
    """The move of Page Up and Page Down."""
    group: Group
    help: str
    scale: Scale = "linear"
    off: Number | None = None
    """The value at which the setting does nothing."""
    off_label: str = "off"
    typed_high: Number | None = None
    """The highest value that may be typed, where that is more than the slider's end."""
    needs_temp: bool = False
    """Whether it has no effect at temp 0, where mlx_lm takes the most likely token."""
    slider: bool = True

    @property
    def flag(self) -> str:
        """The command-line flag, as mlx_lm.generate spells it."""
        return "--" + self.name.replace("_", "-")

    @property
    def metavar(self) -> str:
        """What stands for a value in the help."""
        return "N" if self.kind is int else "X"

    @property
    def takes(self) -> str:
        """What may be given, and the value that switches it off."""
        inside = self.off is not None and self.low <= self.off <= self.highest
        return self.allowed + (f"; {self.off:g} is {self.off_label}" if inside else "")

    @property
    def facts(self) -> str:
        """What a value is."""
        return f"A number {self.range_text}"

    @property
    def decimals(self) -> int:
        """How many digits after the point a value of this parameter has."""
        if self.kind is int:
            return 0
        exponent = Decimal(str(self.step)).normalize().as_tuple().exponent
        return max(0, -int(exponent))

    def snap(self, value: Number) -> Number:
        """The nearest value on the slider's grid, within its range."""
        value = min(max(value, self.low), self.high)
        if self.kind is int:
            return int(min(max(round(value), self.low), self.high))
        steps = round((value - self.low) / self.step)
        snapped = round(self.low + steps * self.step, self.decimals)
        return float(min(max(snapped, self.low), self.high))

    def check(self, value: object) -> Number | None:
        """The value itself in the parameter's type, or an MlxchatError that says what is allowed.

        A typed value need not lie on the slider's grid. Every value that passes is safe to sample
        with.
        """
        if value is None:
            if self.default is None:
                return None
            raise MlxchatError(f"{self.name} needs a number {self.allowed}.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._refused(value)
        if not math.isfinite(value):
            raise self._refused(value)
        if self.kind is int and value != int(value):
            raise self._refused(f"{value:g}", "a whole number")
        if value != self.off and not self.low <= value <= self.highest:
            raise self._refused(f"{value:g}", "")
        return self.kind(value)

    def parse(self, text: str) -> Number | None:
        """The value that a person typed: a number, `off`, or `default`."""
        word = text.strip().lower()
        if word == "default":
            return self.default
        if word in ("off", self.off_label) and self.off is not None:
            return self.off
        if word in ("random", "new", "none") and self.default is None:
            return None
        try:
            number = int(word) if self.kind is int else float(word)
        except ValueError:
            try:
                number = float(word)
            except ValueError:
                raise self._refused(text) from None
        return self.check(number)

    def format(self, value: Any) -> str:
        """The value as it is shown: `0.70`, `40`, `off`. `parse` gives the value back."""
        if value is None:
            return "random"
        if self.off is not None and value == self.off:
            return self.off_label
        if self.kind is int:
            return str(value)
        texts = (f"{value:.{self.decimals}f}", f"{value:g}")
        return next((text for text in texts if float(text) == value), repr(value))

    def _refused(self, given: object, wanted: str = "a number") -> MlxchatError:
        """The sentence for what cannot be taken."""
        span = self.allowed if wanted else self.allowed.removeprefix("of ")
        must = f"{wanted} {span}".lstrip()
        return MlxchatError(f"{self.name} must be {must}, not {quoted(str(given))}.")

    @property
    def highest(self) -> Number:
        """The highest value that may be typed."""
        return self.high if self.typed_high is None else self.typed_high

    @property
    def allowed(self) -> str:
        """The range, and the value that switches it off where that is outside."""
        if self.off is None or self.low <= self.off <= self.highest:
            return self.range_text
        return f"{self.range_text}, or {self.off:g} for {self.off_label}"

    @property
    def range_text(self) -> str:
        """The range, as a phrase that follows a value or a noun."""
        if self.highest >= MOST_TOKENS:
            return f"of at least {self.low:g}"
        return f"from {self.low:g} to {self.highest:g}"
