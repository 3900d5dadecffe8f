"""The keys that work now, each of which can be clicked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static


class Key(NamedTuple):
    """A key, what it does in a word, and the screen's action behind it (or `app.`'s)."""

    key: str
    word: str
    action: str


class KeyLines(Static):
    """Keys in as many lines as they take."""

    DEFAULT_CSS = """
    KeyLines {
        height: auto;
        color: $text-muted;
        link-color: $text-muted;
        link-style: none;
        link-color-hover: $foreground;
        link-background-hover: $surface;
        link-style-hover: bold;
    }
    """

    def __init__(self, keys: Sequence[Key] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = tuple(keys)
        self._instead: tuple[Key, ...] = ()

    @property
    def keys(self) -> tuple[Key, ...]:
        """What is shown."""
        return self._keys

    @keys.setter
    def keys(self, keys: Iterable[Key]) -> None:
        keys = tuple(keys)
        if keys != self._keys:
            self._keys = keys
            self._show()

    def show_instead(self, keys: Iterable[Key] = ()) -> None:
        """Show other keys for a while; without any, the own ones again."""
        self._instead = tuple(keys)
        self._show()

    def on_resize(self) -> None:
        """Break the lines elsewhere."""
        self._show()

    def _show(self) -> None:
        if self.size.width:
            self.update(key_lines(self._instead or self._keys, self.size.width))


def key_lines(keys: Iterable[Key], width: int) -> Content:
    """Keys in lines of at most `width` cells."""
    lines, used = [""], 0
    for key, word, action in keys:
        wide = len(key) + len(word) + 3
        if used and used + wide - 2 > width:
            lines, used = [*lines, ""], 0
        used += wide
        action = action if action.startswith("app.") else f"screen.{action}"
        lines[-1] += f"[@click={action}][b $accent]{key}[/] {word}[/]  "
    return Content.from_markup("\n".join(lines))
