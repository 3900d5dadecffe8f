"""A conversation: what the person wrote and what the model replied, with how it came about."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlxchat.engine.interface import FinishReason, Message, Statistics, TokenRecord
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
    tokens: list[TokenRecord] = field(default_factory=list)
    opens_in_thought: bool = False
    reason: FinishReason | None = None
    """None while it is being written."""
    unspoken: int = 0
    """How many of its last tokens are no part of what it says: an end token, a stop string."""
    statistics: Statistics = field(default_factory=Statistics)
    failure: str = ""

    @property
    def text(self) -> str:
        """The whole reply, its prefilled start included."""
        return self.prefill + "".join(record.text for record in self.tokens)

    @property
    def spoken_ids(self) -> tuple[int, ...]:
        """The tokens of what it says: those of an end token or a stop string are none of them."""
        spoken = self.tokens[: len(self.tokens) - self.unspoken]
        return tuple(record.token_id for record in spoken)

    @property
    def message(self) -> Message:
        """The reply as the next turn's prompt takes it."""
        return Message("assistant", self.text, () if self.prefill else self.spoken_ids)


@dataclass(slots=True)
class Conversation:
    """A system prompt and the messages under it, in order."""

    system: str = ""
    entries: list[UserMessage | Reply] = field(default_factory=list)

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
