"""The two front ends behind one face: somebody who types lines and sees what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Protocol

from textual._context import active_app

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.engine.distribution import Candidate, Distribution
from mlxchat.engine.interface import Inspected, InspectRequest, ReplyRequest
from mlxchat.session.chat import ChatSession
from mlxchat.tui.screens.chat import ChatScreen
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.patience import SECONDS, looks
from tests.person import Person, starting
from tests.repl.person import Clipboard, ReplPerson
from tests.scripted import ScriptedEngine

Step = Callable[[ScriptedEngine], object]
"""What a scripted engine says next. A real one says something by itself."""


class Recorded(Protocol):
    """An engine that keeps what was asked of it."""

    calls: list[tuple[str, object]]

    def called(self, name: str) -> list[object]:
        """The arguments of every call of this name."""


class AnsweringEngine(ScriptedEngine):
    """Ends at once what is stopped, and answers what could come at a place."""

    _running: Sequence[ReplyRequest] = ()
    """What is being written."""

    def reply(self, request: ReplyRequest) -> None:
        super().reply(request)
        self._running = [request]

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        super().reply_together(requests)
        self._running = requests

    def finish(self, reason: str = "stop", unspoken: int = 0) -> None:
        super().finish(reason, unspoken)
        self._running = [other for other in self._running if other is not self.request]

    def finish_samples(self) -> None:
        super().finish_samples()
        self.samples = None

    def cancel(self) -> None:
        super().cancel()
        for request in self._running:
            self.request = request
            self.finish("cancelled")
        if self.samples is not None:
            self.finish_samples()

    def inspect(self, request: InspectRequest) -> None:
        super().inspect(request)
        candidates = (Candidate(900, " rather", -0.2, 0.8), Candidate(901, " or", -1.6, 0.2))
        seen = Distribution(request.settings, candidates, 100, 2, 1.0, 0.7)
        self.tell(Inspected(request.request_id, seen))


class Front(Protocol):
    """A front end with its model loaded."""

    name: str
    session: ChatSession
    engine: Recorded
    scripted: bool
    """Whether the engine says what it is told."""

    async def line(
        self,
        text: str,
        *steps: Step,
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
        half: bool = False,
    ) -> None:
        """Type a line, and see what the engine says then: all of it, or the first of it (`half`).
        Then the person presses these keys in the app, or gives these answers in the REPL."""

    async def stop(self) -> None:
        """Press what stops a reply."""

    async def look(self, *steps: Step) -> None:
        """Take in what the engine says."""

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
    scripted = True

    def __init__(self, person: Person) -> None:
        self._person = person
        self.session, self.engine = person.session, person.engine
        self._left = False
        person.app.exit = self._leave  # type: ignore[method-assign]
        person.app.suspend = nullcontext  # type: ignore[method-assign,assignment]
        self._taken = asyncio.Event()
        """Whether the line was taken, or refused."""
        self._try, person.chat._try = person.chat._try, self._take  # type: ignore[method-assign]

    def _take(self, do: Callable[[], object]) -> bool:
        done = self._try(do)
        self._taken.set()
        return done

    def _leave(self, *_: object, **__: object) -> None:
        self._left = True

    async def line(
        self,
        text: str,
        *steps: Step,
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
        half: bool = False,
    ) -> None:
        self._person.app.clear_notifications()
        await self._enter(text)
        await self._follow(steps, half=half)
        if keys:
            await self._opened()
            await self._person.press(*keys)

    async def _enter(self, text: str) -> None:
        """Press Enter behind a text. To wait for what it does is quicker, and surer, than until
        nothing goes on."""
        self._taken.clear()
        self._editor.text = text
        self._editor.focus()
        self._person.app.simulate_key("enter")
        await asyncio.wait_for(self._taken.wait(), SECONDS)
        await self._person.pilot.pause()

    async def _follow(self, steps: Sequence[Step] = (), *, half: bool = False) -> None:
        """See what the engine says."""
        for step in steps:
            step(self._person.engine)
            await self._person.look()

    async def _opened(self) -> None:
        """Some choices are looked for on another thread first."""
        for _ in looks():
            if not isinstance(self._person.app.screen, ChatScreen):
                break
            await self._person.pilot.pause(0.01)
        await self._person.look()

    async def look(self, *steps: Step) -> None:
        await self._follow(steps)
        await self._person.look()

    async def stop(self) -> None:
        await self._person.press("escape")
        await self._follow()

    async def shows(self, text: str) -> bool:
        for _ in looks():
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
        self.session.stop()
        self._person.chat.take_in()
        await self._follow()
        _reset(self.session)
        self._left = False
        app.clear_notifications()
        self._editor.clear()
        self._person.chat._show_conversation()
        self._person.chat.show_settings()
        await self._person.look()
        self.engine.calls.clear()

    @property
    def left(self) -> bool:
        return self._left

    @property
    def draft(self) -> str:
        return self._editor.text

    @property
    def _editor(self) -> MessageEditor:
        return self._person.chat.query_one(MessageEditor)

    @property
    def copied(self) -> str:
        return self._person.app.clipboard


class TheRepl:
    """The REPL, in plain lines."""

    name = "repl"
    scripted = True

    def __init__(self, person: ReplPerson) -> None:
        self._person = person
        self.session, self.engine = person.session, person.engine
        self._written = ""

    async def line(
        self,
        text: str,
        *steps: Step,
        keys: Sequence[str] = (),
        answers: Sequence[str] = (),
        half: bool = False,
    ) -> None:
        self._wait_for(half=half)
        self._written = self._person.type(text, *self._bound(steps), answers=tuple(answers))
        self._wait_for(half=False)

    def _wait_for(self, *, half: bool) -> None:
        """Whether a line is followed until the first of a reply is there, or all of it."""

    def _bound(self, steps: Sequence[Step]) -> list[Callable[[], object]]:
        """The steps, as what happens while a reply is followed."""
        return [partial(step, self._person.engine) for step in steps]

    async def look(self, *steps: Step) -> None:
        for step in self._bound(steps):
            step()
        self._person.repl.take_in()

    async def stop(self) -> None:
        self._written = self._person.follow("c-c")

    async def shows(self, text: str) -> bool:
        return text in self._written

    async def begin_anew(self) -> None:
        self._person.reader.steps.clear()
        self._person.reader.answers.clear()
        self.session.stop()
        self._person.repl.replies.give_up()
        self._person.follow()
        _reset(self.session)
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


def _reset(session: ChatSession) -> None:
    """A new conversation under the model's own settings."""
    session.close_lanes()
    session.clear()
    session.set_system("")
    session.reset_settings()
    if session.adapter is not None:
        session.take_adapter_off()


@contextmanager
def keeping(folder: Path) -> Iterator[Keeper]:
    """Keeps sessions in a file of its own."""
    store = SessionStore(folder / "sessions.sqlite3")
    keeper = Keeper(store)
    try:
        yield keeper
    finally:
        keeper.close()
        store.close()


@asynccontextmanager
async def front_end(name: str, folder: Path) -> AsyncIterator[Front]:
    """A front end over a scripted engine."""
    with keeping(folder) as keeper:
        if name == "repl":
            person = ReplPerson(AnsweringEngine(), keeper)
            person.load()
            yield TheRepl(person)
        else:
            async with starting(keeper=keeper, engine=AnsweringEngine()) as started:
                started.engine.load_ends()
                await started.look()
                yield App(started)
