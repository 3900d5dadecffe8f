"""The line of keys at the bottom of the screen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ActiveBinding, Screen
from textual.widget import Widget

from mlxchat.render.wrap import cells

BAR = "▏"
"""Before the palette's key, at the right end."""


@dataclass(frozen=True, slots=True)
class FooterKey:
    """A key that works now, as the line shows it."""

    key: str
    """Textual's name of it."""
    display: str
    label: str
    enabled: bool
    tooltip: str

    @property
    def width(self) -> int:
        """Cells, with one around each word."""
        return cells(self.display) + cells(self.label) + 3


class KeyFooter(Widget):
    """The keys that work now. Those that do not fit are left out whole, the last ones first.

    One widget for all of them: Textual's Footer makes a widget of each key anew whenever one
    changes, which costs a frame or two, and so does the first paint.
    """

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "footer--key",
        "footer--label",
        "footer--off",
        "footer--hovered",
    }

    DEFAULT_CSS = """
    KeyFooter {
        dock: bottom;
        height: 1;
        color: $footer-foreground;
        background: $footer-background;

        & > .footer--key { color: $footer-key-foreground; text-style: bold; }
        & > .footer--label { color: $footer-description-foreground; }
        & > .footer--off { text-style: dim; }
        & > .footer--hovered { color: $footer-key-foreground; background: $block-hover-background; }
    }
    """

    keys: reactive[tuple[FooterKey, ...]] = reactive[tuple[FooterKey, ...]](())
    """All that work, in their order."""
    palette: reactive[FooterKey | None] = reactive[FooterKey | None](None)
    """The palette's key, which stands at the right end."""
    hovered: reactive[FooterKey | None] = reactive[FooterKey | None](None)
    """The key under the mouse."""

    def on_mount(self) -> None:
        """Follow what works."""
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, screen: Screen[object]) -> None:
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self.call_after_refresh(self._read)

    def _read(self) -> None:
        """Take the keys that work now."""
        active = self.screen.active_bindings
        shown: dict[str, ActiveBinding] = {}
        for bound in active.values():
            if bound.binding.show:
                shown.setdefault(bound.binding.action, bound)
        self.keys = tuple(map(self._key, shown.values()))
        palette = active.get(self.app.COMMAND_PALETTE_BINDING)
        self.palette = self._key(palette) if palette else None

    def _key(self, bound: ActiveBinding) -> FooterKey:
        binding = bound.binding
        display = self.app.get_key_display(binding)
        tooltip = bound.tooltip or binding.description
        return FooterKey(binding.key, display, binding.description, bound.enabled, tooltip)

    # What is drawn.

    def _placed(self) -> Iterator[tuple[int, FooterKey]]:
        """The keys that fit, each with the column at which it begins."""
        width, column = self.size.width, 0
        room = width - (self.palette.width if self.palette else 0)
        for key in self.keys:
            if column + key.width > room:
                break
            yield column, key
            column += key.width
        if self.palette is not None and self.palette.width <= width:
            yield room, self.palette

    def render(self) -> Content:
        """The line."""
        line, column = Content(), 0
        for start, key in self._placed():
            line = Content.assemble(line, " " * (start - column), self._drawn(key))
            column = start + key.width
        return line

    def _drawn(self, key: FooterKey) -> Content:
        look = self.get_visual_style
        state = "hovered" if key == self.hovered else "" if key.enabled else "off"
        over = [f"footer--{state}"] if state else []
        before = (BAR, look("footer--off")) if key is self.palette else " "
        return Content.assemble(
            before,
            (key.display, look("footer--key", *over, partial=True)),
            " ",
            (key.label, look("footer--label", *over, partial=True)),
            " ",
        )

    # The mouse.

    def _under(self, column: int) -> FooterKey | None:
        """The key at a column."""
        placed = (key for start, key in self._placed() if start <= column < start + key.width)
        return next(placed, None)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Tell which key the mouse is at."""
        self.hovered = self._under(event.x)

    def on_leave(self) -> None:
        """The mouse is elsewhere."""
        self.hovered = None

    def watch_hovered(self, key: FooterKey | None) -> None:
        """Say what the key does."""
        self.tooltip = key.tooltip if key else None
        self.styles.pointer = "pointer" if key and key.enabled else "default"

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Do what the key does."""
        key = self._under(event.x)
        if key is None:
            return
        if not key.enabled:
            self.app.bell()
        self.app.simulate_key(key.key)  # it says why it does nothing
