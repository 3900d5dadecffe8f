"""Marks in the columns of a comparison where their replies differ."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mlxchat.conversation.difference import first_difference, word_diff
from mlxchat.conversation.entries import Reply
from mlxchat.session.column import Column
from mlxchat.tui.transcript.difference import Difference
from mlxchat.tui.transcript.transcript import Transcript

Pair = tuple[Reply, Reply]


class Shown(NamedTuple):
    """A column and where it is shown."""

    column: Column
    transcript: Transcript


class Differences:
    """Compares the replies of each column with those of the first one, turn by turn."""

    def __init__(self) -> None:
        self.words = False
        """Whether what the others have not is underlined, in replies that are over."""
        self._first: dict[Pair, tuple[int, int]] = {}
        self._same: set[Pair] = set()
        """Replies that are over and do not differ."""
        self._words: dict[Pair, tuple[list[range], list[range]]] = {}

    def mark(self, columns: Sequence[Shown]) -> None:
        """Mark what is known by now. What was found once costs nothing again."""
        if len(columns) < 2:
            return
        first, *others = columns
        found: dict[Reply, list[Difference]] = defaultdict(list)
        for column, transcript in others:
            for pair in _turns(first.column, column):
                transcript.set_difference(pair[1], self._of(pair, 1))
                found[pair[0]].append(self._of(pair, 0))
        # By reply: a lane that was opened later has fewer turns of its own.
        for reply, differences in found.items():
            first.transcript.set_difference(reply, joined(differences))

    def unmark(self, columns: Sequence[Shown]) -> None:
        """Take all marks away: there is nothing to compare with."""
        for column, transcript in columns:
            for reply in _replies(column):
                transcript.set_difference(reply, Difference())

    def _of(self, pair: Pair, side: int) -> Difference:
        """What sets one of two replies apart from the other, as far as that is known."""
        first = self._parting(pair)
        own = self._diff(pair)[side] if self.words and _over(pair) else ()
        return Difference(None if first is None else first[side], tuple(own))

    def _parting(self, pair: Pair) -> tuple[int, int] | None:
        """Where two replies part, as far as that is known."""
        if pair not in self._first and pair not in self._same:
            found = first_difference(*pair)
            if found is not None:
                self._first[pair] = found
            elif _over(pair):
                self._same.add(pair)
        return self._first.get(pair)

    def _diff(self, pair: Pair) -> tuple[list[range], list[range]]:
        if pair not in self._words:
            self._words[pair] = word_diff(pair[0].text, pair[1].text)
        return self._words[pair]


def joined(found: Sequence[Difference]) -> Difference:
    """What sets a reply apart from several others: from the first place where it differs from one
    of them, all that one of them has not."""
    places = [difference.first for difference in found if difference.first is not None]
    return Difference(
        min(places, default=None), merged([part for one in found for part in one.own])
    )


def merged(parts: Sequence[range]) -> tuple[range, ...]:
    """Stretches in order, those that touch or overlap as one."""
    result: list[range] = []
    for part in sorted(parts, key=lambda part: part.start):
        if result and part.start <= result[-1].stop:
            result[-1] = range(result[-1].start, max(result[-1].stop, part.stop))
        else:
            result.append(part)
    return tuple(result)


def _turns(one: Column, other: Column) -> Iterator[Pair]:
    """The replies of two columns to the same turns, those apart that both have in common."""
    mine, theirs = _replies(one), _replies(other)
    return ((a, b) for a, b in zip(mine, theirs, strict=False) if a is not b)


def _replies(column: Column) -> list[Reply]:
    return [node.entry for node in column.nodes if isinstance(node.entry, Reply)]


def _over(pair: Pair) -> bool:
    return all(reply.reason is not None for reply in pair)
