"""A person's chat: a session on a real engine that is saved in a file, and a cold engine beside
it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.sessions import SavedSession
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.distribution import Distribution
from mlxchat.engine.interface import Inspected, Message, ReplyRequest
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings
from tests.conversation.cold import ColdEngine
from tests.driving import PATIENCE
from tests.sessions import RealSession

CLOSE = 2e-3
"""Log-probabilities that differ by less are the same, computed in other steps."""


class Chatting:
    """What stays from one conversation to the next."""

    def __init__(self, model: Path, file: Path) -> None:
        self.store = SessionStore(file)
        self.keeper = Keeper(self.store)
        self._real = RealSession(self.keeper)
        self._real.load(model)
        self._cold = ColdEngine(model)
        self._questions = 0
        self.compared: list[Reply] = []
        """Replies that were compared with those of the cold engine."""

    @property
    def session(self) -> ChatSession:
        return self._real.session

    def begin(self, settings: Settings) -> None:
        """A new conversation, whatever became of the one before."""
        self.session.stop()
        self.wait()
        self.session.open(Conversation("Be brief."))
        self.session.prefill = ""
        self.session.change(settings)

    def wait(self, stop_after: int | None = None) -> None:
        """Until the reply is there; it is stopped when it has so many tokens."""
        self._real.wait(stop_after=stop_after)

    def look(self, reply: Reply, place: int) -> Distribution:
        """What could have come at a place of a reply."""
        self._questions += 1
        assert self.session.ask_token(self._questions, reply, place) is not None
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self.session.engine.wait(1.0)
            for event in self.session.events():
                if isinstance(event, Inspected) and event.request_id == self._questions:
                    return event.distribution
        raise AssertionError("no answer")

    def saved(self) -> SavedSession | None:
        """The session as another program would open it; None where nothing was said."""
        assert self.keeper.flush(PATIENCE)
        session_id = self.keeper.session_id
        return None if session_id is None else self.store.read(session_id)

    def compare(self) -> None:
        """The last reply, where it was written at temp 0, is what a program that is started now
        and opens the session would have got."""
        saved = self.saved()
        assert saved is not None
        reply = saved.conversation.last_reply
        assert reply is not None
        assert reply.reason not in (None, "failed")
        assert reply.system == saved.conversation.system
        self.compare_with(saved.conversation.messages(until=reply), reply)

    def compare_with(self, messages: Sequence[Message], reply: Reply) -> None:
        """A reply to these messages, where it was written at temp 0, is the cold engine's."""
        if reply.settings.temp > 0 or not reply.drawn:
            return
        drawn, cost = self._cold.reply(request_of(messages, reply))
        assert [(r.token_id, r.text) for r in drawn] == [(r.token_id, r.text) for r in reply.drawn]
        assert [r.logprob for r in drawn] == pytest.approx(
            [r.logprob for r in reply.drawn], abs=CLOSE
        )
        assert cost.prompt_tokens == reply.statistics.prompt_tokens
        assert cost.reused_tokens == 0
        self.compared.append(reply)

    def close(self) -> None:
        self._real.close()
        self.keeper.close()
        self.store.close()


def request_of(messages: Sequence[Message], reply: Reply) -> ReplyRequest:
    """What asks for as many tokens as a reply drew."""
    return ReplyRequest(
        1,
        messages,
        replace(reply.settings, max_tokens=len(reply.drawn)),
        reply.seed,
        reply.prefill,
        tuple(record.token_id for record in reply.tokens[: reply.given]),
        uncounted=reply.given,
    )
