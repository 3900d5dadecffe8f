"""One of several models that answer the same messages beside each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from mlxchat.conversation.adapter_words import STRENGTH, adapter_words
from mlxchat.conversation.conversation import Conversation, system_at
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.engine.interface import ModelInfo, ModelSpec, Overflow, ReplyRequest, TokensRequest
from mlxchat.settings.parameters import Settings

LaneState = Literal["loading", "ready", "reading", "writing"]


@dataclass(frozen=True, slots=True)
class LaneModel:
    """What answers in a lane."""

    name: str
    """What the person calls it: an adapter's name, a model's, or `base`."""
    model: int = 0
    """Which of the engine's models it is, as in a ReplyRequest."""
    adapter: str | None = None
    """The path of its adapter; None for the model alone."""
    strength: float | None = None
    """The adapter's strength, where it is not that of the settings."""
    spec: ModelSpec | None = None
    """What loads it again."""


class OtherView(NamedTuple):
    """How probable another lane's model finds a reply. The names are those that the models had
    then: a lane's adapter and its strength may change afterwards."""

    writer: str
    """What wrote the reply: `pirate ×0.80`."""
    other: str
    """What it was shown to."""
    logprobs: tuple[float, ...]
    """Of each token, natural."""


@dataclass(slots=True, eq=False)
class Lane:
    """A model with its branch of the conversation, and its settings where it has its own."""

    number: int
    """0 for the chat itself."""
    model: LaneModel
    settings: Settings
    """Those in force for it."""
    tip: Node
    """The end of its branch."""
    trail: list[Node] = field(default_factory=list)
    """Where its branch has ended so far, the latest last: undo and redo go along it."""
    info: ModelInfo | None = None
    """None while it is being loaded."""
    own: Settings | None = None
    """Its own settings; None where it has the shared ones."""
    same_vocabulary: bool = True
    """Whether its tokens are those of the chat's model."""
    loading: bool = False
    reading: bool = False
    """Whether its prompt is read, or waits for that."""
    other_views: dict[Reply, OtherView] = field(default_factory=dict)
    """Of two lanes, how the other one sees this one's replies."""

    def __post_init__(self) -> None:
        self.trail.append(self.tip)

    def move(self, tip: Node) -> None:
        """Its branch has gone on, or another version ends it."""
        self.tip = tip
        self.trail.append(tip)

    def begin_anew(self, tip: Node) -> None:
        """Another conversation begins: nothing that it wrote is in it."""
        self.tip, self.trail = tip, [tip]
        self.other_views.clear()

    def find_tip(self, otherwise: Node) -> None:
        """Something was undone or done again: go to the last end of its branch that is in sight."""
        ends = (tip for tip in reversed(self.trail) if not any(n.hidden for n in tip.path()))
        self.tip = next(ends, otherwise)

    @property
    def path(self) -> list[Node]:
        """Its branch, from the first message on."""
        return self.tip.path()[1:]

    @property
    def reply(self) -> Reply | None:
        """The reply at the end of its branch."""
        entry = self.tip.entry
        return entry if isinstance(entry, Reply) else None

    @property
    def writing(self) -> bool:
        """Whether its reply is read for or written."""
        return self.reply is not None and self.reply.reason is None

    @property
    def state(self) -> LaneState:
        """What goes on in it."""
        if self.loading:
            return "loading"
        if self.writing:
            return "reading" if self.reading else "writing"
        return "ready"

    @property
    def words(self) -> str:
        """What it is called: `base`, `pirate ×0.80`."""
        if self.model.adapter is None:
            return self.model.name
        return adapter_words(self.model.name, self.settings.adapter_strength)

    def answers_like(self, other: Lane) -> bool:
        """Whether both are one model under the same settings, whatever they are called."""
        if self.info is None or other.info is None or self.info.path != other.info.path:
            return False
        return self._adapted == other._adapted and self._tuned == other._tuned

    @property
    def _adapted(self) -> str | None:
        """The adapter that makes a difference: of strength 0 none does."""
        return self.model.adapter if self.settings.adapter_strength else None

    @property
    def _tuned(self) -> Settings:
        """The settings, whatever strength no adapter has."""
        return self.settings if self._adapted else self.settings.with_value(STRENGTH, 1.0)

    def tune(self, shared: Settings) -> bool:
        """Let its settings follow the shared ones, as far as it has not its own; whether they
        changed."""
        before = self.settings
        self.settings = self.own if self.own is not None else self._with_strength(shared)
        return self.settings != before

    def _with_strength(self, settings: Settings) -> Settings:
        if self.model.strength is None:
            return settings
        return settings.with_value(STRENGTH, self.model.strength)

    def new_reply(self, seed: int, prefill: str) -> Reply:
        """A reply of its model, to be written at the end of its branch."""
        assert self.info is not None
        return Reply(
            model=self.info.name,
            adapter=self.model.adapter,
            seed=seed,
            settings=self.settings,
            prefill=prefill,
            system=system_at(self.tip),
            spec=self.model.spec,
            vocabulary_size=self.info.vocabulary_size,
        )

    def request(
        self, reply_id: int, conversation: Conversation, overflow: Overflow
    ) -> ReplyRequest:
        """What asks for the reply at the end of its branch."""
        assert self.reply is not None
        return ReplyRequest(
            reply_id,
            conversation.prompt_of(self.tip),
            self.settings,
            self.reply.seed,
            prefill=self.reply.prefill,
            overflow=overflow,
            adapter=self.model.adapter,
            lane=self.number,
            model=self.model.model,
        )

    def question(self, request_id: int, conversation: Conversation, of: Lane) -> TokensRequest:
        """What asks how probable its model finds the last reply of another lane."""
        assert of.reply is not None
        return TokensRequest(
            request_id,
            conversation.prompt_of(of.tip),
            of.reply.tokens.ids,
            of.reply.prefill,
            self.model.model,
            self.model.adapter,
            self.settings.adapter_strength,
        )
