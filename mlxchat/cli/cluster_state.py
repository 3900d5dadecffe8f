"""The state of the ranks as lines of text."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator

from mlxchat.cluster.cluster import Rank


def state_lines(ranks: Iterable[Rank]) -> Iterator[str]:
    """A line for each rank: its state, where it runs, and its memory."""
    for rank in ranks:
        parts = [f"rank {rank.number}", rank.how or rank.state]
        if rank.state == "running":
            parts += [f"process {rank.process} on {rank.machine}", _size(rank.memory)]
        yield "  ".join(parts)


def _size(memory: int | None) -> str:
    return "memory not known" if memory is None else f"{memory / 1e9:.2f} GB"


class StateLine:
    """The last line of the terminal's error output, written over again and again."""

    def show(self, text: str) -> None:
        """Show this instead; without a terminal nothing is shown."""
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{text}")
            sys.stderr.flush()

    def clear(self) -> None:
        """Leave the line empty."""
        self.show("")
