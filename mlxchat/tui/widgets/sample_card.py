"""One of several replies to a prompt, in a box of its own."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from mlxchat.conversation.samples import Fold, Sample
from mlxchat.render.plain import render_plain

MOST_SHOWN = 4000
"""Characters of a text that are laid out while it is written, or while its box is small."""


class SampleCard(Static, can_focus=True):
    """Shows the end of what is being written, and the beginning of what is over."""

    ALLOW_SELECT = False
    FOCUS_ON_CLICK = False
    DEFAULT_CSS = """
    SampleCard {
        height: 9;
        padding: 0 1;
        background: $panel;
        color: $foreground;
        border: round $border-blurred;
        border-title-color: $primary;
        border-title-style: bold;
        border-subtitle-color: $text-muted;

        &:focus { border: double $border; border-title-color: $accent; }
        &.-folded { display: none; }
        &.-tall { height: auto; }
    }
    """

    @dataclass
    class Wanted(Message):
        """The person wants this sample in the conversation."""

        sample: Sample

    def __init__(self, sample: Sample) -> None:
        super().__init__(markup=False)
        self.sample = sample
        self._fold = Fold(sample)
        self._lines_laid_out = 0
        """A row of the grid is as high as the text was that was laid out last."""

    def on_mount(self) -> None:
        """Show what is there already."""
        self.show()

    def show(self, fold: Fold | None = None) -> None:
        """Show what is new; `fold` are the samples that say the same."""
        if fold is not None:
            self._fold = fold
        others = len(self._fold.others)
        label = self.sample.point.label
        self.border_title = Content(" · ".join(filter(None, [self._fold.title, label])))
        facts = [fact for fact in self.sample.facts if fact != label]
        times = [f"{others + 1} ×"] if others else []
        self.border_subtitle = Content(" · ".join([*times, *facts]))
        self._write()

    def on_resize(self) -> None:
        """Lines have another width."""
        self._write()

    def toggle_tall(self) -> None:
        """Show the whole text, or a box of the usual height again."""
        self.toggle_class("-tall")
        self.call_after_refresh(self._toggled)

    def _toggled(self) -> None:
        self._write(layout=True)
        self.call_after_refresh(self.scroll_visible, animate=False)

    def on_click(self, event: events.Click) -> None:
        """Go to it; a click where the focus is opens it."""
        event.stop()
        if self.has_focus:
            self.post_message(self.Wanted(self.sample))
        else:
            self.focus()

    def _write(self, *, layout: bool = False) -> None:
        width, height = self.content_size.width, self._height
        if width > 0:
            lines = self._lines(width, height)
            layout = layout or height is None or len(lines) != self._lines_laid_out
            self._lines_laid_out = len(lines)
            self.update(Content("\n".join(lines)), layout=layout)

    @property
    def _height(self) -> int | None:
        """Lines of the text that its style has room for; None where all are shown. The size tells
        it too late: in a row of the grid it is that of the text which stands there now."""
        declared = self.styles.height
        cells = declared.cells if declared is not None else None
        return None if cells is None else max(1, cells - self.gutter.height)

    def _lines(self, width: int, height: int | None) -> list[str]:
        text, over = self.sample.reply.text.strip(), self.sample.over
        if height is not None:
            text = text[:MOST_SHOWN] if over else text[-MOST_SHOWN:]
        lines = [line.text for line in render_plain(text, width)]
        if height is None or len(lines) <= height:
            return lines
        return [*lines[: height - 1], "…"] if over else lines[-height:]
