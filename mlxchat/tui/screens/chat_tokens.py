"""What the chat screen does with tokens and with versions of replies."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.surprise import MEASURES
from mlxchat.errors import MlxchatError
from mlxchat.tui.follower import Follower
from mlxchat.tui.inspection import Inspection
from mlxchat.tui.screens.chat_settings import SettingsScreen
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.token_detail import TokenDetail
from mlxchat.tui.widgets.transcript import Transcript


class TokensScreen(SettingsScreen):
    """A screen over a transcript whose replies open up into their tokens."""

    follower: Follower
    inspection: Inspection
    _panel_before: bool | None = None
    """Whether the person had opened the panel before they went there to choose a token."""

    @property
    def transcript(self) -> Transcript:
        """The conversation on the screen."""
        return self.query_one(Transcript)

    def _inspect(self) -> None:
        """Ask what could come, where that can be seen."""
        if self.panel_shown:
            self.inspection.ask()

    def _try(self, do: Callable[[], object]) -> bool:
        try:
            do()
        except MlxchatError as error:
            self.notify(str(error), severity="warning", markup=False)
            return False
        return True

    # Versions

    def retry(self) -> None:
        """Write the last reply again, as another version."""
        before = self.session.reply
        self.session.retry()
        self._begin_version(before)

    def _begin_version(self, before: Reply | None) -> None:
        """Another version of a reply is going to be written in its place."""
        if before is not None:
            self.transcript.remove_reply(before)
        self.follower.begin_reply()
        self.refresh_bindings()

    def show_version(self, step: int) -> None:
        """Go to another version of the reply in sight."""
        if not self.transcript.ask_version(step):
            raise MlxchatError("The reply in sight has one version: retry it (Ctrl+R) for another.")

    @on(Transcript.VersionAsked)
    def _version_asked(self, message: Transcript.VersionAsked) -> None:
        self._try(partial(self._go_to_version, message.reply, message.step))

    def _go_to_version(self, reply: Reply, step: int) -> None:
        if reply not in self.session.conversation:
            return  # asked for twice before the first was shown
        shown = self.session.show_version(reply, step)
        if shown is not None:
            self.transcript.remove_reply(reply)
            self.follower.show_path(shown)
            self._inspect()

    # Tokens

    def show_tokens(self, what: str | None) -> None:
        """Walk through the tokens of the reply in sight, or stop it; or show all, or other
        colours."""
        view = self.transcript
        if what in MEASURES:
            view.measure = what
        elif what in ("always", "off"):
            view.always_tokens = what == "always"
        elif what is not None:
            names = ", ".join(MEASURES)
            raise MlxchatError(f"/tokens takes always, off, or what the colours tell: {names}.")
        elif view.walking:
            view.action_walk_off()
        elif view.walk():
            view.focus()
        else:
            raise MlxchatError("There is no reply in sight whose tokens are known.")

    @on(Transcript.TokenSelected)
    def _token_selected(self, message: Transcript.TokenSelected) -> None:
        self.query_one(TokenDetail).measure = self.transcript.measure
        self.inspection.select(message.reply, message.place)
        self._inspect()

    @on(Transcript.RoadsAsked)
    def _roads_asked(self) -> None:
        self._panel_before = self.panel_chosen
        self._open_panel()
        self.call_after_refresh(self._focus_roads)
        self._inspect()

    def _focus_roads(self) -> None:
        panel = self.query_one(NextToken)
        panel.focus(scroll_visible=False)
        self.call_after_refresh(panel.scroll_visible, animate=False, top=True)

    @on(NextToken.Left)
    def _roads_left(self) -> None:
        self.panel_chosen = self._panel_before
        if self.has_class("-panel-only"):
            self.panel_chosen = False
        self.call_after_refresh(self.transcript.focus)

    @on(NextToken.Chosen)
    def _road_chosen(self, message: NextToken.Chosen) -> None:
        at = self.inspection.at
        before = at[0] if at else self.session.reply
        if self._try(partial(self.inspection.take, message.distribution, message.token_id)):
            self._roads_left()
            self._begin_version(before)

    @on(Transcript.SearchAsked)
    def _search_asked(self) -> None:
        self.query_one(TokenDetail).open_search()

    @on(TokenDetail.Searched)
    def _searched(self, message: TokenDetail.Searched) -> None:
        self.transcript.focus()
        if message.text and not self.transcript.search(message.text):
            self.notify(f"The reply has no {message.text!r}.", severity="warning", markup=False)
