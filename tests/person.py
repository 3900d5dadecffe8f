"""Somebody in front of the app, over a scripted engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

from rich.cells import cell_len
from textual.pilot import Pilot

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.engine.interface import (
    ModelSpec,
    ReplyRequest,
)
from mlxchat.session.chat import ChatSession
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.screens.chat import ChatScreen
from mlxchat.tui.screens.chat_sessions import Resume
from mlxchat.tui.transcript.transcript import Transcript, UserEntry
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.patience import until
from tests.scripted import INFO, ScriptedEngine

WIDE = (120, 40)


def add_user(transcript: Transcript, text: str) -> int:
    """Show what a person wrote, at the end; the id of its entry."""
    transcript.following = True
    return transcript.add([UserEntry(text)])[0]


class Person:
    """Somebody in front of the app, with an engine that says what the test lets it say."""

    def __init__(self, app: MlxchatApp, pilot: Pilot[object], engine: ScriptedEngine) -> None:
        self.app = app
        self.pilot = pilot
        self.engine = engine

    @property
    def session(self) -> ChatSession:
        return self.app.session

    @property
    def chat(self) -> ChatScreen:
        return self.app.chat

    @property
    def lines(self) -> list[str]:
        """The whole screen as it is drawn, without colours."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    @property
    def screen(self) -> str:
        return "\n".join(self.lines)

    @property
    def transcript(self) -> Transcript:
        return self.chat.query_one(Transcript)

    @property
    def notes(self) -> list[str]:
        """What the app said in passing."""
        return [str(note.message) for note in self.app._notifications]

    @property
    def requests(self) -> list[ReplyRequest]:
        return self.engine.called("reply")  # type: ignore[return-value]

    async def look(self) -> str:
        """Let the app take in what the engine said; the screen."""
        self.chat.take_in()
        await self.pilot.pause()
        return self.screen

    async def until(self, seen: str | Callable[[], object]) -> str:
        """Look until something is so, or stands on the screen; the screen."""
        test = (lambda: seen in self.screen) if isinstance(seen, str) else seen

        async def look() -> None:
            await self.pilot.pause(0.01)
            await self.look()

        await until(test, look, lambda: f"{seen} was not seen: {self.notes}\n{self.screen}")
        return self.screen

    async def press(self, *keys: str) -> str:
        await self.pilot.press(*keys)
        return await self.look()

    async def click(self, text: str) -> str:
        """Click on the first line of the screen that has this text, there."""
        y, line = next((y, line) for y, line in enumerate(self.lines) if text in line)
        await self.pilot.click(offset=(cell_len(line[: line.index(text)]) + 1, y))
        return await self.look()

    async def type(self, text: str) -> None:
        self.chat.query_one(MessageEditor).text = text
        self.chat.query_one(MessageEditor).focus()
        await self.pilot.pause()

    async def send(self, text: str) -> str:
        await self.type(text)
        return await self.press("enter")

    async def hear(self, text: str, reason: str = "stop") -> str:
        """Let the engine write a whole reply."""
        self.engine.begin()
        self.engine.say(text)
        self.engine.finish(reason)
        return await self.look()

    async def resize(self, width: int, height: int) -> str:
        await self.pilot.resize_terminal(width, height)
        await self.pilot.pause()
        return await self.look()


@asynccontextmanager
async def starting(
    size: tuple[int, int] = WIDE,
    model: str | None = "scripted",
    system: str = "",
    keeper: Keeper | None = None,
    resume: str | Resume | None = None,
    engine: ScriptedEngine | None = None,
    **info: object,
) -> AsyncIterator[Person]:
    """The app while the model is being loaded."""
    engine = engine or ScriptedEngine(replace(INFO, **info))  # type: ignore[arg-type]
    spec = ModelSpec(model) if model else None
    session = ChatSession(engine, system, keeper=keeper)
    app = MlxchatApp(session, spec, spec or ModelSpec(""), resume)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        person = Person(app, pilot, engine)
        await person.look()
        yield person


@asynccontextmanager
async def chatting(size: tuple[int, int] = WIDE, **options: object) -> AsyncIterator[Person]:
    """The app with its model loaded."""
    async with starting(size, **options) as person:  # type: ignore[arg-type]
        person.engine.load_ends()
        await person.look()
        yield person
