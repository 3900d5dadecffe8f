"""Several replies to one prompt, and how probable a model finds a given one: what is asked, and
what comes back. No mlx here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlxchat.engine.statistics import Statistics
from mlxchat.settings.parameters import Settings

if TYPE_CHECKING:
    from mlxchat.engine.interface import FinishReason, Message, PromptForm, TokenRecord


@dataclass(frozen=True, slots=True)
class Draw:
    """What one of the samples is drawn with.

    The seed gives the random numbers that a reply of its own with that seed gets, whatever is
    drawn beside it.
    """

    settings: Settings
    seed: int
    adapter: str | None = None
    """The path of the adapter to write it with, at the strength of the settings; None: the model
    alone."""


@dataclass(frozen=True, slots=True)
class SamplesRequest:
    """Replies to one prompt, which is read once."""

    request_id: int
    messages: Sequence[Message]
    """The conversation up to the message to answer, the system prompt first where there is one."""
    draws: Sequence[Draw]
    prefill: str = ""
    """The start of each of them, which the model goes on from."""


@dataclass(frozen=True, slots=True)
class ScoreRequest:
    """A question: how probable does the model find this reply?"""

    request_id: int
    messages: Sequence[Message]
    """The conversation up to the message that it answers."""
    reply: str
    adapter: str | None = None
    """The path of the adapter that the model has."""
    adapter_strength: float = 1.0


@dataclass(frozen=True, slots=True)
class TokensRequest:
    """A question: how probable does a model find each token of this reply?"""

    request_id: int
    messages: Sequence[Message]
    """The conversation up to the message that it answers, without what its prompt left out."""
    reply_ids: tuple[int, ...]
    prefill: str = ""
    """The start of the reply, before these tokens."""
    model: int = 0
    """Which model is asked: 0 for the one that `load` loaded, or a key of `load_beside`."""
    adapter: str | None = None
    """The path of the adapter that the model has."""
    adapter_strength: float = 1.0


# Events, in the order in which an engine sends them.


@dataclass(frozen=True, slots=True)
class SamplesPrefill:
    """How much of the prompt was found in a cache, and how much of the rest is read."""

    request_id: int
    reused: int
    done: int
    """New tokens read so far."""
    total: int
    """New tokens to read."""
    opens_in_thought: bool
    """Whether the template itself opened a think tag, so that each reply begins inside it."""
    form: PromptForm


@dataclass(frozen=True, slots=True)
class SamplesStarted:
    """The prompt is read; tokens follow."""

    request_id: int
    one_by_one: str = ""
    """A sentence where they cannot be written as one batch, and are written one after the other."""


@dataclass(frozen=True, slots=True)
class SamplesNoted:
    """What a person should know of the adapters that write them, in sentences."""

    request_id: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleToken:
    """One token of one of the samples."""

    request_id: int
    number: int
    """The place of its draw in the request."""
    record: TokenRecord


@dataclass(frozen=True, slots=True)
class SampleFinished:
    """One of the samples is over. What was written stands."""

    request_id: int
    number: int
    reason: FinishReason
    statistics: Statistics
    """In a batch, `reply_seconds` is the time in which all of them were written."""
    unspoken: int = 0
    """How many of its last tokens are no part of what it says: an end token, or a stop string."""


@dataclass(frozen=True, slots=True)
class SamplesFinished:
    """All of them are over."""

    request_id: int


@dataclass(frozen=True, slots=True)
class SamplesFailed:
    """They broke off. `message` is fit to show; what was written before stands."""

    request_id: int
    message: str


@dataclass(frozen=True, slots=True)
class Scored:
    """The answer to `Engine.score`."""

    request_id: int
    tokens: int
    """Of the reply, with the end token that the chat template writes after it."""
    logprob: float
    """The sum of their natural log-probabilities, at temperature 1 and without any filter."""

    @property
    def perplexity(self) -> float:
        """That of the reply."""
        return perplexity(self.logprob, self.tokens)


@dataclass(frozen=True, slots=True)
class TokensScored:
    """The answer to `Engine.score_tokens`."""

    request_id: int
    logprobs: tuple[float, ...]
    """Of each token: natural, at temperature 1 and without any filter, bias or penalty."""


@dataclass(frozen=True, slots=True)
class ScoreFailed:
    """The reply could not be scored. `message` is fit to show."""

    request_id: int
    message: str


def perplexity(logprob: float, tokens: int) -> float:
    """e to the mean negative log-probability of a token, of at least one token; infinite where that
    overflows. `logprob` is the sum of their natural log-probabilities."""
    try:
        return math.exp(-logprob / tokens)
    except OverflowError:
        return math.inf


SamplesEvent = (
    SamplesPrefill
    | SamplesStarted
    | SamplesNoted
    | SampleToken
    | SampleFinished
    | SamplesFinished
    | SamplesFailed
)
ScoreEvent = Scored | TokensScored | ScoreFailed
