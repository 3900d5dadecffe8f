"""Shows on the screen what the engine does."""

from __future__ import annotations

import time
from collections.abc import Iterable

from mlxchat.conversation.entries import Reply
from mlxchat.conversation.replay import verdict
from mlxchat.conversation.speed_words import replies_before
from mlxchat.conversation.summary import load_status, prefill_status, reply_footer, reply_label
from mlxchat.engine.interface import (
    Event,
    Loaded,
    LoadFailed,
    LoadProgress,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyStarted,
    TokenSampled,
)
from mlxchat.session.chat import ChatSession
from mlxchat.tui.path_view import PathView
from mlxchat.tui.transcript.transcript import EntryHeader, Transcript
from mlxchat.tui.widgets.title_bar import TitleBar
from mlxchat.tui.widgets.token_detail import spelled

TITLE_SECONDS = 1.0
"""How often the title changes while text streams. Textual paints the box around all that changed:
with the title and a line at the end of the transcript that is the whole screen."""


class Follower:
    """Takes the session's events to the transcript and the title bar."""

    def __init__(self, session: ChatSession, transcript: Transcript, title: TitleBar) -> None:
        self._session = session
        self._transcript = transcript
        self._title = title
        self.path = PathView(session, transcript)
        self._entry: int | None = None
        self._prompt_tokens = 0
        self._speed_since = (0.0, 0)
        self._starts = False
        """Whether the reply has no token on the screen yet."""

    def begin_reply(self) -> None:
        """Make room for the reply that was asked for, and go to it."""
        self._entry = None
        self.path.show()
        self._transcript.following = True

    def begin_replay(self) -> None:
        """Make room for the replay that was asked for."""
        self._transcript.add_notice("The last reply once more, with its own settings and seed:")
        self.begin_reply()

    def show(self, events: Iterable[Event]) -> list[Event]:
        """Show events; the text of many tokens goes to the transcript at once."""
        text: list[str] = []
        shown: list[Event] = []
        for event in events:
            shown.append(event)
            if isinstance(event, TokenSampled):
                text.append(event.record.text)
                continue
            self._append(text)
            self._show(event)
        self._append(text)
        return shown

    def _show(self, event: Event) -> None:
        match event:
            case LoadProgress():
                self._title.activity = load_status(event)
            case Loaded():
                self._loaded()
            case LoadFailed():
                self._title.activity = ""
                self._transcript.add_notice(
                    event.message, "information" if event.cancelled else "error"
                )
            case PrefillProgress():
                self._read(event)
            case ReplyStarted():
                self._started()
            case ReplyFinished() | ReplyFailed():
                self._finished(event)

    def _loaded(self) -> None:
        info = self._session.info
        if info is None:
            return
        self._title.activity = ""
        self._title.model = info.name
        self._title.adapter = self._session.adapter_words
        self._title.context_limit = info.context_limit
        for note in info.notes:
            self._transcript.add_notice(note)

    def _reply_entry(self) -> int:
        """The transcript's entry of the reply, made when the engine first speaks of it."""
        if self._entry is None:
            reply = self._session.current
            assert reply is not None
            if self._session.replayed is not None:
                self._entry = self._begin_aside(reply)
            else:
                self.path.show(writing=True)
                self._entry = self._transcript.entry_of(reply).id
        return self._entry

    def _begin_aside(self, reply: Reply) -> int:
        """A replay's entry, which is no part of the conversation."""
        info = self._session.info
        return self._transcript.begin_reply(
            EntryHeader(reply.model, reply_label(reply), "replay"),
            aside=True,
            open_reasoning=reply.opens_in_thought,
            think_tags=info.think_tags if info else None,
            reply=reply,
        )

    def _read(self, event: PrefillProgress) -> None:
        self._prompt_tokens = event.reused + event.total
        self._title.context = event.reused + event.done
        self._title.speed = 0.0
        self._transcript.set_status(self._reply_entry(), prefill_status(event))

    def _started(self) -> None:
        entry, reply = self._reply_entry(), self._session.current
        self._transcript.set_status(entry, "")
        if reply is not None:
            self._transcript.append_reply(entry, reply.text)
        self._speed_since = (time.monotonic(), 0)
        self._starts = True

    def _append(self, text: list[str]) -> None:
        if text:
            self._transcript.append_reply(self._reply_entry(), "".join(text))
            text.clear()
            self._measure()
            if self._starts:
                # Only now it is sure that a prompt had room for all: its first token tells it.
                self._starts = False
                self.path.dim()

    def _measure(self) -> None:
        reply = self._session.current
        now, count = time.monotonic(), len(reply.tokens) if reply else 0
        since, before = self._speed_since
        if now - since >= TITLE_SECONDS:
            self._title.context = self._prompt_tokens + count
            self._title.speed = (count - before) / (now - since)
            self._speed_since = (now, count)

    def _finished(self, event: ReplyFinished | ReplyFailed) -> None:
        reply, entry = self._session.current, self._reply_entry()
        assert reply is not None
        self._entry = None
        if isinstance(event, ReplyFailed):
            self._transcript.finish_reply(entry, "broke off" if reply.text else "")
            self._transcript.add_notice(event.message, "error")
            return
        if self._session.replayed is not None:
            self._transcript.set_header(entry, EntryHeader(reply.model, branch="replay"))
        else:
            self.path.refresh(self._session.conversation.node_of(reply))
            self.path.dim()
        self._transcript.finish_reply(entry, self._footer(reply))
        self._title.context = reply.statistics.context_tokens
        self._title.speed = reply.statistics.tokens_per_second

    def _footer(self, reply: Reply) -> str:
        """What the reply cost; of a replay first whether it came out the same."""
        original = self._session.replayed
        if original is None:
            before = replies_before(self._session.conversation.node_of(reply))
            return reply_footer(reply, before)
        return f"{verdict(original, reply, self._token_name)} · {reply_footer(reply)}"

    def _token_name(self, token_id: int) -> str:
        return spelled(self._session.engine.token_bytes(token_id).decode(errors="replace"))
