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
        self._write()
        self.call_after_refresh(self.scroll_visible, animate=False)

    def on_click(self, event: events.Click) -> None:
        """Go to it; a click where the focus is opens it."""
        event.stop()
        if self.has_focus:
            self.post_message(self.Wanted(self.sample))
        else:
            self.focus()

    def _write(self) -> None:
        width = self.content_size.width
        if width < 1:
            return
        tall = self.has_class("-tall")
        self.update(Content("\n".join(self._lines(width, tall))), layout=tall)

    def _lines(self, width: int, tall: bool) -> list[str]:
        text, over = self.sample.reply.text.strip(), self.sample.over
        if not tall:
            text = text[:MOST_SHOWN] if over else text[-MOST_SHOWN:]
        lines = [line.text for line in render_plain(text, width)]
        height = self.content_size.height
        if tall or len(lines) <= height:
            return lines
        return [*lines[: height - 1], "…"] if over else lines[-height:]
