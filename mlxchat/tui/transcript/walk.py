"""Walking through the tokens of a reply."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import accumulate, takewhile
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import var

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.surprise import MEASURES, MOVED, SURPRISING, Measure
from mlxchat.conversation.token_body import TokenLook
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.layout import Anchor
from mlxchat.tui.transcript.reply import ReplyEntry
from mlxchat.tui.transcript.view import TranscriptView

MARGIN = 2
"""Lines that stay in sight above and below the selected token."""


class TokenWalk(TranscriptView):
    """A transcript whose replies open up into their tokens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "surprise(-1)", "prev", key_display="[", show=False),
        Binding("right_square_bracket", "surprise(1)", "surprising", key_display="[ ]"),
        Binding("slash", "search", "search", key_display="/"),
        Binding("n", "search_on(1)", "next match", show=False),
        Binding("N", "search_on(-1)", "match before", show=False),
        Binding("m", "measure", "colours"),
    ]

    walking: var[bool] = var(False)
    """Whether a token is selected."""
    always_tokens: var[bool] = var(False)
    """Whether every reply shows its tokens."""
    measure: var[Measure] = var[Measure]("probability")
    """What the colours of tokens tell."""

    @dataclass
    class TokenSelected(Message, namespace="transcript"):
        """Another token is selected; without a reply: none is."""

        reply: Reply | None
        place: int = 0

    class RoadsAsked(Message, namespace="transcript"):
        """The person wants to choose another token for the one that is selected."""

    class SearchAsked(Message, namespace="transcript"):
        """The person wants to look for text in the tokens."""

    def __init__(self, placeholder: str = "", **options: str | None) -> None:
        super().__init__(placeholder, **options)
        self.look = TokenLook()
        self._walked: ReplyEntry | None = None
        self._at = 0
        self._sought = ""

    @property
    def walked(self) -> tuple[Reply, int] | None:
        """The reply that is walked through, and the place of the selected token."""
        if self._walked is None or self._walked.reply is None:
            return None
        return self._walked.reply, self._at

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the token view work while a token is selected."""
        own = ("surprise", "search", "search_on", "measure", "roads", "walk_off")
        if action == "fold":
            return not self.walking
        return self.walking if action in own else True

    def takes(self, key: str) -> bool:
        """Whether a printable key means something here just now."""
        return self.walking and any(
            binding.key == key for binding in TokenWalk.BINDINGS if isinstance(binding, Binding)
        )

    # In and out

    def walk(self) -> bool:
        """Select a token of the reply in sight: the first surprising one in view, or the first.
        False where there is none."""
        replies = [(i, e) for i, e in self._replies_in_sight() if e.has_tokens]
        if not replies:
            return False
        # A replay is no part of the conversation: only where nothing else is in sight.
        index, entry = max(replies, key=lambda pair: (not pair[1].aside, pair[0]))
        self._switch(entry, True)
        self.walk_to(entry, self._first_surprise(index, entry))
        return True

    def walk_in(self, reply: Reply, place: int) -> None:
        """Select a token of a reply, where an entry shows it."""
        for entry in reversed(self._rows.entries):
            if isinstance(entry, ReplyEntry) and entry.reply is reply and entry.has_tokens:
                if entry.tokens is None:
                    self._switch(entry, True)
                self.walk_to(entry, place)
                return

    def repaint_tokens(self) -> None:
        """What the colours tell is another thing now."""
        self._strips.clear()
        self.refresh()
        if self.walked:
            self.post_message(self.TokenSelected(*self.walked))

    @property
    def damaged(self) -> Reply | None:
        """A reply in sight whose tokens are damaged, or nobody sent."""
        replies = (entry.reply for _, entry in self._replies_in_sight() if entry.reply)
        return next((reply for reply in replies if reply.damage), None)

    def walk_to(self, entry: ReplyEntry, place: int) -> None:
        """Select a token of a reply that shows its tokens."""
        self._wrap(entry)
        if self._walked is not None and self._walked is not entry:
            self._leave(self._walked)
        self._paint_cursor(None)
        self._walked, self._at, self.walking, self.following = entry, place, True, False
        self._paint_cursor(place)
        self._bring_into_sight()
        self.post_message(self.TokenSelected(entry.reply, place))
        self.refresh_bindings()

    def action_walk_off(self) -> None:
        """Select no token; the reply shows its Markdown again, unless all show their tokens."""
        if (entry := self._walked) is None:
            return
        self._walked, self.walking = None, False
        self._leave(entry)
        self.following = self.scroll_offset.y >= self.max_scroll_y
        self.post_message(self.TokenSelected(None))
        self.refresh_bindings()

    def cut(self, index: int) -> None:
        if self._walked in self._rows.entries[index:]:
            self._walked, self.walking = None, False
            self.post_message(self.TokenSelected(None))
        super().cut(index)

    def add(self, entries: list[Entry]) -> list[int]:
        for entry in entries:
            if self.always_tokens and isinstance(entry, ReplyEntry):
                entry.show_tokens(self.look)
        return super().add(entries)

    def watch_always_tokens(self, always: bool) -> None:
        """Open or close all replies."""
        hold = self._rows.anchor(self.scroll_offset.y)
        replies = [e for e in self._rows.entries if isinstance(e, ReplyEntry)]
        for entry in replies:
            if always or entry is not self._walked:
                entry.show_tokens(self.look if always else None)
        if hold is not None:
            self.rearrange(list(replies), hold, 0)

    # From token to token

    def walk_by(self, step: int) -> bool:
        """Go some tokens on or back; False where none is selected."""
        if self._walked is None or self._walked.reply is None:
            return False
        last = len(self._walked.reply.tokens) - 1
        self.walk_to(self._walked, min(max(0, self._at + step), last))
        return True

    def walk_lines(self, step: int) -> bool:
        """Go to the token above or below; False where none is selected."""
        if self._walked is None or self._walked.tokens is None:
            return False
        layout = self._walked.tokens.layout
        line, column = layout.line_of(self._at) + step, layout.column_of(self._at)
        found = layout.token_at(line, column) if 0 <= line < len(layout.lines) else None
        if found is not None:
            self.walk_to(self._walked, found)
        return True

    def action_surprise(self, step: int) -> None:
        """Go to the next token, or the one before, that is surprising by what the colours tell."""
        if (entry := self._walked) is not None and (reply := entry.reply) is not None:
            self._walk_where(step, lambda n: self.look.level(reply, n) >= SURPRISING)

    def action_search(self) -> None:
        """Ask for text to look for."""
        self.post_message(self.SearchAsked())

    def search(self, text: str) -> bool:
        """Go to where the text begins, from the selected token on; False where it is not."""
        self._sought = text
        return self.action_search_on(1)

    def action_search_on(self, step: int) -> bool:
        """Go to the next place of the text that was looked for, or the one before."""
        if self._walked is None or self._walked.reply is None or not self._sought:
            return False
        places = places_of(self._sought, [record.text for record in self._walked.reply.tokens])
        return self._walk_where(step, lambda n: n in places)

    def action_measure(self) -> None:
        """Let the colours tell something else; how far another model is, where that is known."""
        known = self._walked and self._walked.reply and self.look.others(self._walked.reply)
        offered = (*MEASURES, MOVED) if known else MEASURES
        place = offered.index(self.measure) if self.measure in offered else -1
        self.measure = offered[(place + 1) % len(offered)]

    def watch_measure(self, measure: Measure) -> None:
        """Paint all tokens anew."""
        self.look.measure = measure
        self.repaint_tokens()

    def action_roads(self) -> None:
        """Ask for the alternatives of the selected token."""
        self.post_message(self.RoadsAsked())

    def _walk_where(self, step: int, wanted: Callable[[int], bool]) -> bool:
        """Go to the next token that is `wanted`, around the end; False where none is."""
        entry = self._walked
        if entry is None or entry.reply is None:
            return False
        tokens = entry.reply.tokens
        for distance in range(1, len(tokens) + 1):
            place = (self._at + step * distance) % len(tokens)
            if wanted(place):
                self.walk_to(entry, place)
                return True
        return False

    # Painting

    def _in_sight(self) -> Iterator[tuple[int, Entry]]:
        """The entries of which a row is in the view, with their places."""
        if not self._rows.entries:
            return
        top, height = self.scroll_offset.y, max(1, self.size.height)
        first, last = self._rows.locate(top)[0], self._rows.locate(top + height - 1)[0]
        yield from enumerate(self._rows.entries[first : last + 1], first)

    def _replies_in_sight(self) -> Iterator[tuple[int, ReplyEntry]]:
        """The replies among them."""
        return ((i, entry) for i, entry in self._in_sight() if isinstance(entry, ReplyEntry))

    def _first_surprise(self, index: int, entry: ReplyEntry) -> int:
        assert entry.reply is not None
        top = max(0, self.scroll_offset.y - self._rows.top(index))
        tokens = entry.reply.tokens
        first, bottom = entry.first_token_from(top), top + self.size.height
        below = range(first if first < len(tokens) else 0, len(tokens))
        seen = list(takewhile(lambda n: entry.rows_of_token(n)[0] < bottom, below)) or below
        surprising = (n for n in seen if self.look.level(entry.reply, n) >= SURPRISING)
        return next(surprising, seen[0])

    def _leave(self, entry: ReplyEntry) -> None:
        """Take the cursor off a reply, and its tokens where they do not always show."""
        if entry.tokens is not None:
            entry.tokens.cursor = None
            self.repaint(entry, 0, entry.height)
        if not self.always_tokens:
            self._switch(entry, False)

    def _switch(self, entry: ReplyEntry, show: bool) -> None:
        """Show a reply's tokens or its Markdown, with the same text at the top of the view."""
        self._wrap(entry)
        y = self.scroll_offset.y
        inner = y - self._rows.top(self._rows.index(entry.id))
        hold = self._rows.anchor(y) if inner >= entry.height else None
        before = entry.characters_before(inner) if inner > 0 and hold is None else None
        entry.show_tokens(self.look if show else None)
        entry.wrap()
        row = 0 if before is None else entry.row_at(before)
        self.rearrange([entry], hold or Anchor(entry, row), max(0, -inner) if not hold else 0)

    def _wrap(self, entry: Entry) -> None:
        """Make the rows of an entry that is far out of sight, or was before the width changed."""
        if not entry.wrapped:
            entry.wrap()
            self._rows.resized(self._rows.index(entry.id))

    def _paint_cursor(self, place: int | None) -> None:
        """Put the cursor onto a token of the reply that is walked, or take it off."""
        entry = self._walked
        if entry is None or entry.tokens is None:
            return
        before, entry.tokens.cursor = entry.tokens.cursor, place
        for at in (before, place):
            if at is not None:
                self.repaint(entry, *entry.rows_of_token(at))

    def _bring_into_sight(self) -> None:
        assert self._walked is not None
        top = self._rows.top(self._rows.index(self._walked.id))
        first, last = (top + row for row in self._walked.rows_of_token(self._at))
        y, height = self.scroll_offset.y, self.size.height
        margin = min(MARGIN, max(0, (height - 1) // 2))
        wanted = min(max(y, last + margin - height), max(0, first - margin))
        if wanted != y:
            self.scroll_to(y=wanted, animate=False)


def places_of(text: str, pieces: list[str]) -> set[int]:
    """The pieces in which `text` begins, whatever their case."""
    ends = list(accumulate(map(len, pieces)))
    found = re.finditer(f"(?={re.escape(text)})", "".join(pieces), re.IGNORECASE)
    return {bisect_right(ends, match.start()) for match in found}
