"""Several replies to one prompt, side by side while they are written."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ItemGrid, VerticalScroll
from textual.screen import Screen
from textual.widgets import Static

from mlxchat.conversation.samples import Sample, Samples
from mlxchat.errors import MlxchatError
from mlxchat.render.safe import visible
from mlxchat.session.chat import ChatSession
from mlxchat.tui.widgets.key_lines import Key, KeyLines
from mlxchat.tui.widgets.sample_card import SampleCard

LOOKS_A_SECOND = 10
CARD_WIDTH = 38
"""The least width of a card: one column on a terminal of 40."""


class SamplesScreen(Screen[Sample]):
    """Dismissed with the sample to open, or with None.

    The samples have to be asked for before; who shows this takes the session's events meanwhile,
    as always.
    """

    DEFAULT_CSS = """
    SamplesScreen {
        background: $background;
        #samples-status { height: auto; padding: 0 1; color: $text-muted; }
        VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        ItemGrid { grid-gutter: 0 1; keyline: none; }
        #samples-summary {
            height: auto;
            max-height: 5;
            padding: 0 1;
            color: $foreground;
            scrollbar-size-vertical: 1;
            overflow-y: auto;
        }
        KeyLines { padding: 0 1; }
        &.-low {
            #samples-summary { max-height: 2; }
            SampleCard { height: 6; }
            SampleCard.-tall { height: auto; }
        }
    }
    """
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "stop, then close", priority=True),
        Binding("enter", "open", "open it in the conversation"),
        Binding("space", "tall", "the whole text"),
        Binding("left,h", "move(-1, 0)", "left", show=False),
        Binding("right,l", "move(1, 0)", "right", show=False),
        Binding("up,k", "move(0, -1)", "up", show=False),
        Binding("down,j", "move(0, 1)", "down", show=False),
        Binding("pageup", "page(-1)", "page up", show=False),
        Binding("pagedown", "page(1)", "page down", show=False),
        Binding("home,g", "end(0)", "first", show=False),
        Binding("end,G", "end(-1)", "last", show=False),
    ]

    def __init__(self, session: ChatSession, samples: Samples) -> None:
        super().__init__()
        self._session = session
        self._samples = samples

    def compose(self) -> ComposeResult:
        """What goes on, the cards, what they come to, the keys."""
        yield Static(id="samples-status", markup=False)
        with VerticalScroll(can_focus=False):
            yield ItemGrid(*map(SampleCard, self._samples.samples), min_column_width=CARD_WIDTH)
        yield Static(id="samples-summary", markup=False)
        yield KeyLines()

    def on_mount(self) -> None:
        """Follow what the model writes."""
        self._cards = list(self.query(SampleCard))
        self._cards[0].focus()
        self._samples.changed.clear()
        self._timer = self.set_interval(1 / LOOKS_A_SECOND, self._look)
        self._fold()
        self._look()

    # What the model writes

    def _look(self) -> None:
        """Show what is new."""
        samples = self._samples
        changed, ended = sorted(samples.changed), False
        samples.changed.clear()
        for place in changed:
            self._cards[place].show()
            ended = ended or samples.samples[place].over
        if ended:
            self._fold()
        self.query_one("#samples-status", Static).update(visible(self._samples.status))
        self._show_keys()
        if samples.over:
            self._timer.stop()

    def _fold(self) -> None:
        """Let each text stand there once, and say what they come to."""
        folds = {fold.first: fold for fold in self._samples.folds}
        firsts = {other: fold.first for fold in folds.values() for other in fold.others}
        for card in self._cards:
            if card.has_focus and card.sample in firsts:
                self._card_of(firsts[card.sample]).focus()
            card.set_class(card.sample in firsts, "-folded")
            if card.sample in folds:
                card.show(folds[card.sample])
        summaries = [summary for summary in self._samples.summaries if summary.count]
        lines = [": ".join(filter(None, [s.point.label, s.sentence])) for s in summaries]
        self.query_one("#samples-summary", Static).update("\n".join(lines))

    def _show_keys(self) -> None:
        leaving = Key("Esc", "close" if self._samples.over else "stop", "leave")
        self.query_one(KeyLines).keys = (
            Key("Enter", "open in the conversation", "open"),
            Key("Space", "whole text", "tall"),
            leaving,
        )

    # What the person does

    @property
    def _in_sight(self) -> list[SampleCard]:
        """The cards that are no repetition of another."""
        return [card for card in self._cards if not card.has_class("-folded")]

    @property
    def _card(self) -> SampleCard:
        """The card with the focus, or the first one."""
        return self.focused if isinstance(self.focused, SampleCard) else self._in_sight[0]

    def _card_of(self, sample: Sample) -> SampleCard:
        return next(card for card in self._cards if card.sample is sample)

    def action_move(self, across: int, down: int) -> None:
        """Go to the next card to a side."""
        cards, card = self._in_sight, self._card
        if across:
            place = cards.index(card) + across
            self._go_to(cards[max(0, min(place, len(cards) - 1))])
            return
        column = [other for other in cards if other.region.x == card.region.x]
        place = column.index(card) + down
        self._go_to(column[place] if 0 <= place < len(column) else cards[0 if down < 0 else -1])

    def action_end(self, place: int) -> None:
        """Go to the first or the last card."""
        self._go_to(self._in_sight[place])

    def _go_to(self, card: SampleCard) -> None:
        card.focus(scroll_visible=False)
        card.scroll_visible(animate=False)

    def action_page(self, pages: int) -> None:
        """Scroll by what is in sight, through a whole text for instance."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)

    def action_tall(self) -> None:
        """Show the whole text of a card, or the usual part of it."""
        self._card.toggle_tall()

    def action_open(self) -> None:
        """Make the sample a version of the conversation's last reply; the others are stopped."""
        self._open(self._card.sample)

    @on(SampleCard.Wanted)
    def _wanted(self, message: SampleCard.Wanted) -> None:
        self._open(message.sample)

    def _open(self, sample: Sample) -> None:
        if not self.is_current:
            return  # opened twice
        try:
            self._session.keep_sample(sample)
        except MlxchatError as error:
            self.notify(str(error), severity="warning", markup=False)
            return
        if not self._samples.over:
            self._session.stop()
        self.dismiss(sample)

    def action_leave(self) -> None:
        """Stop what is written; close where nothing is."""
        if self._samples.over:
            self.dismiss(None)
        else:
            self._session.stop()
