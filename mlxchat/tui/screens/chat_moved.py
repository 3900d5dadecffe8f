"""What the chat screen does with how far two models are apart."""

from __future__ import annotations

from mlxchat.commands.moved import moved_replies
from mlxchat.conversation.surprise import MOVED
from mlxchat.session.column import Column
from mlxchat.tui.screens.chat_samples import SamplingScreen
from mlxchat.tui.screens.moved_dialog import MovedDialog
from mlxchat.tui.widgets.lane_columns import LaneColumns


class MovedScreen(SamplingScreen):
    """A screen that tells at which tokens two lanes' models are apart."""

    def show_moved(self) -> None:
        """Tell how far two models are apart, and at which tokens; the one that is chosen is
        selected in its lane."""
        self.app.push_screen(MovedDialog(moved_replies(self.session)), self._go_to_moved)

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
