"""A group of widgets under a title that opens and closes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class FoldTitle(Widget, can_focus=True):
    """The line that opens and closes a fold: `▸ penalties`."""

    ALLOW_SELECT = False

    HELP = "Enter, Space or a click opens and closes the group."

    COMPONENT_CLASSES: ClassVar[set[str]] = {"fold--summary"}

    DEFAULT_CSS = """
    FoldTitle {
        height: 1;
        color: $text-muted;
        pointer: pointer;
        & > .fold--summary { color: $accent; }
        &:hover { color: $foreground; }
        &:focus { color: $accent; text-style: bold; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "flip", "Open or close", show=False),
        Binding("right", "fold(True)", "Open", show=False),
        Binding("left", "fold(False)", "Close", show=False),
    ]

    is_open: reactive[bool] = reactive(False)
    summary: reactive[str] = reactive("")
    """What a closed fold still tells."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title

    def render(self) -> Content:
        """The title, and what is worth knowing while the fold is closed."""
        focus = "›" if self.has_focus else " "
        line = f"{focus} {'▾' if self.is_open else '▸'} {self.title}"
        summary = "" if self.is_open or not self.summary else f"  {self.summary}"
        return Content.assemble(
            line, (summary, self.get_visual_style("fold--summary", partial=True))
        ).truncate(self.content_size.width, ellipsis=True)

    def action_flip(self) -> None:
        """Open when closed, close when open."""
        self.is_open = not self.is_open

    def action_fold(self, is_open: bool) -> None:
        """Open or close."""
        self.is_open = is_open

    def on_click(self, event: events.Click) -> None:
        event.stop()
        self.action_flip()


class Fold(Vertical):
    """A title and, once it is open, the widgets under it, which are made when it opens first."""

    DEFAULT_CSS = """
    Fold {
        height: auto;
        & > .fold--content { height: auto; display: none; }
        &.-open > .fold--content { display: block; }
    }
    """

    def __init__(
        self, title: str, make_content: Callable[[], Iterable[Widget]], *, id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self.fold_title = FoldTitle(title)
        self._make_content = make_content
        self._content: Vertical | None = None

    def compose(self) -> ComposeResult:
        """The title; the content comes below it."""
        yield self.fold_title

    def on_mount(self) -> None:
        self.watch(self.fold_title, "is_open", self._opened)

    def _opened(self, is_open: bool) -> None:
        if is_open and self._content is None:
            self._content = Vertical(*self._make_content(), classes="fold--content")
            self.mount(self._content)
        self.set_class(is_open, "-open")
