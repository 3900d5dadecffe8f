"""The prompt of a reply, cut to what the model takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from mlxchat.engine.context import (
    excess,
    first_that,
    to_drop,
    turn_starts,
    without_oldest,
)
from mlxchat.engine.interface import Message, Overflow, ReplyRequest
from mlxchat.engine.loader import LoadedModel
from mlxchat.engine.prompt import Prompt, build_prompt
from mlxchat.errors import MlxchatError


class Fitted(NamedTuple):
    """A prompt, and what it had to do without."""

    prompt: Prompt
    left_out: int = 0
    """How many messages after the system prompt are not in it."""
    whole: int = 0
    """Tokens of the prompt with nothing left out."""


class TooLong(MlxchatError):
    """Not even the last message fits."""


class DoesNotFit(Exception):
    """The person has to say what happens: a part of the conversation does not fit."""

    def __init__(self, fitted: Fitted) -> None:
        """`fitted` is what a rolling window would make of it."""
        super().__init__("the conversation does not fit")
        self.fitted = fitted


def fit_prompt(loaded: LoadedModel, request: ReplyRequest) -> Fitted:
    """The prompt of a reply under the model's limit.

    Raises DoesNotFit where the person wants to be asked, and MlxchatError where the conversation
    does not fit and no message may or can be left out.
    """
    fitting = _Fitting(
        loaded, request.messages, request.prefill, len(request.reply_ids), request.room
    )
    if request.overflow == "stop" and not fitting.possible:
        raise fitting.refusal
    if request.overflow == "stop" or fitting.comfortable:
        return fitting.whole
    windowed = fitting.windowed()
    if request.overflow == "ask" and windowed.left_out:
        raise DoesNotFit(windowed)
    return windowed


def window_of(loaded: LoadedModel, messages: Sequence[Message], overflow: Overflow) -> Fitted:
    """What becomes of messages: all of them, where they fit or nothing else was chosen."""
    fitting = _Fitting(loaded, messages, "", 0)
    return fitting.windowed() if overflow == "window" and not fitting.comfortable else fitting.whole


class _Fitting:
    """Messages on their way to a prompt."""

    def __init__(
        self,
        loaded: LoadedModel,
        messages: Sequence[Message],
        prefill: str,
        given: int,
        room: int | None = None,
    ) -> None:
        self._loaded = loaded
        self._room = room
        self._messages = messages
        self._prefill = prefill
        self._written = len(self._encoded(prefill)) if prefill else 0
        self._given = given + self._written
        prompt = self._build(messages)
        self.whole = Fitted(prompt, 0, len(prompt.token_ids))
        self._starts = turn_starts(messages)
        self._built = {0: prompt}

    @property
    def comfortable(self) -> bool:
        """Whether all of it fits, with room for a reply."""
        return self._excess(self.whole.prompt) <= 0

    @property
    def possible(self) -> bool:
        """Whether all of it fits, so that a token at least can follow."""
        return self._possible(self.whole.prompt)

    @property
    def refusal(self) -> MlxchatError:
        """Why all of it does not fit, and what to do."""
        if len(self._starts) < 2:
            return TooLong(self._too_long(self.whole.prompt))
        tokens = self.whole.whole + self._given - self._written
        return MlxchatError(
            f"The conversation has {tokens:,} tokens and the model takes {self._limit:,}: let its "
            "oldest messages fall out (/context window), or begin anew with a summary (/context "
            "summary)."
        )

    def windowed(self) -> Fitted:
        """The prompt without the oldest turns; MlxchatError where not even the last one fits."""
        assert self._limit is not None
        over = self._excess(self.whole.prompt)
        wanted = to_drop(over, self._limit) if self._room is None else over
        last = len(self._starts) - 1
        place = first_that(lambda n: self._dropped(n) >= wanted, last, self._guess(wanted))
        prompt = self._from(place)
        if not self._possible(prompt):
            raise TooLong(self._too_long(prompt))
        return Fitted(prompt, self._starts[place] - self._starts[0], self.whole.whole)

    def _dropped(self, place: int) -> int:
        """Tokens that are left out where the messages begin at one of their starts."""
        return self.whole.whole - len(self._from(place).token_ids)

    def _from(self, place: int) -> Prompt:
        if place not in self._built:
            left_out = self._starts[place] - self._starts[0]
            self._built[place] = self._build(without_oldest(self._messages, left_out))
        return self._built[place]

    def _guess(self, wanted: int) -> int:
        """About where the messages have to begin, the template's own tokens shared out evenly."""
        costs = [self._cost(message) for message in self._messages]
        extra = (self.whole.whole - self._written - sum(costs)) / len(costs)
        before = accumulate(cost + extra for cost in costs[self._starts[0] :])
        ends = [start - self._starts[0] for start in self._starts[1:]]
        dropped = list(before)
        return 1 + sum(dropped[end - 1] < wanted for end in ends)

    @property
    def _limit(self) -> int | None:
        return self._loaded.info.context_limit

    def _build(self, messages: Sequence[Message]) -> Prompt:
        loaded = self._loaded
        return build_prompt(loaded.tokenizer, messages, loaded.spec, self._prefill)

    def _excess(self, prompt: Prompt) -> int:
        if self._limit is None:
            return 0
        return excess(len(prompt.token_ids) - self._written, self._given, self._limit, self._room)

    def _possible(self, prompt: Prompt) -> bool:
        taken = len(prompt.token_ids) - self._written + self._given
        return self._limit is None or taken < self._limit

    def _cost(self, message: Message) -> int:
        return len(message.token_ids or self._encoded(message.content))

    def _encoded(self, text: str) -> list[int]:
        return list(self._loaded.tokenizer.encode(text, add_special_tokens=False))

    def _too_long(self, prompt: Prompt) -> str:
        taken = len(prompt.token_ids) - self._written + self._given
        parts = ["the system prompt"] if self._starts[0] else []
        parts += ["the last message", *(["the start of the reply"] if self._given else [])]
        what = ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
        verb = "alone have" if len(parts) > 1 else "alone has"
        return (
            f"{what[0].upper()}{what[1:]} {verb} {taken:,} tokens, and the model takes "
            f"{self._limit:,}: make it shorter."
        )
