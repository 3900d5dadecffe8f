"""Where settings changed while a reply was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mlxchat.conversation.token_list import Run
from mlxchat.settings.parameters import PARAMETERS, Settings

LONGEST_VALUE = 40
"""Characters of a list of words that a line tells."""
TOGETHER = 12
"""Changes no further apart than so many tokens are one: a slider that was dragged."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of settings in the middle of a reply."""

    token: int
    """The first token that was drawn after it."""
    last: int
    """The first token under the last of its settings."""
    before: Settings
    after: Settings

    @property
    def text(self) -> str:
        """What changed: `temp 0.70→1.10`."""
        return " · ".join(spelled(self.before, self.after).values())


def spelled(before: Settings, after: Settings) -> dict[str, str]:
    """Each parameter that differs, by name: `temp 0.70→1.10`."""
    return {
        name: f"{name} {short(PARAMETERS[name].format(a))}→{short(PARAMETERS[name].format(b))}"
        for name, (a, b) in before.differences(after).items()
    }


def short(text: str) -> str:
    """A value as one line tells it."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def changes(runs: Sequence[Run]) -> list[Change]:
    """All changes between tokens in a row under the same settings."""
    found: list[Change] = []
    for (_, before), (place, after) in pairwise(runs):
        if found and place - found[-1].last <= TOGETHER:
            first = found.pop()
            found.append(Change(first.token, place, first.before, after))
        else:
            found.append(Change(place, place, before, after))
    return found
