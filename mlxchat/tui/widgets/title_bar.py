"""The line at the top: which model, under which adapter, how full the context is, how fast."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from mlxchat.render.one_line import first_words
from mlxchat.render.safe import visible

METER_WIDTH = 8
NEARLY_FULL = 0.85


class TitleBar(Widget):
    """One line; the least important parts go first when it is narrow."""

    DEFAULT_CSS = """
    TitleBar {
        height: 1;
        background: $panel;
        color: $foreground;
        & > .title-bar--program { color: $primary; text-style: bold; }
        & > .title-bar--model { color: $foreground; text-style: bold; }
        & > .title-bar--quiet { color: $text-muted; }
        & > .title-bar--meter { color: $success; }
        & > .title-bar--meter-full { color: $error; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "title-bar--program",
        "title-bar--model",
        "title-bar--quiet",
        "title-bar--meter",
        "title-bar--meter-full",
    }

    model: reactive[str] = reactive("")
    adapter: reactive[str] = reactive("")
    activity: reactive[str] = reactive("")
    """What goes on: a load, or nothing."""
    context: reactive[int] = reactive(0)
    """Tokens of the conversation; 0 where a server has not told them."""
    context_limit: reactive[int | None] = reactive[int | None](None)
    speed: reactive[float] = reactive(0.0)
    """Tokens a second."""
    hidden: reactive[bool] = reactive(False)
    """Whether nothing is to tell which lane is the chat's own: its adapter, context and speed
    would."""

    def render_line(self, y: int) -> Strip:
        """The line, fitted to the width: the gauge goes first, then the program's name, so that
        the adapter's strength and checkpoint stay to be read."""
        width = self.size.width
        left, right = self._left(), self._right(width)
        if _cells(left) + _cells(right) > width:
            right = self._right(width, gauge=False)
        if _cells(left) + _cells(right) > width and self.adapter:
            left = left[1:]
        room = width - _cells(right)
        left = self._fit(left, room)
        parts = [*left, (" " * (room - _cells(left)), ""), *right]
        base = self.rich_style
        return Strip(
            [Segment(text, base + self._style(role) if role else base) for text, role in parts],
            width,
        )

    def _style(self, role: str):  # type: ignore[no-untyped-def]
        return self.get_component_rich_style(f"title-bar--{role}", partial=True)

    def _left(self) -> list[tuple[str, str]]:
        parts = [(" mlxchat ", "program")]
        if self.model:
            parts += [("─ ", "quiet"), (first_words(self.model) + " ", "model")]
        if self.adapter and not self.hidden:
            parts += [("─ ", "quiet"), (f"adapter {visible(self.adapter)} ", "quiet")]
        if self.activity:
            parts += [("─ ", "quiet"), (visible(self.activity) + " ", "quiet")]
        return parts

    def _right(self, width: int, *, gauge: bool = True) -> list[tuple[str, str]]:
        parts: list[tuple[str, str]] = []
        if self.hidden:
            return [(" ", "")]
        known = self.context or self.context_limit
        if self.model and not self.activity and width >= 40 and known:
            parts.append((self._context_text(width), "quiet"))
            if self.context_limit and width >= 60 and gauge:
                parts += [(" ▕", "quiet"), *self._meter(self.context_limit), ("▏", "quiet")]
        if self.speed and width >= 50:
            parts.append((f" {self.speed:.1f} tok/s", "quiet"))
        return [*parts, (" ", "")]

    def _context_text(self, width: int) -> str:
        limit = f"/{self.context_limit}" if self.context_limit else ""
        return f" {'ctx ' if width >= 60 else ''}{self.context}{limit}"

    def _meter(self, limit: int) -> list[tuple[str, str]]:
        share = min(1.0, self.context / limit)
        full = min(METER_WIDTH, -int(-share * METER_WIDTH // 1))
        role = "meter-full" if share > NEARLY_FULL else "meter"
        return [("█" * full, role), ("░" * (METER_WIDTH - full), "quiet")]

    @staticmethod
    def _fit(parts: list[tuple[str, str]], room: int) -> list[tuple[str, str]]:
        fitted: list[tuple[str, str]] = []
        for text, role in parts:
            if cell_len(text) > room:
                if room > 1:
                    fitted.append((set_cell_size(text, room - 1) + "…", role))
                break
            fitted.append((text, role))
            room -= cell_len(text)
        return fitted


def _cells(parts: list[tuple[str, str]]) -> int:
    """How wide these are."""
    return sum(cell_len(text) for text, _ in parts)
