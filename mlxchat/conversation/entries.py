"""What a conversation is made of: what the person wrote, and what the model replied."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import (
    FinishReason,
    Message,
    ModelSpec,
    PromptForm,
    Statistics,
    TokenRecord,
)
from mlxchat.settings.parameters import Settings, Texts

TEXT_ONLY = (
    "A server sent the text of this reply and not its tokens, so there is nothing to look into."
)


@dataclass(slots=True, eq=False)
class UserMessage:
    """What the person wrote."""

    text: str


@dataclass(slots=True, eq=False)
class Reply:
    """What the model wrote, and what is needed to see why and to do it again."""

    model: str
    adapter: str | None
    seed: int
    settings: Settings
    """The settings at the start; each record has those of its own token."""
    prefill: str = ""
    """The start that the person gave it; all of it, where they wrote it themselves."""
    system: str = ""
    """The system prompt that it was written under."""
    spec: ModelSpec | None = None
    """What loads its model again: a folder or a repository, never DEMO."""
    vocabulary_size: int | None = None
    form: PromptForm = field(default_factory=PromptForm)
    tokens: TokenList = field(default_factory=TokenList)
    given: int = 0
    """How many of its first tokens were taken over from another reply or chosen by hand."""
    opens_in_thought: bool = False
    reason: FinishReason | None = None
    """None while it is being written."""
    unspoken: int = 0
    """How many of its last tokens are no part of what it says: an end token, a stop string."""
    statistics: Statistics = field(default_factory=Statistics)
    failure: str = ""
    edited: bool = False
    """Whether the person wrote or changed it, so that no model stands behind its words."""
    imported: bool = False
    """Whether it came out of a file that told nothing of how it was drawn: its text alone is
    known, and its settings and its seed are nobody's."""
    left_out: int = 0
    """How many of the oldest messages (see rows_of) were not in its prompt: they did not fit."""

    def interrupt(self) -> None:
        """End a reply out of a file that was never finished: its program ended. It cost what is
        there of it, as far as that was saved."""
        drawn = max(0, len(self.tokens) - self.given)
        prompt = self.statistics.prompt_tokens
        self.reason = "interrupted"
        self.statistics = replace(
            self.statistics,
            reply_tokens=drawn,
            context_tokens=prompt + drawn if prompt else 0,
        )

    @property
    def text(self) -> str:
        """The whole reply, its prefilled start included."""
        return self.prefill + self.tokens.text

    @property
    def only_text(self) -> bool:
        """Whether all of it is its text, and its prefilled start was given to no model."""
        return self.edited or self.imported

    @property
    def damage(self) -> str:
        """A sentence where its saved tokens cannot be read, or nobody sent them, so that only its
        text is there."""
        return self.tokens.damage or (TEXT_ONLY if self.tokens.text_only else "")

    @property
    def drawn(self) -> list[TokenRecord]:
        """The tokens that were drawn for this reply."""
        return self.tokens[self.given :]

    @property
    def last_settings(self) -> Settings:
        """The settings of its last draw."""
        drew = len(self.tokens) > self.given
        return self.tokens.runs[-1].settings if drew else self.settings

    @property
    def settings_in_turn(self) -> list[Settings]:
        """The settings at the start, and in turn those of its draws."""
        runs = self.tokens.runs
        ends = [*(run.first for run in runs[1:]), len(self.tokens)]
        drawn = (run.settings for run, end in zip(runs, ends, strict=False) if end > self.given)
        return [self.settings, *drawn]

    @property
    def stopped_by(self) -> Texts:
        """The stop strings, where it may be one of them that ended it."""
        return self.last_settings.stop_strings if self.reason == "stop" else ()

    @property
    def spoken(self) -> list[TokenRecord]:
        """The tokens of what it says: those of an end token or a stop string are none of them."""
        return self.tokens[: len(self.tokens) - self.unspoken]

    @property
    def spoken_ids(self) -> tuple[int, ...]:
        """Their ids; none where a server sent no numbers of its tokens."""
        ids = self.tokens.ids
        return () if min(ids, default=0) < 0 else ids[: len(ids) - self.unspoken]

    @property
    def sees_known(self) -> bool:
        """Whether its prompt was made, so that `left_out` tells what was in it."""
        return bool(self.left_out or self.tokens or self.statistics.prompt_tokens)

    @property
    def message(self) -> Message:
        """The reply as the next turn's prompt takes it."""
        return Message("assistant", self.text, () if self.prefill else self.spoken_ids)


Entry = UserMessage | Reply
