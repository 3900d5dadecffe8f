"""What an engine is, to everything above it: requests in, typed events out. No mlx here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from mlxchat.engine.distribution import Distribution
from mlxchat.engine.loading import AdapterFailed as AdapterFailed
from mlxchat.engine.loading import AdapterLoaded as AdapterLoaded
from mlxchat.engine.loading import BesideFailed as BesideFailed
from mlxchat.engine.loading import IsCancelled as IsCancelled
from mlxchat.engine.loading import Loaded as Loaded
from mlxchat.engine.loading import LoadedBeside as LoadedBeside
from mlxchat.engine.loading import LoadEvent as LoadEvent
from mlxchat.engine.loading import LoadFailed as LoadFailed
from mlxchat.engine.loading import LoadProgress as LoadProgress
from mlxchat.engine.loading import Noticed as Noticed
from mlxchat.engine.loading import Report as Report
from mlxchat.engine.loading import Switched as Switched
from mlxchat.engine.loading import SwitchFailed as SwitchFailed
from mlxchat.engine.model_spec import DEMO as DEMO
from mlxchat.engine.model_spec import MadeFrom as MadeFrom
from mlxchat.engine.model_spec import ModelInfo as ModelInfo
from mlxchat.engine.model_spec import ModelSpec as ModelSpec
from mlxchat.engine.samples import (
    SamplesEvent,
    SamplesRequest,
    ScoreEvent,
    ScoreRequest,
    TokensRequest,
)
from mlxchat.engine.statistics import Statistics
from mlxchat.engine.token_record import ALTERNATIVES as ALTERNATIVES
from mlxchat.engine.token_record import UNKNOWN_RANK as UNKNOWN_RANK
from mlxchat.engine.token_record import UNKNOWN_TOKEN as UNKNOWN_TOKEN
from mlxchat.engine.token_record import TokenRecord as TokenRecord
from mlxchat.settings.parameters import Settings
from mlxchat.settings.speed import Speed

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "context", "cancelled", "failed", "interrupted"]
"""`context`: prompt and reply are as long as the model takes; `interrupted`: the program ended
while it was written, and what was saved of it is there."""
Overflow = Literal["ask", "window", "stop"]
"""What is done where a conversation does not fit: tell so and wait for the person, leave out the
oldest turns, or write as long as there is room and then say why not."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a conversation, as a chat template takes it.

    `token_ids` are the exact tokens that a model's reply was made of, where they are known; with
    them a later turn is computed from what the model really wrote. They may spell its start only,
    where a stop string ended it within a token.
    """

    role: Role
    content: str
    token_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class WordIds:
    """Words of the settings as tokens of the model that is loaded."""

    bias: Mapping[int, float] = field(default_factory=dict)
    """What is added to the logit of each token."""
    end_tokens: tuple[int, ...] = ()
    """Tokens that end a reply beside the model's own."""
    all_end_tokens: frozenset[int] = frozenset()
    """These and the model's own."""


@dataclass(frozen=True, slots=True)
class PromptForm:
    """How a prompt was made of its messages, as far as they do not tell."""

    templated: bool = True
    """Whether a chat template wrote it; the messages are joined by an empty line otherwise."""
    merged_system: bool = False
    """Whether the system prompt is the head of the first message: the template refuses it."""
    own_ids: bool = False
    """Whether earlier replies stand in it with tokens that their text would not be encoded to."""


@dataclass(frozen=True, slots=True)
class Repeated:
    """What a replay writes again, where its text alone is known."""

    text: str
    """Without the prefilled start."""
    ended: bool
    """Whether it ended by itself: what stopped it otherwise, a replay is cut at."""


@dataclass(frozen=True, slots=True)
class ReplyRequest:
    """A reply to be written."""

    reply_id: int
    messages: Sequence[Message]
    """The conversation up to the message to answer, the system prompt first where there is one."""
    settings: Settings
    seed: int
    prefill: str = ""
    """The start of the reply, which the model goes on from."""
    reply_ids: tuple[int, ...] = ()
    """The first tokens of the reply, after the prefilled start; the model goes on from them."""
    schedule: tuple[Settings, ...] = ()
    """The settings of each draw, for a replay: they count instead of those in force, the last of
    them for all draws after it, and the reply gets at most as many tokens."""
    repeats: Repeated | None = None
    """The reply that a replay over a server repeats."""
    read_in: tuple[int, ...] = ()
    """How many tokens to read at a time where no cache holds any, for a replay: the same numbers
    give the same bits. What they leave is read in the usual steps."""
    uncounted: int = 0
    """How many of `reply_ids` do not count towards max_tokens: a reply that was cut goes on."""
    overflow: Overflow = "stop"
    adapter: str | None = None
    """The path of the adapter to write it with; None: the model alone."""
    room: int | None = None
    """Tokens that are kept for it, where what is left out for them is no more than it has to be:
    no later turn finds this prompt in the cache. None: a usual reply's, and whole steps."""
    lane: int = 0
    """Whose settings are in force while it is written: replies beside it may have others."""
    model: int = 0
    """Which model writes it: 0 for the one that `load` loaded, or a key of `load_beside`."""


@dataclass(frozen=True, slots=True)
class InspectRequest:
    """A question: what can come at this place?"""

    request_id: int
    messages: Sequence[Message]
    """The conversation up to the message that the reply answers."""
    settings: Settings
    prefill: str = ""
    reply_ids: tuple[int, ...] = ()
    """The tokens of the reply that come before the place."""
    also: tuple[int, ...] = ()
    """Tokens to tell of, however unlikely they are."""
    most_new: int | None = None
    """No answer where more tokens than this would have to be read; None: whatever it takes."""
    adapter: str | None = None
    """The path of the adapter that the model has."""
    model: int = 0
    """Which model is asked, as in a `ReplyRequest`."""

    @property
    def place(self) -> tuple[object, ...]:
        """What is asked about, whatever the sampler's settings."""
        strength = self.settings.adapter_strength if self.adapter else 0.0
        of_model = self.model, self.adapter, strength
        return tuple(self.messages), self.prefill, self.reply_ids, *of_model


# Events, in the order in which an engine sends them.


@dataclass(frozen=True, slots=True)
class PrefillProgress:
    """How much of the prompt was found in a cache, and how much of the rest is read."""

    reply_id: int
    reused: int
    done: int
    """New tokens read so far."""
    total: int
    """New tokens to read."""
    opens_in_thought: bool = False
    """Whether the template itself opened a think tag, so that the reply begins inside it."""
    form: PromptForm = PromptForm()
    left_out: int = 0
    """How many of the oldest messages after the system prompt did not fit."""


@dataclass(frozen=True, slots=True)
class ContextExceeded:
    """The prompt leaves no room for a reply, and the person is to say what happens. Nothing was
    read; the reply is to be asked for again."""

    reply_id: int
    prompt_tokens: int
    """Of the whole conversation."""
    limit: int
    left_out: int
    """How many of the oldest messages a rolling window would leave out."""
    window_tokens: int
    """How long the prompt would be then."""


@dataclass(frozen=True, slots=True)
class ReplyStarted:
    """The prompt is read; tokens follow."""

    reply_id: int


@dataclass(frozen=True, slots=True)
class TokenSampled:
    """One token of the reply."""

    reply_id: int
    record: TokenRecord


@dataclass(frozen=True, slots=True)
class ReplyFinished:
    """The reply is over: an end token, its length, the model's limit, or a stop. What was written
    stands."""

    reply_id: int
    reason: FinishReason
    statistics: Statistics
    unspoken: int = 0
    """How many of its last tokens are no part of what it says: an end token, or a stop string."""


@dataclass(frozen=True, slots=True)
class ReplyFailed:
    """The reply broke off. `message` is fit to show; what was written before stands."""

    reply_id: int
    message: str
    too_long: bool = False
    """Whether nothing was read because the last message alone has no room."""
    again: bool = False
    """Whether the same may go well in a moment, as where a connection was lost."""


@dataclass(frozen=True, slots=True)
class TokensCounted:
    """The answer to `Engine.count`: what a prompt would cost."""

    request_id: int
    prompt_tokens: int
    cached_tokens: int
    """How many of them a prompt cache holds."""
    left_out: int = 0
    """How many messages would be left out, where the oldest may be."""
    whole_tokens: int = 0
    """Of all messages."""


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing has come of a reply for a while from where it is written."""

    reply_id: int
    seconds: int
    """0 as soon as something has come again."""


@dataclass(frozen=True, slots=True)
class WordsNoted:
    """What a person should know of words in the settings in force: which are no token of the
    model. It comes when that has changed."""

    notes: Mapping[str, Sequence[str]]
    """Sentences by parameter name; none for a parameter whose words are all found."""


@dataclass(frozen=True, slots=True)
class Inspected:
    """The answer to `Engine.inspect`."""

    request_id: int
    distribution: Distribution


ReplyEvent = (
    PrefillProgress
    | ContextExceeded
    | ReplyStarted
    | TokenSampled
    | Silent
    | ReplyFinished
    | ReplyFailed
)
"""What tells of a reply, by its `reply_id`."""

Event = (
    LoadEvent
    | ReplyEvent
    | TokensCounted
    | WordsNoted
    | Inspected
    | Noticed
    | SamplesEvent
    | ScoreEvent
)


class Engine(Protocol):
    """Loads models and writes replies, on a thread (or a machine) of its own.

    No method waits for the engine; everything that happens comes back through `drain`, in order.
    """

    def load(self, spec: ModelSpec) -> None:
        """Load a model; the one before is given up once the new one is ready."""

    def load_beside(self, key: int, spec: ModelSpec) -> None:
        """Load a model beside that one, under a key above 0, which any model under it gives up.

        What does not fit into memory is refused. Loading another one with `load` gives up all.
        """

    def give_up(self, key: int) -> None:
        """Give up the model that was loaded beside under this key, where there is one."""

    def load_adapter(self, path: str) -> None:
        """Read an adapter for the loaded model, so that requests can name it."""

    def switch(self, speed: Speed) -> None:
        """Write with quantized caches or a draft model, or without, from the next reply on. The
        loaded model stays; a draft model is loaded beside it."""

    def reply(self, request: ReplyRequest) -> None:
        """Write a reply. Requests queue up."""

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        """Write replies in step: their prompts are read one after the other, then one token of
        each in turn. Each is the reply that it would be alone; one that is over, or fails, leaves
        the others going."""

    def change(self, settings: Settings, lane: int = 0) -> None:
        """Use these settings from the next token on, in the lane's running reply and later ones.

        Another adapter_strength is another model: a prompt that is being read is read again.
        """

    def cancel(self) -> None:
        """Stop what is running (load, prefill, reply) as soon as possible."""

    def count(
        self,
        request_id: int,
        messages: Sequence[Message],
        overflow: Overflow = "stop",
        adapter: str | None = None,
    ) -> None:
        """Ask what a prompt of these messages would cost; answered when the engine is idle."""

    def inspect(self, request: InspectRequest) -> None:
        """Ask what can come at a place; answered when the engine is idle, or between two tokens,
        the newest question only. New settings at the same place cost no run of the model."""

    def sample(self, request: SamplesRequest) -> None:
        """Write several replies to one prompt, at once where the model can. Requests queue up."""

    def score(self, request: ScoreRequest) -> None:
        """Ask how probable the model finds a reply. Requests queue up."""

    def score_tokens(self, request: TokensRequest) -> None:
        """Ask how probable a model finds each token of a reply. Requests queue up."""

    def spell(self, token_ids: Sequence[int], model: int = 0) -> list[str]:
        """The text that becomes readable with each of a reply's tokens; empty in mid-character."""

    def word_ids(self, settings: Settings, model: int = 0) -> WordIds:
        """The tokens that the words in the settings stand for."""

    def token_bytes(self, token_id: int, model: int = 0) -> bytes:
        """The exact bytes that a token stands for; a special token's name."""

    def machines(self) -> list[str]:
        """What each process does that has a part of the model, a line for each, or where a server
        is; none where the model is in this process."""

    def drain(self) -> list[Event]:
        """The events since the last call; never waits."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until `drain` has something; False when the time is up."""

    def close(self) -> None:
        """Stop everything and let the engine's thread end."""
