"""How much of a conversation fits into a model, and what falls out where it does not. No mlx here.

A prompt may take what the limit leaves beside `ROOM_SHARE`, which is kept for the reply. A longer
one loses its oldest turns, never the system prompt or the last message of the person.

Whatever falls out from the front moves all that follows, so that no prompt cache holds it any more.
So the window does not slide a little at each turn: what falls out is rounded up to whole steps of
`STEP_SHARE`, and the turns until the next step find the one before in the cache. The steps are
counted from the beginning of the conversation, so that the same messages always leave out the same
ones, in a retry or in another process too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from mlxchat.engine.interface import Message

Level = Literal["fine", "near", "full"]

ROOM_SHARE = 8
"""One part in so many of the limit is kept for the reply: an answer of usual length fits in."""
MOST_ROOM = 1024
"""Tokens that are kept for the reply at most: models with a large limit answer no longer."""
STEP_SHARE = 4
"""The window slides by one part in so many of what a prompt may take: the person loses a quarter of
what was said at once, and a few turns later pay for one long reading instead of each."""
NEAR_SHARE = 0.85
"""From this share of what a prompt may take the limit is near."""


def most_prompt_tokens(limit: int) -> int:
    """How long a prompt may be under a limit, so that there is room for a reply."""
    return limit - min(limit // ROOM_SHARE, MOST_ROOM)


@dataclass(frozen=True, slots=True)
class ContextUse:
    """How full the context is."""

    used: int
    """Tokens of the conversation as the next prompt takes it, about."""
    limit: int | None
    """The most that the model takes; None where it has no limit or none is known."""

    @property
    def share(self) -> float:
        """The part of the limit that is used, 0 where there is none; more than 1 is too much."""
        return self.used / self.limit if self.limit else 0.0

    @property
    def level(self) -> Level:
        """Whether the person should be told: the next message may not fit, or it will not."""
        if self.limit is None:
            return "fine"
        most = most_prompt_tokens(self.limit)
        return "full" if self.used > most else "near" if self.used >= NEAR_SHARE * most else "fine"


def excess(prompt: int, given: int, limit: int, room: int | None = None) -> int:
    """How many tokens too many there are; 0 or less where all is well. `room` is what is kept for
    the reply; None for a usual one's.

    `given` are the tokens that the reply begins with. They count only where the model could not
    write another token otherwise, so that a reply that goes on has the prompt that it began with.
    """
    most = most_prompt_tokens(limit) if room is None else limit - room
    return prompt - most if prompt + given < limit else prompt + given - most


def turn_starts(messages: Sequence[Message]) -> list[int]:
    """Where the messages can begin, the system prompt aside: with all, or at one of the person's.
    The last one always stays."""
    first = first_message(messages)
    asked = [n for n, m in enumerate(messages) if m.role == "user" and n > first]
    return [first, *asked]


def first_message(messages: Sequence[Message]) -> int:
    """The number of the first message that is not the system prompt."""
    return 1 if messages and messages[0].role == "system" else 0


def without_oldest(messages: Sequence[Message], left_out: int) -> list[Message]:
    """The messages without so many of the oldest after the system prompt."""
    first = first_message(messages)
    return [*messages[:first], *messages[first + left_out :]]


def to_drop(over: int, limit: int) -> int:
    """How many tokens are left out at least where there are `over` too many: whole steps."""
    step = max(1, most_prompt_tokens(limit) // STEP_SHARE)
    return -(-over // step) * step


def first_that(holds: Callable[[int], bool], last: int, guess: int) -> int:
    """The first number above 0 that `holds`, `last` where none does; they hold from one on. Few
    are tried where the guess is good."""
    low, high = 0, last
    near = [guess, guess - 1, guess + 1]
    while high - low > 1:
        tried = next((n for n in near if low < n < high), (low + high) // 2)
        low, high = (low, tried) if holds(tried) else (tried, high)
    return high
