"""What may follow /import, and what it does."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlxchat.commands.arguments import Typed
from mlxchat.commands.export_file import file_completions, read_file
from mlxchat.conversation.exports.chat import Chat, counted
from mlxchat.conversation.exports.formats import FORMATS
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.errors import MlxchatError

SUFFIXES = frozenset(form.suffix for form in FORMATS.values()) - {".html"}
MOST_NAMED = 3
"""Sessions that a sentence names one by one."""


def chats_of_file(argument: str) -> list[Chat]:
    """The conversations of the file that is named after /import. Raises MlxchatError."""
    name = argument.strip().strip('"')
    if not name:
        raise MlxchatError("A file is missing: /import FILE.")
    from mlxchat.conversation.exports.importing import import_conversations

    file = Path(name).expanduser()
    return import_conversations(read_file(file), file.name)


def save_imported(store: SessionStore, chats: Sequence[Chat]) -> list[int]:
    """Save conversations as sessions, with the time at which each began; their ids. Raises
    MlxchatError."""
    return [
        store.add(chat.conversation, chat.title, created=chat.conversation.root.created)
        for chat in chats
    ]


def imported_sentence(store: SessionStore, ids: Sequence[int]) -> str:
    """What there is to say of sessions that were imported."""
    rows = [row for session in ids[:MOST_NAMED] if (row := store.row(session)) is not None]
    numbers = [f"{row.number}" for row in rows]
    named = ", ".join(numbers) + (" …" if len(ids) > MOST_NAMED else "")
    return f"{counted(len(ids), 'conversation')} imported as session {named}."


IMPORT_ARGUMENT = Typed(
    "file",
    f"a file to read: {', '.join(sorted(SUFFIXES))}",
    lambda text, _: file_completions(text, SUFFIXES),
)
