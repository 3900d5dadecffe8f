"""A conversation: what the person wrote and what the model replied, with how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlxchat.engine.interface import (
    FinishReason,
    Message,
    ModelSpec,
    PromptForm,
    Statistics,
    TokenRecord,
)
from mlxchat.parameters import Settings


@dataclass(slots=True)
class UserMessage:
    """What the person wrote."""

    text: str


@dataclass(slots=True)
class Reply:
    """What the model wrote, and what is needed to see why and to do it again."""

    model: str
    adapter: str | None
    seed: int
    settings: Settings
    """The settings at the start; each record has those of its own token."""
    prefill: str = ""
    system: str = ""
    """The system prompt that it was written under."""
    spec: ModelSpec | None = None
    """What loads its model again: a folder or a repository, never DEMO."""
    vocabulary_size: int | None = None
    form: PromptForm = field(default_factory=PromptForm)
    tokens: list[TokenRecord] = field(default_factory=list)
    given: int = 0
    """How many of its first tokens were taken over from another reply."""
    opens_in_thought: bool = False
    reason: FinishReason | None = None
    """None while it is being written."""
    statistics: Statistics = field(default_factory=Statistics)
    failure: str = ""

    @property
    def text(self) -> str:
        """The whole reply, its prefilled start included."""
        return self.prefill + "".join(record.text for record in self.tokens)

    @property
    def drawn(self) -> list[TokenRecord]:
        """The tokens that were drawn for this reply."""
        return self.tokens[self.given :]

    @property
    def spoken_ids(self) -> tuple[int, ...]:
        """Its tokens but for an end token that it stopped with."""
        ids = tuple(record.token_id for record in self.tokens)
        return ids[:-1] if self.reason == "stop" else ids

    @property
    def message(self) -> Message:
        """The reply as the next turn's prompt takes it."""
        ids = () if self.prefill else tuple(record.token_id for record in self.tokens)
        return Message("assistant", self.text, ids)


@dataclass(slots=True)
class Conversation:
    """A system prompt and the messages under it, in order."""

    system: str = ""
    entries: list[UserMessage | Reply] = field(default_factory=list)

    def before(self, reply: Reply) -> list[Message]:
        """The messages that a reply answers, under the system prompt that it was written under."""
        rows = [row for row in self.messages(until=reply) if row.role != "system"]
        return ([Message("system", reply.system)] if reply.system.strip() else []) + rows

    def messages(self, until: Reply | None = None) -> list[Message]:
        """The conversation (up to a reply) as an engine takes it, roles in turn, as many templates
        demand.

        A reply without text, stopped or failed at once, is left out; what the person wrote before
        and after it is one message.
        """
        rows = [Message("system", self.system)] if self.system.strip() else []
        for entry in self.entries:
            if entry is until:
                break
            if isinstance(entry, UserMessage):
                before = rows.pop().content if rows and rows[-1].role == "user" else ""
                rows.append(Message("user", f"{before}\n\n{entry.text}" if before else entry.text))
            elif entry.text:
                rows.append(entry.message)
        return rows

    @property
    def last_reply(self) -> Reply | None:
        """The reply at the end, if one is there."""
        last = self.entries[-1] if self.entries else None
        return last if isinstance(last, Reply) else None
