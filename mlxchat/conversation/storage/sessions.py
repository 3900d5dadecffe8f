"""What is known of saved sessions, and what can be asked of them."""

from __future__ import annotations

from dataclasses import dataclass

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.node import Rating


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sessions to list; each field that is set narrows them."""

    text: str = ""
    """Words in the title or in a message, the last of them perhaps not typed to its end."""
    rating: Rating | None = None
    """With a reply rated so."""
    noted: bool = False
    """With a note on a message."""
    deleted: bool = False
    """Those that were deleted, instead of the others."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One saved session in a list."""

    id: int
    number: int
    """A short name for it, counted from 1: what `--resume` takes."""
    title: str
    created: float
    """Seconds since 1970."""
    updated: float
    messages: int
    """On all branches, without the deleted ones."""
    model: str = ""
    """The model of the last reply."""
    adapter: str | None = None
    pinned: bool = False
    deleted: bool = False
    excerpt: str = ""
    """Around the words that were looked for, where they stand in a message."""


@dataclass(slots=True)
class SavedSession:
    """A session as it was saved."""

    row: SessionRow
    conversation: Conversation
