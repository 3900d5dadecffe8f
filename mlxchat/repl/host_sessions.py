"""What the REPL does with saved sessions, and with files of them."""

from __future__ import annotations

from functools import partial

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
from mlxchat.conversation.exports.chat import Chat
from mlxchat.conversation.session_words import UNTITLED, model_name
from mlxchat.conversation.snapshot import snapshot_of
from mlxchat.conversation.storage.sessions import SavedSession, SessionRow, Wanted
from mlxchat.engine.interface import ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.render.one_line import first_words
from mlxchat.render.when import short_time
from mlxchat.repl.host_tree import TreeHost
from mlxchat.repl.page import Item
from mlxchat.session.model_options import held_with_server

LISTED = 20
"""Sessions that a list shows."""
MORE = "d NUMBER to delete, p NUMBER to pin, r NUMBER TITLE to rename"
SAVE_SECONDS = 1.0
"""How long the prompt waits for what was said to be saved."""


class SessionsHost(TreeHost):
    """The part of the Host that is about sessions."""

    def clear(self) -> None:
        """Begin a new conversation."""
        self.session.clear()
        self._begin_anew()
        self.say("This is a new conversation.")

    def show_sessions(self, text: str) -> None:
        """List the saved sessions that have this text, or all, to open or change one."""
        self.session.check_free()
        store = store_of(self.session)
        rows = store.page(Wanted(text), LISTED, 0)
        if not rows:
            raise MlxchatError(store.problem or "No session is saved that is like this.")
        title = f"Sessions with “{text}”" if text else "Sessions"
        full = " · the newest; /sessions TEXT looks for others" if len(rows) == LISTED else ""
        wanted = self.choose(title + full, list(map(self._session_item, rows)), MORE)
        if isinstance(wanted, int):
            self.open_session(rows[wanted].id)
        elif wanted is not None:
            self._change_session(rows, wanted)

    def rename_session(self, title: str) -> None:
        """Give this session another title."""
        keeper_of(self.session).rename(title)
        self.say(RENAMED.format(title))

    def export(self, argument: str) -> None:
        """Write this conversation into a file."""
        title = self.session.keeper.title if self.session.keeper is not None else ""
        chat = Chat(title, snapshot_of(self.session.conversation))
        self.say(run_export([chat], argument, partial(token_name, self.session)))

    def import_file(self, argument: str) -> None:
        """Read conversations out of a file, each as a session, and open the first."""
        self.session.check_free()
        ids = save_imported(store_of(self.session), chats_of_file(argument))
        self.say(imported_sentence(store_of(self.session), ids))
        self._open(store_of(self.session).read(ids[0]))

    # Parts

    def open_session(self, session_id: int) -> None:
        """Go on with a saved session."""
        self._open(read_session(self.session, session_id))

    def resume(self, which: str | None) -> None:
        """Go on with a session by its number or title, the last one where it is None, and with its
        model where none is loaded. An empty name lets the person choose."""
        if which == "":
            self.show_sessions("")
        else:
            self.open_session(session_meant(store_of(self.session), which))

    def load(self, spec: ModelSpec) -> None:
        """Load a model."""
        self.session.load(spec)

    def save(self) -> None:
        """Save what was said before the next prompt."""
        if self.session.keeper is not None:
            self.session.keeper.flush(SAVE_SECONDS)
        if (news := self.session.keep()) is not None:
            self.page.say(news, "warning")

    def _open(self, saved: SavedSession) -> None:
        note = self.session.open_saved(saved)
        self._begin_anew()
        self.show_opened(f"Session {saved.row.number}: {first_words(saved.row.title) or UNTITLED}")
        if note:
            self.remark(note)
        if self.session.info is None and self.session.state != "loading":
            spec = self.options.spec_of(self.session.conversation)
            if spec is not None:
                self.load(spec)
            elif served := held_with_server(self.session.conversation):
                self.remark(served)

    def _begin_anew(self) -> None:
        """Another conversation is open."""
        self.picked = None

    def _change_session(self, rows: list[SessionRow], typed: str) -> None:
        word, _, rest = typed.partition(" ")
        number, _, title = rest.strip().partition(" ")
        known = number.isascii() and number.isdigit() and 1 <= int(number) <= len(rows)
        row = rows[int(number) - 1] if known else None
        if row is None or word.lower() not in ("d", "p", "r") or (word == "r" and not title):
            raise MlxchatError(f"“{typed}” is none of these: a number, {MORE}.")
        name, store = first_words(row.title) or UNTITLED, store_of(self.session)
        if word == "d":
            store.delete(row.id)
            self.say(f"“{name}” is deleted; mlxchat sessions restore {row.number} brings it back.")
        elif word == "p":
            store.pin(row.id, not row.pinned)
            self.say(f"“{name}” is {'un' if row.pinned else ''}pinned.")
        else:
            store.rename(row.id, title)
            self.say(f"“{name}” is called “{first_words(title)}” now.")

    def _session_item(self, row: SessionRow) -> Item:
        here = self.session.keeper is not None and self.session.keeper.session_id == row.id
        facts = [
            short_time(row.updated),
            f"{row.messages} message{'' if row.messages == 1 else 's'}",
            model_name(row),
            "pinned" if row.pinned else "",
            first_words(row.excerpt, 60),
        ]
        title = first_words(row.title, 60) or UNTITLED
        return Item(title, " · ".join(filter(None, facts)), here)
