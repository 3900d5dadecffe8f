"""Where each entry of a transcript stands: heights, tops, and anchors that survive re-wrapping."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mlxchat.tui.transcript.entries import Entry

WRAPPED_LIMIT = 300
"""How many entries keep their rows; the others are wrapped again when they come into sight."""


@dataclass(slots=True)
class Anchor:
    """A row of an entry, to hold the view at."""

    entry: Entry
    row: int
    characters: int | None = None
    """Visible characters before it, while the entry waits to be wrapped for another width."""


class TranscriptLayout:
    """Entries one below the other. Rows are counted from the top of the first."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.width = 0
        self._index: dict[int, int] = {}
        self._tops: list[int] = [0]
        self._known = 0
        self._next_id = 1
        self._pending: list[Entry] = []
        self._all_known = True
        self._wrapped = 0

    @property
    def all_known(self) -> bool:
        """Whether no height is an estimate, as far as `wrap_one` knows."""
        return self._all_known

    @property
    def height(self) -> int:
        """Rows of all entries together."""
        return self.top(len(self.entries))

    def add(self, entries: Iterable[Entry]) -> list[int]:
        """Append entries, unwrapped; their new ids."""
        ids = []
        for entry in entries:
            entry.id, self._next_id = self._next_id, self._next_id + 1
            entry.set_width(self.width)
            self._index[entry.id] = len(self.entries)
            self.entries.append(entry)
            ids.append(entry.id)
        self._forget_pending()
        return ids

    def index(self, entry_id: int) -> int:
        """The place of an entry; KeyError where it is gone."""
        return self._index[entry_id]

    def cut(self, index: int) -> None:
        """Remove the entry at this place and all after it."""
        for entry in self.entries[index:]:
            del self._index[entry.id]
        del self.entries[index:]
        self._invalidate(index)
        self._forget_pending()

    def top(self, index: int) -> int:
        """The first row of the entry at this place; for the place after the last, the height."""
        if index > self._known:
            del self._tops[self._known + 1 :]
            for entry in self.entries[self._known :]:
                self._tops.append(self._tops[-1] + entry.height)
            self._known = len(self.entries)
        return self._tops[index]

    def locate(self, row: int) -> tuple[int, int]:
        """The place of the entry that has this row, and which of its own rows it is."""
        height = self.height
        row = min(max(row, 0), max(0, height - 1))
        index = min(bisect_right(self._tops, row) - 1, len(self.entries) - 1)
        return index, row - self._tops[index]

    def rows(self, first: int, last: int) -> Iterator[tuple[Entry, int]]:
        """The entry of each row first <= row < last, all of them within the height, and which of
        its own rows that is."""
        if last <= first:
            return
        index, inner = self.locate(first)
        for _ in range(first, last):
            while inner >= self.entries[index].height:
                index, inner = index + 1, 0
            yield self.entries[index], inner
            inner += 1

    def resized(self, index: int) -> None:
        """The entry at this place has another height than before."""
        self._invalidate(index)
        if not self.entries[index].exact:
            self._forget_pending()

    def wrap_rows(self, first: int, last: int) -> bool:
        """Wrap every entry with a row in first <= row < last; whether a height changed."""
        if not self.entries or last <= first:
            return False
        begin, end = self.locate(first)[0], self.locate(last - 1)[0]
        changed = False
        for index in range(begin, end + 1):
            changed = self._wrap(index) or changed
        return changed

    def wrap_one(self, near: int) -> bool:
        """Find out one unknown height, entries near a place first; False when all are known."""
        if not self._pending:
            unknown = [(abs(i - near), e) for i, e in enumerate(self.entries) if not e.exact]
            self._pending = [e for _, e in sorted(unknown, key=lambda pair: -pair[0])]
        while self._pending:
            entry = self._pending.pop()
            if not entry.exact:
                self._wrap(self._index[entry.id])
                return True
        self._all_known = True
        return False

    def trim(self, first: int, last: int) -> None:
        """Let go of rows far from these rows once too many entries are wrapped."""
        if self._wrapped <= WRAPPED_LIMIT:
            return
        begin, end = self.locate(first)[0], self.locate(last)[0]
        self._wrapped = 0
        for index, entry in enumerate(self.entries):
            if not begin - WRAPPED_LIMIT // 4 <= index <= end + WRAPPED_LIMIT // 4:
                entry.unwrap()
            self._wrapped += entry.wrapped

    def anchor(self, row: int) -> Anchor | None:
        """An anchor at a row, or None where there is nothing."""
        if not self.entries:
            return None
        index, inner = self.locate(row)
        return Anchor(self.entries[index], inner)

    def row_of(self, anchor: Anchor) -> int:
        """The row where an anchor stands now."""
        index = self._index.get(anchor.entry.id)
        if index is None:
            return self.height
        entry = anchor.entry
        if anchor.characters is not None and entry.wrapped:
            anchor.row, anchor.characters = entry.row_at(anchor.characters), None
        anchor.row = min(anchor.row, max(0, entry.height - 1))
        return self.top(index) + anchor.row

    def set_width(self, width: int, anchor: Anchor | None = None) -> None:
        """Take another width in cells; every entry is to be wrapped anew."""
        if anchor is not None and anchor.entry.wrapped:
            anchor.characters = anchor.entry.characters_before(anchor.row)
        self.width = width
        for entry in self.entries:
            entry.set_width(width)
        self._forget_pending()
        self._invalidate(0)

    def _wrap(self, index: int) -> bool:
        entry = self.entries[index]
        if entry.wrapped:
            return False
        before = entry.height
        entry.wrap()
        self._wrapped += 1
        if entry.height == before:
            return False
        self._invalidate(index)
        return True

    def _forget_pending(self) -> None:
        self._pending.clear()
        self._all_known = False

    def _invalidate(self, index: int) -> None:
        self._known = min(self._known, index)
