"""Where settings changed while a reply was written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from mlxchat.conversation.token_list import Run
from mlxchat.settings.parameters import PARAMETERS, Settings

LONGEST_VALUE = 40
"""Characters of a list of words that a line tells."""
MOST_VALUES = 3
"""So many values a line tells from the beginning of a drag, and as many from its end."""
TOGETHER = 12
"""Changes no further apart than so many tokens are one: a slider that was dragged."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of settings in the middle of a reply."""

    token: int
    """The first token that was drawn after it."""
    last: int
    """The first token under the last of its settings."""
    settings: tuple[Settings, ...]
    """Those before it, and in turn those that tokens were drawn under."""

    @property
    def text(self) -> str:
        """What changed: `temp 0.70→1.10`."""
        return " · ".join(spelled(self.settings).values())


def spelled(settings: Sequence[Settings]) -> dict[str, str]:
    """Each parameter that did not stay as it was, by name, with its values in turn:
    `temp 0.70→1.10→0.70`."""
    values = {name: _in_turn(name, settings) for name in PARAMETERS}
    return {name: f"{name} {'→'.join(each)}" for name, each in values.items() if len(each) > 1}


def short(text: str) -> str:
    """A value as one line tells it."""
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def changes(runs: Sequence[Run]) -> list[Change]:
    """All changes between tokens in a row under the same settings."""
    found: list[Change] = []
    for (_, before), (place, after) in pairwise(runs):
        if found and place - found[-1].last <= TOGETHER:
            first = found.pop()
            found.append(Change(first.token, place, (*first.settings, after)))
        else:
            found.append(Change(place, place, (before, after)))
    return found


def _in_turn(name: str, settings: Sequence[Settings]) -> list[str]:
    """The values of a parameter, each where it became another one; of a long drag its ends."""
    values = [value for value, _ in groupby(each.value(name) for each in settings)]
    told = [short(PARAMETERS[name].format(value)) for value in values]
    if len(told) > 2 * MOST_VALUES:
        told[MOST_VALUES:-MOST_VALUES] = [f"({len(told) - 2 * MOST_VALUES} more)"]
    return told
