"""A comparison that was left: its lanes are found in the conversation, and taken up again."""

from __future__ import annotations

from typing import NamedTuple

from mlxchat.conversation.adapter_words import reply_adapter
from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply, UserMessage
from mlxchat.conversation.exports.only import in_sight
from mlxchat.conversation.node import Node
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import LaneModel
from mlxchat.session.lanes import MOST_LANES, SessionLanes


class Writer(NamedTuple):
    """What wrote a reply, as far as that tells how to load it again."""

    model: str
    """A folder or a repository."""
    adapter: str | None
    strength: float
    """1 where there is no adapter."""


class SessionEarlierLanes(SessionLanes):
    """Lanes that can be taken up again where a session is opened in which models were compared."""

    @property
    def earlier_words(self) -> str:
        """What can be compared again, in a sentence; empty where one model alone is known."""
        ends = earlier_ends(self.conversation)
        if self.lanes or len(ends) < 2:
            return ""
        names = [_name(node) for node in ends.values()]
        listed = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"{listed} answered the same messages here: /compare again takes these lanes up."

    def compare_again(self) -> None:
        """Open the lanes of a comparison that was left, each at the end of its own branch. The
        chat goes on where its model wrote, if it did. Raises MlxchatError."""
        self.check_alone()
        ends = earlier_ends(self.conversation)
        if len(ends) < 2:
            raise MlxchatError(
                "There is nothing to compare again: no two models answered the same messages here."
            )
        self.check_openable()
        if (own := self._writer) in ends:
            self.conversation.show(ends[own])
        others = [(writer, node) for writer, node in ends.items() if writer != own]
        models = [(self._model_of(writer), node) for writer, node in others[: MOST_LANES - 1]]
        for model, node in models:
            self.open_at(model, node)

    @property
    def _writer(self) -> Writer | None:
        """What the chat's model would write as."""
        if self.spec is None:
            return None
        strength = self.settings.adapter_strength if self.adapter else 1.0
        return Writer(self.spec.model, self.spec.adapter_path, strength)

    def _model_of(self, writer: Writer) -> LaneModel:
        own = self.spec is not None and self.spec.model == writer.model
        if not own and writer.adapter is not None:
            raise MlxchatError(
                f"One lane was an adapter on {writer.model}: load that model first (/model)."
            )
        if not own:
            return self._beside(writer.model)
        if writer.adapter is not None:
            return self._adapted(writer.adapter, writer.strength)
        return self._base_alone() if self.adapter else self._chats_model


def earlier_ends(conversation: Conversation) -> dict[Writer, Node]:
    """Where the branches end in which models answered what the person says on the shown path: of
    each model, adapter and strength the last one."""
    said = _said(conversation.tip)
    ends = (n for n in in_sight(conversation) if n.shown is None and _said(n) == said)
    found = ((_writer_of(node.entry), node) for node in sorted(ends, key=lambda n: n.created))
    return {writer: node for writer, node in found if writer is not None}


def _said(node: Node) -> list[str]:
    return [n.entry.text for n in node.path() if isinstance(n.entry, UserMessage)]


def _writer_of(entry: object) -> Writer | None:
    """What wrote a reply; None where that is not known, and for what no model wrote."""
    if not isinstance(entry, Reply) or entry.only_text or entry.spec is None:
        return None
    strength = entry.last_settings.adapter_strength if entry.adapter else 1.0
    return Writer(entry.spec.model, entry.spec.adapter_path, strength)


def _name(node: Node) -> str:
    assert isinstance(node.entry, Reply)
    return reply_adapter(node.entry) or node.entry.model
