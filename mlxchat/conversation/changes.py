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

    before: Settings
    steps: tuple[tuple[int, Settings], ...]
    """In turn the places of the first tokens that were drawn under other settings, and these."""

    @property
    def token(self) -> int:
        """The first token that was drawn after it."""
        return self.steps[0][0]

    @property
    def last(self) -> int:
        """The first token under the last of its settings."""
        return self.steps[-1][0]

    @property
    def settings(self) -> list[Settings]:
        """Those before it, and in turn those that tokens were drawn under."""
        return [self.before, *(settings for _, settings in self.steps)]

    @property
    def text(self) -> str:
        """What changed, in turn, and where: `temp 0.70→1.10 from token 17`."""
        words = spelled(self.settings)
        names = sorted(words, key=lambda name: self._places(name)[0])
        groups = groupby(names, key=lambda name: _where(self._places(name)))
        return " · ".join(f"{' · '.join(words[name] for name in of)} {at}" for at, of in groups)

    def _places(self, name: str) -> list[int]:
        """Where this parameter became another one."""
        values = [settings.value(name) for settings in self.settings]
        moved = zip(self.steps, pairwise(values), strict=True)
        return [place for (place, _), (was, now) in moved if was != now]


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
            found.append(Change(first.before, (*first.steps, (place, after))))
        else:
            found.append(Change(before, ((place, after),)))
    return found


def _where(places: Sequence[int]) -> str:
    first, last = places[0] + 1, places[-1] + 1
    return f"from token {first}" if first == last else f"at tokens {first} to {last}"


def _in_turn(name: str, settings: Sequence[Settings]) -> list[str]:
    """The values of a parameter, each where it became another one; of a long drag its ends."""
    values = [value for value, _ in groupby(each.value(name) for each in settings)]
    told = [short(PARAMETERS[name].format(value)) for value in values]
    if len(told) > 2 * MOST_VALUES:
        told[MOST_VALUES:-MOST_VALUES] = [f"({len(told) - 2 * MOST_VALUES} more)"]
    return told
