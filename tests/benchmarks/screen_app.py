"""A program for a pseudo-terminal: replies with the app on the screen and without, in turn.

    python -m tests.benchmarks.screen_app MODEL TOKENS PAIRS FILE

Writes [[side, tokens a second, processor seconds], ...] to FILE as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

from mlxchat.cli.chatting import SWITCH_SECONDS
from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import Event, Loaded, ModelInfo, ModelSpec
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.benchmarks import setting

DRAIN_SECONDS = 0.05


class LoadedEngine:
    """An engine whose model is loaded already, so that many apps can have it in turn."""

    def __init__(self, engine: LocalEngine, info: ModelInfo) -> None:
        self._engine = engine
        self._info = info
        self._answers: list[Event] = []

    def load(self, spec: ModelSpec) -> None:
        """Answered at once."""
        self._answers.append(Loaded(self._info))

    def drain(self) -> list[Event]:
        """The answer to `load`, then the engine's events."""
        answers, self._answers = self._answers, []
        return answers + self._engine.drain()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)


class OneReplyApp(MlxchatApp):
    """The app; it asks one question by itself, and ends with the answer."""

    CSS_PATH = str(files("mlxchat.tui") / "app.tcss")

    def on_mount(self) -> None:
        """Look on from time to time; Textual mounts the app's own screen as well."""
        self._asked = False
        self.set_interval(0.1, self._step)

    def _step(self) -> None:
        if self.session.state != "ready":
            return
        if self._asked:
            if self.session.reply is not None and self.session.reply.reason is not None:
                self.exit()
            return
        self._asked = True
        self.chat.query_one(MessageEditor).text = setting.question(1).content
        self.simulate_key("enter")


def with_app(engine: Any, spec: ModelSpec, tokens: int) -> ChatSession:
    """A reply with the app on the screen, as `run_app` shows it."""
    session = ChatSession(engine, overrides={"max_tokens": tokens, "temp": 0.0})
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        OneReplyApp(session, spec, spec).run()
    finally:
        sys.setswitchinterval(before)
    return session


def without_app(engine: Any, spec: ModelSpec, tokens: int) -> ChatSession:
    """The same reply with nobody looking."""
    session = ChatSession(engine, overrides={"max_tokens": tokens, "temp": 0.0})
    session.load(spec)
    session.pump()
    session.send(setting.question(1).content)
    while session.busy:
        time.sleep(DRAIN_SECONDS)
        session.pump()
    return session


def load(engine: LocalEngine, spec: ModelSpec) -> ModelInfo:
    """Load the model; what is known of it."""
    engine.load(spec)
    while True:
        engine.wait(1.0)
        for event in engine.drain():
            if isinstance(event, Loaded):
                return event.info


Side = Callable[[Any, ModelSpec, int], ChatSession]


def write_all(front_end: Side, model: str, tokens: int, pairs: int, out: Path) -> None:
    """Write all replies, and what they took."""
    spec, local = ModelSpec(model), LocalEngine()
    engine = LoadedEngine(local, load(local, spec))
    sides = {"app": front_end, "alone": without_app}
    rows = []
    for pair in range(pairs + 1):  # the first pair warms up
        for name in sorted(sides, reverse=bool(pair % 2)):
            cpu = time.process_time()
            reply = sides[name](engine, spec, tokens).reply
            assert isinstance(reply, Reply)
            assert reply.statistics.reply_tokens == tokens, reply
            rows.append([name, reply.statistics.tokens_per_second, time.process_time() - cpu])
    local.close()
    out.write_text(json.dumps(rows[2:]), "utf-8")


if __name__ == "__main__":
    write_all(with_app, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
