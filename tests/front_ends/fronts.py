"""The two front ends behind one face: somebody who types lines and sees what comes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Protocol

from textual._context import active_app

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.engine.interface import Inspected, InspectRequest
from mlxchat.session.chat import ChatSession
from mlxchat.tui.screens.chat import ChatScreen
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.person import Person, starting
from tests.repl.person import Clipboard, ReplPerson
from tests.scripted import ScriptedEngine

LOOKS = 200
"""Looks after which a test gives up; never a measure of speed."""


class AnsweringEngine(ScriptedEngine):
    """Answers at once what could come at a place."""

    def inspect(self, request: InspectRequest) -> None:
        super().inspect(request)
        candidates = (Candidate(900, " rather", -0.2, 0.8), Candidate(901, " or", -1.6, 0.2))
        seen = Distribution(request.settings, candidates, 100, 2, 1.0, 0.7)
        self.tell(Inspected(request.request_id, seen))


class Front(Protocol):
    """A front end with its model loaded."""

    name: str
    session: ChatSession
    engine: ScriptedEngine

    async def line(
        self,
        text: str,
        *steps: Callable[[], object],
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
    ) -> None:
        """Type a line. Then the engine does these steps, and the person presses these keys in the
        app, or gives these answers in the REPL."""

    async def stop(self) -> None:
        """Press what stops a reply; the engine ends it."""

    async def look(self) -> None:
        """Take in what the engine said."""

    async def shows(self, text: str) -> bool:
        """Whether the last line let this be seen, or soon will."""

    async def begin_anew(self) -> None:
        """As it was at first."""

    @property
    def left(self) -> bool:
        """Whether the program would end."""

    @property
    def draft(self) -> str:
        """What stands where the next message is typed."""

    @property
    def copied(self) -> str:
        """What is on the clipboard."""


class App:
    """The app in the full screen."""

    name = "app"

    def __init__(self, person: Person) -> None:
        self._person = person
        self.session, self.engine = person.session, person.engine
        self._left = False
        person.app.exit = self._leave  # type: ignore[method-assign]
        person.app.suspend = nullcontext  # type: ignore[method-assign,assignment]

    def _leave(self, *_: object, **__: object) -> None:
        self._left = True

    async def line(
        self,
        text: str,
        *steps: Callable[[], object],
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
    ) -> None:
        self._person.app.clear_notifications()
        await self._person.send(text)
        for step in steps:
            step()
            await self._person.look()
        if keys:
            await self._opened()
            await self._person.press(*keys)

    async def _opened(self) -> None:
        """Some choices are looked for on another thread first."""
        for _ in range(LOOKS):
            if not isinstance(self._person.app.screen, ChatScreen):
                break
            await self._person.pilot.pause(0.01)
        await self._person.look()

    async def look(self) -> None:
        await self._person.look()

    async def stop(self) -> None:
        await self._person.press("escape")
        self.engine.finish("cancelled")
        await self._person.look()

    async def shows(self, text: str) -> bool:
        for _ in range(LOOKS):
            if any(text in " ".join(note.split()) for note in self._person.notes):
                return True
            if text in await self._person.look():
                return True
            await self._person.pilot.pause(0.01)
        return False

    async def begin_anew(self) -> None:
        app = self._person.app
        active_app.set(app)
        while not isinstance(app.screen, ChatScreen):
            await app.pop_screen()
        await _reset(self.session, self.engine)
        self._left = False
        app.clear_notifications()
        self._person.chat.query_one(MessageEditor).clear()
        await self._person.look()
        self._person.chat._show_conversation()
        self._person.chat.show_settings()
        await self._person.look()
        self.engine.calls.clear()

    @property
    def left(self) -> bool:
        return self._left

    @property
    def draft(self) -> str:
        return self._person.chat.query_one(MessageEditor).text

    @property
    def copied(self) -> str:
        return self._person.app.clipboard


class TheRepl:
    """The REPL, in plain lines."""

    name = "repl"

    def __init__(self, person: ReplPerson) -> None:
        self._person = person
        self.session, self.engine = person.session, person.engine
        self._written = ""

    async def line(
        self,
        text: str,
        *steps: Callable[[], object],
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
    ) -> None:
        self._written = self._person.type(text, *steps, answers=tuple(answers))

    async def look(self) -> None:
        self._person.repl.take_in()

    async def stop(self) -> None:
        self._written = self._person.follow("c-c", lambda: self.engine.finish("cancelled"))

    async def shows(self, text: str) -> bool:
        return text in self._written

    async def begin_anew(self) -> None:
        await _reset(self.session, self.engine)
        self._person.reader.steps.clear()
        self._person.reader.answers.clear()
        self._person.repl.replies.give_up()
        self._person.repl.picked = None
        self._person.repl.left = False
        self._person.repl.draft = ""
        self._person.repl.take_in()
        self.engine.calls.clear()

    @property
    def left(self) -> bool:
        return self._person.repl.left

    @property
    def draft(self) -> str:
        return self._person.repl.draft

    @property
    def copied(self) -> str:
        assert isinstance(self._person.page, Clipboard)
        return self._person.page.copies[-1]


async def _reset(session: ChatSession, engine: ScriptedEngine) -> None:
    """A new conversation under the model's own settings, whatever went on."""
    session.stop()
    if engine.request is not None:
        engine.finish("cancelled")
    for lane in engine.lanes:
        engine.turn_to(lane)
        engine.finish("cancelled")
    if session.sampling:
        engine.finish_samples()
    session.pump()
    session.close_lanes()
    session.clear()
    session.set_system("")
    session.reset_settings()
    if session.adapter is not None:
        session.take_adapter_off()
    engine.lanes = {}


@asynccontextmanager
async def front_end(name: str, folder: Path) -> AsyncIterator[Front]:
    """A front end over a file of sessions of its own."""
    store = SessionStore(folder / "sessions.sqlite3")
    keeper = Keeper(store)
    try:
        if name == "repl":
            person = ReplPerson(AnsweringEngine(), keeper)
            person.load()
            yield TheRepl(person)
        else:
            async with starting(keeper=keeper, engine=AnsweringEngine()) as started:
                started.engine.load_ends()
                await started.look()
                yield App(started)
    finally:
        keeper.close()
        store.close()
