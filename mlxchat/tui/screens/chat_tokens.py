"""What the chat screen does with tokens."""

from __future__ import annotations

from functools import partial
from typing import cast

from textual import on
from textual.events import Key

from mlxchat.conversation.surprise import Measure
from mlxchat.errors import MlxchatError
from mlxchat.tui.inspection import Inspection
from mlxchat.tui.screens.chat_tree import TreeScreen
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.token_detail import TokenDetail

LOOK_SECONDS, LOOKS = 0.003, 60
"""How often, and how many times, an answer is looked for."""
NO_TOKENS = "There is no reply in sight whose tokens are known."


class TokensScreen(TreeScreen):
    """A screen over a transcript whose replies open up into their tokens."""

    inspection: Inspection
    _looking = False
    _panel_before: bool | None = None
    """Whether the person had opened the panel before they went there to choose a token."""

    def take_in(self) -> None:
        """Take in what the engine said since."""
        raise NotImplementedError

    def _inspect(self) -> None:
        """Ask what could come, where that can be seen."""
        if self.panel_shown:
            self.inspection.ask()
            self._look_out(LOOKS)

    def _look_out(self, looks: int) -> None:
        """Look for the answer a few times in a row: it takes less than a tick of the clock that
        drains the engine, and a slider is in somebody's hand."""
        if looks == LOOKS and self._looking:
            return
        self._looking = bool(looks) and self.inspection.waiting and not self.session.busy
        if self._looking:
            self.set_timer(LOOK_SECONDS, partial(self._look_again, looks - 1))

    def _look_again(self, looks: int) -> None:
        self.take_in()
        self._look_out(looks)

    # Tokens

    def on_key(self, event: Key) -> None:
        """What is typed where it means nothing goes to the message; after `/` in the token view to
        the search, which may open behind the keys that a fast hand typed next."""
        if not event.character or not event.is_printable:
            return
        detail, transcript = self.query_one(TokenDetail), self.looked_at
        inside = self.focused is transcript or detail in getattr(self.focused, "ancestors", ())
        if inside and detail.searching:
            detail.type(event.character)
        elif self.focused is transcript and event.key == "slash" and transcript.walking:
            detail.open_search()
        elif not self._means_something(event.key):
            self.query_one(MessageEditor).type(event.character)
        else:
            return
        event.stop()

    def _means_something(self, key: str) -> bool:
        if self.focused is self.looked_at:
            return self.looked_at.takes(key)
        return key in self.active_bindings

    def show_tokens(self, what: str | None) -> None:
        """Walk through the tokens of the reply in sight, or stop it; or show all, or other
        colours."""
        view = self.looked_at
        if what is None and self.in_panel and (view.walking or self.has_class("-panel-only")):
            self.action_leave_panel()
            view.focus()
        elif what in ("always", "off"):
            view.always_tokens = what == "always"
        elif what is not None:
            view.measure = cast(Measure, what)
        elif view.walking:
            view.action_walk_off()
        elif view.walk():
            view.focus()
        else:
            damaged = view.damaged
            raise MlxchatError(self.session.no_look(damaged) if damaged else NO_TOKENS)

    def focus_home(self) -> None:
        """Put the focus on the token that is selected, or else where one writes."""
        if self.looked_at.walking:
            self.looked_at.focus()
        else:
            super().focus_home()

    @on(Transcript.TokenSelected)
    def _token_selected(self, message: Transcript.TokenSelected) -> None:
        if message.reply is None and self.looked_at.walking:
            return  # another lane's token was given up for one here
        self.query_one(TokenDetail).measure = self.looked_at.measure
        self.inspection.select(message.reply, message.place)
        self._inspect()

    @on(Transcript.RoadsAsked)
    def _roads_asked(self) -> None:
        self._panel_before = self.panel_chosen
        self._open_panel()
        self.call_after_refresh(self._focus_roads)
        self._inspect()

    def _focus_roads(self) -> None:
        self.query_one(NextToken).focus(scroll_visible=False)

    @on(NextToken.Left)
    def _roads_left(self) -> None:
        self.panel_chosen = self._panel_before
        if self.has_class("-panel-only"):
            self.panel_chosen = False
        self.call_after_refresh(self.looked_at.focus)

    @on(NextToken.Chosen)
    def _road_chosen(self, message: NextToken.Chosen) -> None:
        if self._try(partial(self.inspection.take, message.distribution, message.token_id)):
            self._roads_left()
            self._begin_version()

    @on(Transcript.SearchAsked)
    def _search_asked(self) -> None:
        self.query_one(TokenDetail).open_search()

    @on(TokenDetail.Searched)
    def _searched(self, message: TokenDetail.Searched) -> None:
        self.looked_at.focus()
        if message.text and not self.looked_at.search(message.text):
            self.notify(f"The reply has no {message.text!r}.", severity="warning", markup=False)
