"""Shows in one column of the screen what is written there."""

from __future__ import annotations

import time

from mlxchat.commands.keys import key_name, keys
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.summary import WAITING, prefill_status, silence_status
from mlxchat.engine.interface import (
    Event,
    PrefillProgress,
    ReplyFailed,
    ReplyFinished,
    ReplyStarted,
    Silent,
    TokenSampled,
)
from mlxchat.session.chat import ChatSession
from mlxchat.session.column import Column
from mlxchat.tui.path_view import PathView
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.lane_title import LaneTitle
from mlxchat.tui.widgets.title_bar import TitleBar

TITLE_SECONDS = 1.0
"""How often the title changes while text streams. Textual paints the box around all that changed:
with the title and a line at the end of the transcript that is the whole screen."""


class ReplyFollower:
    """Takes the events of replies to a transcript, and what they cost to the line above it."""

    def __init__(
        self,
        session: ChatSession,
        transcript: Transcript,
        title: TitleBar | LaneTitle,
        column: Column,
    ) -> None:
        self._session = session
        self._transcript = transcript
        self._title = title
        self._column = column
        self.path = PathView(session, transcript, column)
        self._text: list[str] = []
        """What came and is not shown yet."""
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

    def take(self, event: Event) -> None:
        """Show an event; the text of many tokens waits until the next other one, or `flush`."""
        if isinstance(event, TokenSampled):
            self._text.append(event.record.text)
            return
        self.flush()
        match event:
            case PrefillProgress():
                self._read(event)
            case ReplyStarted():
                self._started()
            case Silent():
                self._tell_silence(event.seconds)
            case ReplyFinished() | ReplyFailed():
                self._finished(event)

    def flush(self) -> None:
        """Show the text that waits."""
        if not self._text:
            return
        self._transcript.append_reply(self._reply_entry(), "".join(self._text))
        self._text.clear()
        self._measure()
        if self._starts:
            # Only now it is sure that a prompt had room for all: its first token tells it.
            self._starts = False
            self.path.dim()

    def _reply_entry(self) -> int:
        """The transcript's entry of the reply, made when the engine first speaks of it."""
        if self._entry is None:
            reply = self._column.reply
            assert reply is not None
            self._entry = self._begin_entry(reply)
        return self._entry

    def _begin_entry(self, reply: Reply) -> int:
        self.path.show(writing=True)
        return self._transcript.entry_of(reply).id

    def _read(self, event: PrefillProgress) -> None:
        self._prompt_tokens = event.reused + event.total
        self._title.context = event.reused + event.done
        self._title.speed = 0.0
        self._transcript.set_status(self._reply_entry(), prefill_status(event))

    def _tell_silence(self, seconds: int) -> None:
        reply = self._column.reply
        before = "" if reply is not None and reply.text else WAITING
        status = silence_status(seconds, key_name(keys().of.get("stop", ""))) or before
        self._transcript.set_status(self._reply_entry(), status)

    def _started(self) -> None:
        entry, reply = self._reply_entry(), self._column.reply
        self._transcript.set_status(entry, "")
        if reply is not None:
            self._transcript.append_reply(entry, reply.text)
        self._speed_since = (time.monotonic(), 0)
        self._starts = True

    def _measure(self) -> None:
        reply = self._column.reply
        now, count = time.monotonic(), len(reply.tokens) if reply else 0
        since, before = self._speed_since
        if now - since >= TITLE_SECONDS:
            self._title.context = self._prompt_tokens + count if self._prompt_tokens else 0
            self._title.speed = (count - before) / (now - since)
            self._speed_since = (now, count)

    def _finished(self, event: ReplyFinished | ReplyFailed) -> None:
        reply, entry = self._column.reply, self._reply_entry()
        assert reply is not None
        self._entry = None
        if isinstance(event, ReplyFailed):
            self._transcript.finish_reply(entry, "broke off" if reply.text else "")
            self._transcript.add_notice(self._session.again.words(reply), "error")
            return
        self._settle_header(entry, reply)
        self._transcript.finish_reply(entry, self._footer(reply))
        self._title.context = reply.statistics.context_tokens
        self._title.speed = reply.statistics.tokens_per_second

    def _settle_header(self, entry: int, reply: Reply) -> None:
        """The reply is written: its header tells less."""
        node = self._column.node_of(reply)
        assert node is not None
        self.path.refresh(node)
        self.path.dim()

    def _footer(self, reply: Reply) -> str:
        """What the reply cost."""
        return self._column.footer(reply, self._column.node_of(reply))
