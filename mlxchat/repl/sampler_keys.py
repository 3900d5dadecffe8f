"""The sampler under four arrow keys, while a reply is written."""

from __future__ import annotations

from collections.abc import Callable

from prompt_toolkit.keys import Keys

from mlxchat.render.lines import Line, Span
from mlxchat.render.one_line import cut, end_of
from mlxchat.render.wrap import cells
from mlxchat.settings.parameters import NUMBERS, Settings, Value
from mlxchat.settings.slider_scale import SliderScale

TUNED = ("temp", "top_p", "min_p", "top_k")
STRENGTH = "adapter_strength"
MOVES: dict[str, tuple[int, bool]] = {
    Keys.Up: (1, False),
    Keys.Down: (-1, False),
    Keys.ShiftUp: (1, True),
    Keys.ShiftDown: (-1, True),
    Keys.PageUp: (1, True),
    Keys.PageDown: (-1, True),
}
"""Which way a key moves the value, and whether by a big step."""
TURNS: dict[str, int] = {Keys.Left: -1, Keys.Right: 1, Keys.BackTab: -1, Keys.Tab: 1}
"""Which way a key goes to another parameter."""
RESETS = (Keys.Home, Keys.Backspace, Keys.ControlH)
SHORT_LEAD = "↑↓ "
TYPED = "› "
GAP = "   "
"""Between two values, and before what stands behind them."""


class SamplerKeys:
    """Which parameter the keys move, and what a key makes of it."""

    def __init__(self) -> None:
        self._at = 0

    def names(self, adapted: bool) -> tuple[str, ...]:
        """What can be moved: the strength of an adapter too, where there is one."""
        return (*TUNED, STRENGTH) if adapted else TUNED

    def chosen(self, adapted: bool) -> str:
        """What Up and Down move."""
        names = self.names(adapted)
        return names[self._at % len(names)]

    def turn(self, key: str, adapted: bool) -> bool:
        """Go to another parameter, where the key does that."""
        if key in TURNS:
            self._at = (self._at + TURNS[key]) % len(self.names(adapted))
        return key in TURNS

    def moved(
        self, key: str, settings: Settings, default: Callable[[str], Value], adapted: bool
    ) -> tuple[str, Value] | None:
        """The parameter that a key moves, and its new value; None for any other key."""
        name = self.chosen(adapted)
        if key in RESETS:
            return name, default(name)
        if key not in MOVES:
            return None
        direction, page = MOVES[key]
        scale = SliderScale(NUMBERS[name])
        return name, scale.moved(getattr(settings, name), direction, page)

    def value(self, settings: Settings, adapted: bool) -> str:
        """What Up and Down move, with its value: `temp 0.80`."""
        return _value(self.chosen(adapted), settings)

    def line(
        self, settings: Settings, adapted: bool, typed: str | None, pace: str, width: int
    ) -> Line:
        """The values on a line with the chosen one marked, and behind them the end of what is
        typed; where that is None, `pace` if there is room."""
        shown = [_value(name, settings) for name in self.names(adapted)]
        spans = _row(shown, self._at % len(shown), SHORT_LEAD)
        wanted = "" if typed is None else GAP + TYPED + typed
        if _cells(spans) + cells(wanted) > width:
            # The chosen one alone.
            spans = _row([self.value(settings, adapted)], 0, SHORT_LEAD)
        room = width - _cells(spans) - len(GAP)
        after = pace if typed is None else TYPED + end_of(typed, room - len(TYPED))
        if cells(after) <= room:
            spans.append(Span(GAP + after, "muted"))
        if _cells(spans) > width:
            spans = [Span(cut("".join(span.text for span in spans), width), "muted")]
        return Line(tuple(spans))


def _value(name: str, settings: Settings) -> str:
    short = "adapter" if name == STRENGTH else name
    return f"{short} {NUMBERS[name].format(getattr(settings, name))}"


def _row(values: list[str], chosen: int, lead: str) -> list[Span]:
    spans = [Span(lead, "muted")]
    for number, value in enumerate(values):
        spans.append(Span(GAP if number else "", "muted"))
        spans.append(Span(value, "accent" if number == chosen else "muted"))
    return [span for span in spans if span.text]


def _cells(spans: list[Span]) -> int:
    return sum(cells(span.text) for span in spans)
