"""Which of several models' replies to one message a person finds the best."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Outcome = Literal["won", "lost", "tie"]


@dataclass(frozen=True, slots=True)
class Vote:
    """What a vote said of one of the replies."""

    outcome: Outcome
    blind: bool = False
    """Whether the person did not know which model wrote which."""
    among: tuple[str, ...] = ()
    """The names of all lanes that were voted on."""
    lane: str = ""
    """The name of the one that wrote this reply."""

    @property
    def text(self) -> str:
        """All of it on a line: `won, blind`."""
        return f"{self.outcome}, blind" if self.blind else self.outcome


def votes_summary(votes: Iterable[Vote]) -> str:
    """What came of them: `base 3 · pirate ×1.00 5 · ties 1`; nothing where there are none."""
    won: dict[str, int] = {}
    ties = 0
    for vote in votes:
        for name in vote.among:
            won.setdefault(name, 0)
        if vote.outcome == "won":
            won[vote.lane] = won.get(vote.lane, 0) + 1
        ties += vote.outcome == "tie" and vote.lane in vote.among[:1]
    parts = [f"{name} {count}" for name, count in won.items()]
    return " · ".join([*parts, *([f"ties {ties}"] if ties else [])])
