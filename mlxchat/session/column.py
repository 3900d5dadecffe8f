"""What stands in one column of the screen: the conversation itself, or a lane beside it."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.node import Node
from mlxchat.conversation.speed_words import replies_before
from mlxchat.conversation.summary import reply_footer
from mlxchat.session.chat import ChatSession
from mlxchat.session.lane import Lane

MAIN = 0
"""The number of the lane that is the conversation itself."""


class Column:
    """The messages and the reply of a lane, by the lane's number; the conversation's own where
    nothing is compared."""

    def __init__(self, session: ChatSession, number: int = MAIN) -> None:
        self._session = session
        self.number = number

    @property
    def lane(self) -> Lane | None:
        """The lane; None where nothing is compared, or it is closed."""
        return next((lane for lane in self._session.lanes if lane.number == self.number), None)

    @property
    def reply(self) -> Reply | None:
        """The reply that is written here, or was written last."""
        if self.number == MAIN:
            return self._session.current
        return self.lane.reply if self.lane else None

    @property
    def nodes(self) -> list[Node]:
        """The messages that are shown here."""
        if self.number == MAIN:
            return self._session.conversation.path
        return self.lane.path if self.lane else []

    def node_of(self, reply: Reply) -> Node | None:
        """The place of a reply that is shown here; None for one that is no part of it."""
        return next((node for node in reversed(self.nodes) if node.entry is reply), None)

    @property
    def alias(self) -> str:
        """What the lane is called while nobody is to know which it is; empty where that is no
        secret."""
        lane = self.lane if self._session.hidden else None
        return self._session.name_of_lane(lane) if lane else ""

    def writer(self, reply: Reply) -> str:
        """What a reply is headed with: the model's name, or in a lane what the lane is called."""
        lane = self.lane
        if lane is None:
            return reply.model
        return self.alias or self._session.writer_words(lane, reply)

    def is_last(self, node: Node) -> bool:
        """Whether a message ends the lane."""
        return self.lane is not None and self.lane.tip is node

    def footer(self, reply: Reply, node: Node | None) -> str:
        """What a reply cost and what made it, as far as that is to be known; `node` is its place,
        where it has one."""
        if self.alias:
            return f"{reply.statistics.reply_tokens} tok"
        return reply_footer(reply, replies_before(node) if node else ())
