"""What the chat screen does with how far two models are apart."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.commands.compare import in_order
from mlxchat.conversation.difference import Moved, MovedToken, moved
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.surprise import MOVED
from mlxchat.errors import MlxchatError
from mlxchat.session.lane import Lane
from mlxchat.tui.column import Column
from mlxchat.tui.other_view import other_view
from mlxchat.tui.screens.chat_samples import SamplingScreen
from mlxchat.tui.screens.moved_dialog import MovedDialog, MovedReply
from mlxchat.tui.transcript.tokens import named
from mlxchat.tui.widgets.lane_columns import LaneColumns

NOT_KNOWN = (
    "How far the models are apart is known for two lanes of one vocabulary, once both have replied."
)


class MovedScreen(SamplingScreen):
    """A screen that tells at which tokens two lanes' models are apart."""

    def show_moved(self) -> None:
        """Tell how far two models are apart, and at which tokens; the one that is chosen is
        selected in its lane."""
        replies = self._moved_replies()
        if not replies:
            raise MlxchatError(NOT_KNOWN)
        self.app.push_screen(MovedDialog(replies), self._go_to_moved)

    def _moved_replies(self) -> list[MovedReply]:
        lanes = in_order(self.session) if self.session.comparing else []
        return [told for told in map(self._told, lanes) if told is not None]

    def _told(self, lane: Lane) -> MovedReply | None:
        view = other_view(self.session, lane.reply) if lane.reply is not None else None
        if lane.reply is None or view is None:
            return None
        found = moved(lane.reply, view.logprobs)
        most = [replace(token, text=self._text(lane, lane.reply, token)) for token in found.most]
        return MovedReply(lane.number, view.writer, view.other, Moved(found.mean, most))

    def _text(self, lane: Lane, reply: Reply, token: MovedToken) -> str:
        """A token's text; its name where it has none, as an end token."""
        token_id = reply.tokens[token.place].token_id
        token_bytes = self.session.engine.token_bytes
        return token.text or named(token_bytes(token_id, model=lane.model.model))

    def _go_to_moved(self, chosen: tuple[int, int] | None) -> None:
        if chosen is None:
            return
        columns = self.query_one(LaneColumns)
        columns.active, place = chosen
        self.call_after_refresh(self._select_moved, place)

    def _select_moved(self, place: int) -> None:
        view = self.looked_at
        lane = Column(self.session, self.query_one(LaneColumns).active).lane
        if lane is not None and lane.reply is not None:
            view.focus()
            view.measure = MOVED
            view.walk_in(lane.reply, place)
