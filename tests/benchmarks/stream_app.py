"""A program for a pseudo-terminal: the app over an engine that says a given text at a given pace.

    python -m tests.benchmarks.stream_app KIND MESSAGES TOKENS FILE

After Enter it writes TOKENS tokens (none for KIND "idle"). When it ends it writes to FILE, as JSON,
the tokens that came, the seconds from the first to the last, and the processor seconds meanwhile.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from mlxchat.cli.chatting import SWITCH_SECONDS
from mlxchat.engine.event_buffer import EventBuffer
from mlxchat.engine.interface import (
    ALTERNATIVES,
    Event,
    InspectRequest,
    Loaded,
    Message,
    ModelInfo,
    ModelSpec,
    PrefillProgress,
    ReplyFinished,
    ReplyRequest,
    ReplyStarted,
    Statistics,
    TokenRecord,
    TokenSampled,
    WordIds,
)
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.transcript.entries import Entry
from mlxchat.tui.transcript.transcript import EntryHeader, ReplyEntry, UserEntry
from tests.benchmarks import texts

TOKENS_PER_SECOND = 100
READY = "conversation-is-open"
"""Painted when the conversation is there; the last message of the history."""


class PacedEngine:
    """Says a text, one token every hundredth of a second, on a thread of its own."""

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._buffer = EventBuffer()
        self._stop = threading.Event()
        self.settings = Settings()
        self.said = 0
        self.seconds = 0.0
        self.cpu = 0.0

    def load(self, spec: ModelSpec) -> None:
        """Ready at once."""
        info = ModelInfo("paced", Path("paced"), 32768, 100, {"temp": 0.7}, None, None)
        self._buffer.append(Loaded(info))

    def reply(self, request: ReplyRequest) -> None:
        """Begin to say it."""
        self._stop.clear()
        threading.Thread(target=self._say, args=(request.reply_id,), daemon=True).start()

    def change(self, settings: Settings, lane: int = 0) -> None:
        """Taken down in the records."""
        self.settings = settings

    def cancel(self) -> None:
        """Stop."""
        self._stop.set()

    def count(self, request_id: int, messages: Sequence[Message]) -> None:
        """Nothing costs anything here."""

    def inspect(self, request: InspectRequest) -> None:
        """Nothing can be looked into here."""

    def spell(self, token_ids: Sequence[int], model: int = 0) -> list[str]:
        """No vocabulary either."""
        return [""] * len(token_ids)

    def word_ids(self, settings: Settings, model: int = 0) -> WordIds:
        """No words."""
        return WordIds()

    def token_bytes(self, token_id: int, model: int = 0) -> bytes:
        """None."""
        return b""

    def drain(self) -> list[Event]:
        """The events since the last call."""
        return self._buffer.drain()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for an event."""
        return self._buffer.wait(timeout)

    def close(self) -> None:
        """Stop."""
        self._stop.set()

    def _say(self, reply_id: int) -> None:
        self._buffer.append(PrefillProgress(reply_id, 0, 20, 20))
        self._buffer.append(ReplyStarted(reply_id))
        begun, cpu = time.perf_counter(), time.process_time()
        alternatives = tuple((n, -0.5 - n) for n in range(ALTERNATIVES))
        for text in self._tokens:
            due = begun + self.said / TOKENS_PER_SECOND
            if self._stop.wait(max(0.0, due - time.perf_counter())):
                break
            record = TokenRecord(self.said, text, -0.5, 0, alternatives, self.settings, 1.5)
            self._buffer.append(TokenSampled(reply_id, record))
            self.said += 1
            self.seconds = time.perf_counter() - begun
            self.cpu = time.process_time() - cpu
        self._buffer.append(ReplyFinished(reply_id, "stop", Statistics(reply_tokens=self.said)))


class StreamApp(MlxchatApp):
    """The app with a conversation that is there already."""

    CSS_PATH = str(files("mlxchat.tui") / "app.tcss")

    def __init__(self, session: ChatSession, spec: ModelSpec, messages: int) -> None:
        super().__init__(session, spec, spec)
        self._messages = messages

    def on_mount(self) -> None:
        """Put the history in once the screen is there."""
        self.call_later(self._open)

    def _open(self) -> None:
        if not self.chat.is_mounted:
            self.call_later(self._open)
            return
        self.chat.transcript.load([*history(self._messages), UserEntry(READY)])


def history(messages: int) -> list[Entry]:
    """Questions, and replies of every kind."""
    entries: list[Entry] = []
    for number in range(messages // 2):
        entries.append(UserEntry(f"Question {number}: how would you do that?"))
        entries.append(
            ReplyEntry(EntryHeader("paced", "temp 0.70"), texts.answer(number), "96 tok")
        )
    return entries


def main(kind: str, messages: int, tokens: int, out: Path) -> None:
    """Run the app as `run_app` does."""
    engine = PacedEngine(texts.tokens_of(kind, tokens))
    spec = ModelSpec("paced")
    sys.setswitchinterval(SWITCH_SECONDS)
    StreamApp(ChatSession(engine), spec, messages).run()
    told = {"tokens": engine.said, "seconds": engine.seconds, "cpu": engine.cpu}
    out.write_text(json.dumps(told), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
