"""Sessions driven from a test: over a scripted engine, and over the real one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from mlxchat.conversation.conversation import Conversation
from mlxchat.conversation.entries import Reply
from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.engine.interface import Engine, LoadFailed, ModelSpec, ReplyFailed, ReplyRequest
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings, Value
from tests.driving import PATIENCE
from tests.scripted import ScriptedEngine


class RealSession:
    """A chat session that waits for what it asked for."""

    def __init__(self, keeper: Keeper | None = None, engine: Engine | None = None) -> None:
        self.session = ChatSession(engine or LocalEngine(), keeper=keeper)

    @property
    def conversation(self) -> Conversation:
        return self.session.conversation

    def load(self, model: Path | str, **options: object) -> None:
        self.session.load(ModelSpec(str(model), **options))  # type: ignore[arg-type]
        self.wait()

    def start(self, system: str = "", **settings: Value) -> None:
        """A new conversation under these settings, the others being mlx_lm's."""
        self.session.set_system(system)
        self.session.clear()
        self.session.change(Settings().with_values(settings))

    def ask(self, text: str, changes: Mapping[int, Settings] | None = None) -> Reply:
        """Ask, and change the settings when so many tokens are there."""
        self.session.send(text)
        self.wait(changes)
        assert self.session.reply is not None
        return self.session.reply

    def replay(self) -> Reply:
        self.session.replay()
        self.wait()
        assert self.session.current is not None
        return self.session.current

    def wait(
        self, changes: Mapping[int, Settings] | None = None, stop_after: int | None = None
    ) -> None:
        """Until nothing goes on. The settings change, and the reply is stopped, when so many tokens
        are there."""
        left = dict(changes or {})
        deadline = time.monotonic() + PATIENCE
        while self.session.busy or self.session.state == "loading":
            assert time.monotonic() < deadline
            if stop_after is not None and self._written >= stop_after:
                self.session.stop()
            self.session.engine.wait(1.0)
            for event in self.session.events():
                assert not isinstance(event, LoadFailed | ReplyFailed), event
                if self._written in left:
                    self.session.change(left.pop(self._written))

    @property
    def _written(self) -> int:
        return len(self.session.current.tokens) if self.session.current else 0

    def close(self) -> None:
        self.session.engine.close()


def ready_session(engine: ScriptedEngine, **overrides: Value) -> ChatSession:
    """A session with its model loaded."""
    session = ChatSession(engine, "Be brief.", overrides)
    session.load(ModelSpec("scripted"))
    engine.load_ends()
    session.pump()
    return session


def answer(session: ChatSession, engine: ScriptedEngine, text: str, reason: str = "stop") -> None:
    engine.begin()
    engine.say(text)
    engine.finish(reason)
    session.pump()


def last_request(engine: ScriptedEngine) -> ReplyRequest:
    request = engine.called("reply")[-1]
    assert isinstance(request, ReplyRequest)
    return request
