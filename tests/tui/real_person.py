"""Somebody who chats with a real model in the app."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from textual.pilot import Pilot

from mlxchat.conversation.entries import Reply
from mlxchat.engine.interface import Engine, ModelSpec
from mlxchat.engine.local import LocalEngine
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.transcript.transcript import Transcript
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.patience import until


class Person:
    """Somebody who chats with a real model and has patience."""

    def __init__(self, app: MlxchatApp, pilot: Pilot[object]) -> None:
        self.app = app
        self.pilot = pilot
        self.session = app.session

    @property
    def screen(self) -> str:
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(s.text for s in strip).rstrip() for strip in strips)

    async def wait(self, test: Callable[[], bool]) -> str:
        """Wait until something is so; the screen."""
        await until(test, partial(asyncio.sleep, 0.01), lambda: self.screen)
        await self.pilot.pause()
        return self.screen

    async def say(self, text: str) -> None:
        self.app.chat.query_one(MessageEditor).focus()
        self.app.chat.query_one(MessageEditor).text = text
        await self.pilot.press("enter")

    @property
    def transcript(self) -> str:
        """The conversation as it is drawn, wrapped lines joined."""
        widget = self.app.chat.query_one(Transcript)
        lines = [widget.render_line(y).text for y in range(widget.size.height)]
        return " ".join(" ".join(lines).split())

    async def until_ready(self) -> str:
        return await self.wait(lambda: self.session.state == "ready")

    async def until_written(self, tokens: int) -> str:
        return await self.wait(lambda: len(self.session.reply.tokens) >= tokens)

    async def ask(self, text: str) -> str:
        before = self.session.reply
        await self.say(text)
        return await self.until_next(before)

    async def until_next(self, before: Reply | None) -> str:
        """Wait until another reply than this one is over."""
        return await self.wait(
            lambda: self.session.state == "ready" and self.session.reply not in (None, before)
        )

    def cost(self) -> tuple[int, int]:
        """Tokens in cache and tokens read, as the last footer on the screen says."""
        found = re.findall(r"(\d+) in cache, (\d+) read", self.transcript)
        return int(found[-1][0]), int(found[-1][1])


@asynccontextmanager
async def chatting(
    model: Path | str, system: str = "", engine: Engine | None = None, **settings: float
) -> AsyncIterator[Person]:
    """The app with this model, once it is there."""
    spec = ModelSpec(str(model))
    session = ChatSession(engine or LocalEngine(), system, settings)
    app = MlxchatApp(session, spec, spec)
    try:
        async with app.run_test(size=(120, 40)) as pilot:
            person = Person(app, pilot)
            await person.until_ready()
            yield person
    finally:
        session.engine.close()
