"""Saved sessions that are in memory only, and conversations to save."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.storage.sessions import SavedSession, SessionRow, Wanted
from mlxchat.errors import MlxchatError
from tests.conversation.exports import chats

MODEL = "mlx-community/SmolLM2-135M-Instruct"
reply = partial(chats.reply, model=MODEL)
talk = partial(chats.talk, model=MODEL)


class FakeSessions:
    """Sessions as the store gives them. A test can hold questions up with `gate`."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.refusal: str | None = None
        """What every change is refused with."""
        self.saved: dict[int, SavedSession] = {}
        self.asked: list[tuple[str, int, int]] = []
        """The questions for pages: text, limit, offset."""
        self.threads: set[str] = set()
        self.gate = threading.Event()
        self.gate.set()

    def add(self, title: str, conversation: Conversation, **fields: object) -> int:
        number = len(self.saved) + 1
        nodes = list(conversation.nodes())
        row = SessionRow(
            number * 10, number, title, 1000.0 * number, 1000.0 * number, len(nodes), "model-a"
        )
        row = replace(row, **fields)  # type: ignore[arg-type]
        self.saved[row.id] = SavedSession(row, conversation)
        return row.id

    def row(self, session_id: int) -> SessionRow:
        return self.saved[session_id].row

    def page(self, wanted: Wanted, limit: int, offset: int) -> list[SessionRow]:
        self._enter()
        self.asked.append((wanted.text, limit, offset))
        rows = [row for s in self.saved.values() if (row := self._matching(s, wanted)) is not None]
        rows.sort(key=lambda row: (not row.pinned, -row.updated))
        return rows[offset : offset + limit]

    def _matching(self, saved: SavedSession, wanted: Wanted) -> SessionRow | None:
        row, nodes = saved.row, list(saved.conversation.nodes())
        if row.deleted != wanted.deleted or (wanted.noted and not any(n.note for n in nodes)):
            return None
        if wanted.rating and all(n.rating != wanted.rating for n in nodes):
            return None
        text = wanted.text.strip().lower()
        if not text or text in row.title.lower():
            return row
        texts = [n.entry.text for n in nodes if n.entry is not None]
        found = next((t for t in texts if text in t.lower()), None)
        if found is None:
            return None
        at = found.lower().index(text)
        return replace(row, excerpt=found[max(0, at - 30) : at + 60])

    def read(self, session_id: int) -> SavedSession:
        self._enter()
        return self.saved[session_id]

    def rename(self, session_id: int, title: str) -> None:
        self._change(session_id, title=title)

    def pin(self, session_id: int, pinned: bool) -> None:
        self._change(session_id, pinned=pinned)

    def delete(self, session_id: int) -> None:
        self._change(session_id, deleted=True)

    def restore(self, session_id: int) -> None:
        self._change(session_id, deleted=False)

    def _change(self, session_id: int, **fields: object) -> None:
        self._enter()
        if self.refusal:
            raise MlxchatError(self.refusal)
        self.saved[session_id].row = replace(self.saved[session_id].row, **fields)  # type: ignore[arg-type]

    def _enter(self) -> None:
        self.threads.add(threading.current_thread().name)
        assert self.gate.wait(60)
