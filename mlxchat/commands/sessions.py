"""What is done with saved sessions, whatever shows them."""

from __future__ import annotations

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.sessions import SavedSession
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession

NO_STORE = "Sessions are not saved in this chat."
RENAMED = "This session is called {!r} now."


def keeper_of(session: ChatSession) -> Keeper:
    """What saves this chat. Raises MlxchatError where nothing does."""
    if session.keeper is None:
        raise MlxchatError(NO_STORE)
    return session.keeper


def store_of(session: ChatSession) -> SessionStore:
    """Where this chat is saved. Raises MlxchatError where it is not."""
    return keeper_of(session).store


def read_session(session: ChatSession, session_id: int) -> SavedSession:
    """A saved session to go on with; it may be the one that is left, with something unsaved.
    Raises MlxchatError."""
    keeper_of(session).flush()
    return store_of(session).read(session_id)


def session_meant(store: SessionStore, which: str | None) -> int:
    """The id of the session with this number or title, or of the last one where it is None. Raises
    MlxchatError where there is none."""
    found = store.latest() if which is None else store.find(which)
    if found is None:
        raise MlxchatError("There is no saved session yet.")
    return found


def token_name(session: ChatSession, reply: Reply, token_id: int) -> str | None:
    """What a token of a reply is called in an export; None where its model is not loaded."""
    if not session.speaks(reply):
        return None
    return session.engine.token_bytes(token_id).decode(errors="replace")
