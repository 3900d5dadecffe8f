"""One lane on the screen: a line that says which, over what it writes."""

from __future__ import annotations

from dataclasses import dataclass

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.events import DescendantFocus
from textual.message import Message

from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.lane_title import LaneTitle


class LanePane(Vertical, can_focus=False):
    """A column of the comparison, or the whole conversation where there is none."""

    DEFAULT_CSS = """
    LanePane {
        width: 1fr;
        height: 100%;
        & > LaneTitle { display: none; }
        &.-compared > LaneTitle { display: block; }
        &.-away { display: none; }
        &.-beside { border-left: vkey $border-blurred; }
    }
    """

    @dataclass
    class Entered(Message):
        """The person went to this lane."""

        pane: LanePane

    def __init__(self, number: int, placeholder: str = "") -> None:
        """`number` is that of the lane."""
        super().__init__()
        self.number = number
        self.placeholder = placeholder
        """What stands here before the first message where nothing is compared."""
        self.transcript = Transcript(placeholder)
        self.title = LaneTitle()

    def compose(self) -> ComposeResult:
        """The line and the transcript."""
        yield self.title
        yield self.transcript

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """Gestures are meant for this lane."""
        self.post_message(self.Entered(self))

    @on(LaneTitle.Wanted)
    def _wanted(self, message: LaneTitle.Wanted) -> None:
        message.stop()
        self.transcript.focus()
        self.post_message(self.Entered(self))
