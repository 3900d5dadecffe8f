"""The editor of the system prompt, which says what a change will cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import TextArea

from mlxchat.tui.widgets.safe_text_area import SafeTextArea

PAUSE = 0.3
"""Seconds without a key after which an edit counts as made."""


class SystemPromptTitle(Widget):
    """SYSTEM PROMPT at the left, the state of the edit at the right."""

    ALLOW_SELECT = False

    COMPONENT_CLASSES: ClassVar[set[str]] = {"prompt--status"}

    DEFAULT_CSS = """
    SystemPromptTitle {
        height: 1;
        color: $heading;
        text-style: bold;
        & > .prompt--status { color: $text-muted; text-style: not bold; }
        &.-edited > .prompt--status { color: $warning; }
        &.-applied > .prompt--status { color: $success; }
    }
    """

    status: reactive[str] = reactive("")

    def render(self) -> Content:
        """Both on one line; the status gives way where there is no room."""
        title = "SYSTEM PROMPT"
        room = self.content_size.width - len(title) - 1
        shorter = (
            self.status,
            self.status.removeprefix("edited: "),
            self.status.removesuffix(" to re-read"),
            self.status.split(":")[0],
        )
        status = next((text for text in shorter if len(text) <= room), "")
        return Content.assemble(
            f"{title} ",
            (status.rjust(max(room, 0)), self.get_visual_style("prompt--status", partial=True)),
        )


class SystemPromptEditor(Vertical):
    """Several lines of text, wrapped; Tab moves on."""

    HELP = "The system prompt of this conversation. Tab leaves the editor and keeps the text."

    DEFAULT_CSS = """
    SystemPromptEditor {
        height: auto;
        padding: 0 1;
        background: $panel;

        & > TextArea {
            height: auto;
            min-height: 3;
            max-height: 10;
            border: round $border-blurred;
            background: $panel;
            padding: 0 1;
            scrollbar-size-vertical: 1;
            & > .text-area--placeholder { color: $text-muted; }
            & > .text-area--selection { background: $selection; }
            &:focus { border: heavy $border; background: $panel; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = []

    cost: reactive[int | None] = reactive[int | None](None)
    """How many tokens the next reply has to read again because of the edit: 0 when it is applied,
    None when that is not known (as after each key)."""

    @dataclass
    class Edited(Message):
        """The person changed the text."""

        text: str

    def __init__(
        self, text: str = "", *, id: str | None = None, classes: str | None = None
    ) -> None:
        """An editor that holds `text`."""
        super().__init__(id=id, classes=classes)
        self._told = text
        self._edited = False
        self._pause: Timer | None = None
        self._title = SystemPromptTitle()
        self._area = SafeTextArea(
            text,
            soft_wrap=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
            placeholder="none: type one here",
        )

    def compose(self) -> ComposeResult:
        """The title above the text."""
        yield self._title
        yield self._area

    @property
    def text(self) -> str:
        """The text as it stands. Setting it posts no message."""
        return self._area.text

    @text.setter
    def text(self, text: str) -> None:
        self._told = text
        self._edited = False
        if text != self._area.text:
            self._area.load_text(text)
        self._show()

    # What is shown.

    @property
    def status(self) -> str:
        """What the title says of the edit."""
        if self.cost == 0:
            return "applied"
        if self.cost is not None:
            return f"edited: {self.cost:,} token{'' if self.cost == 1 else 's'} to re-read"
        return "edited" if self._edited else ""

    def _watch_cost(self) -> None:
        self._show()

    def _show(self) -> None:
        self._title.status = self.status
        self._title.set_class(self.status.startswith("edited"), "-edited")
        self._title.set_class(self.status == "applied", "-applied")

    # What happens.

    @on(TextArea.Changed)
    def _changed(self, message: TextArea.Changed) -> None:
        message.stop()
        self._keep_in_sight()
        self._stop_pause()
        if self.text == self._told:
            return
        self._edited = True
        self.cost = None
        self._show()
        self._pause = self.set_timer(PAUSE, self._tell)

    @on(events.DescendantFocus)
    def _keep_in_sight(self) -> None:
        """What is typed is seen: only the next layout knows where the editor stands, once the
        panel was opened for it or the text has grown."""
        if self._area.has_focus:
            self.call_after_refresh(self._show_cursor)

    def _show_cursor(self) -> None:
        self._area.scroll_visible(animate=False)

    @on(events.DescendantBlur)
    def _left(self) -> None:
        self._tell()

    def _tell(self) -> None:
        self._stop_pause()
        if self.text != self._told:
            self._told = self.text
            self.post_message(self.Edited(self.text))

    def _stop_pause(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
