"""What the chat screen does with saved sessions."""

from __future__ import annotations

from enum import Enum, auto
from functools import cached_property, partial
from typing import TYPE_CHECKING, Literal

from mlxchat.commands.export import run_export
from mlxchat.commands.imports import chats_of_file, imported_sentence, save_imported
from mlxchat.commands.sessions import (
    RENAMED,
    keeper_of,
    read_session,
    session_meant,
    store_of,
    token_name,
)
from mlxchat.commands.tree import FORKED
from mlxchat.conversation.exports.chat import Chat
from mlxchat.conversation.snapshot import snapshot_of
from mlxchat.conversation.storage.sessions import SavedSession
from mlxchat.engine.interface import ModelSpec
from mlxchat.session.model_options import held_with_server
from mlxchat.tui.asker import Asker
from mlxchat.tui.screens.chat_tokens import TokensScreen
from mlxchat.tui.widgets.next_token import NextToken
from mlxchat.tui.widgets.title_bar import TitleBar

if TYPE_CHECKING:
    from mlxchat.tui.app import MlxchatApp


class Resume(Enum):
    """Which session to begin with, where it is not named."""

    LAST = auto()
    CHOOSE = auto()


CLOSE_SECONDS = 5.0
"""How long the end of the program waits for a file that is being written."""


class SessionsScreen(TokensScreen):
    """A screen over one session of those that are saved."""

    app: MlxchatApp

    # mlxchat.commands.host.Host

    def clear(self) -> None:
        """Begin a new conversation."""
        self.session.clear()
        self._show_conversation()

    def fork(self) -> None:
        """Go on in a new conversation that begins with what was said up to the picked message."""
        self.session.fork(self.transcript.picked)
        self._show_conversation()
        self.say(FORKED)

    def show_sessions(self, text: str) -> None:
        """Choose a saved session out of those that have this text, or out of all."""
        from mlxchat.tui.screens.session_list import SessionList

        self.session.check_free()
        self.session.check_shown()  # the preview would show one lane's replies
        self.app.push_screen(SessionList(store_of(self.session), text), self._session_chosen)

    def rename_session(self, title: str) -> None:
        """Give this session another title."""
        keeper_of(self.session).rename(title)
        self.say(RENAMED.format(title))

    def export(self, argument: str) -> None:
        """Write this conversation into a file."""
        self.session.check_shown()
        chat = Chat(self._title, snapshot_of(self.session.conversation))
        names = partial(token_name, self.session)
        self._asker.ask(lambda: run_export([chat], argument, names), self.say)

    def import_file(self, argument: str) -> None:
        """Read conversations out of a file, each as a session, and open the first."""
        self.session.check_free()
        store = store_of(self.session)

        def read() -> tuple[SavedSession, str]:
            ids = save_imported(store, chats_of_file(argument))
            return store.read(ids[0]), imported_sentence(store, ids)

        self._asker.ask(read, self._imported)

    # Parts

    @cached_property
    def _asker(self) -> Asker:
        """Reads and writes files, which takes time."""
        return Asker(self, lambda error: self.notify(str(error), severity="warning", markup=False))

    def on_unmount(self) -> None:
        """A file that is being written is written to its end."""
        self._asker.close(CLOSE_SECONDS)

    def _imported(self, imported: tuple[SavedSession, str]) -> None:
        saved, said = imported
        if not self.session.busy:  # the person may have gone on meanwhile
            self._open(saved)
        self.say(said)

    @property
    def _title(self) -> str:
        return self.session.keeper.title if self.session.keeper is not None else ""

    def _session_chosen(self, chosen: int | Literal["new"] | None) -> None:
        if chosen == "new":
            self._try(self.clear)
        elif chosen is not None:
            self._try(lambda: self.open_session(chosen))
        self._load_its_model()

    def open_session(self, session_id: int) -> None:
        """Go on with a saved session."""
        self._open(read_session(self.session, session_id))

    def _open(self, saved: SavedSession) -> None:
        note = self.session.open_saved(saved)
        self._show_conversation()
        self._load_its_model()
        if note:
            self.transcript.add_notice(note)

    def resume(self, which: str | Resume) -> None:
        """Go on with a session, and with its model where none is loaded."""
        if which is Resume.CHOOSE:
            self.show_sessions("")
            return
        named = which if isinstance(which, str) else None
        if not self._try(lambda: self.open_session(session_meant(store_of(self.session), named))):
            self._load_its_model()

    def _load_its_model(self) -> None:
        """Load the model that wrote the session, where none is there; choose one where it is not
        known."""
        if self.session.info is not None or self.session.state == "loading":
            return
        spec = self.app.model_options.spec_of(self.session.conversation)
        if spec is None:
            self.app.pick_model(held_with_server(self.session.conversation))
        else:
            self._load(spec)

    def _load(self, spec: ModelSpec) -> None:
        """Load a model."""
        raise NotImplementedError

    def keep(self) -> None:
        """Save what is new, and say where that does not work."""
        if (news := self.session.keep()) is not None:
            self.tell(news, "warning")

    def _show_conversation(self) -> None:
        """Another conversation is open."""
        self._moved = ""
        self.transcript.picked = None
        self.query_one(NextToken).distribution = None
        title = self.query_one(TitleBar)
        title.context, title.speed = 0, 0.0
        self.follower.show_anew()
        self._show_system()
        if self.session.conversation.entries:
            self._ask_cost()
        self._inspect()
        self.refresh_bindings()
