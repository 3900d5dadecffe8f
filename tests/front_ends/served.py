"""The two front ends over a real server: what is asked for there comes when it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from prompt_toolkit.key_binding import KeyPress

from mlxchat.engine.interface import ModelSpec, ReplyRequest
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.session.chat import ChatSession
from mlxchat.settings.speed import Speed
from tests.front_ends.fronts import App, Front, Step, TheRepl, keeping
from tests.patience import SECONDS
from tests.person import Person, starting
from tests.repl.person import ReplPerson, ScriptedReader, Waits

MAX_TOKENS = 2
"""Of a reply: a fraction of a second."""
LOOK_SECONDS = 0.01


class RecordingServer(ServerEngine):
    """Keeps what was asked of it in `calls`."""

    def __init__(self, url: str) -> None:
        super().__init__(parse_address(url))
        self.calls: list[tuple[str, object]] = []

    def called(self, name: str) -> list[object]:
        """The arguments of every call of this name."""
        return [argument for called, argument in self.calls if called == name]

    def load(self, spec: ModelSpec) -> None:
        self.calls.append(("load", spec))
        super().load(spec)

    def reply(self, request: ReplyRequest) -> None:
        self.calls.append(("reply", request))
        super().reply(request)

    def reply_together(self, requests: Sequence[ReplyRequest]) -> None:
        self.calls.append(("reply_together", tuple(requests)))
        super().reply_together(requests)

    def cancel(self) -> None:
        self.calls.append(("cancel", None))
        super().cancel()

    def switch(self, speed: Speed) -> None:
        self.calls.append(("switch", speed))
        super().switch(speed)


def works(session: ChatSession) -> bool:
    """Whether the engine is at work."""
    return session.busy or session.sampling or session.state == "loading"


def begun(session: ChatSession) -> bool:
    """Whether some of a reply is there."""
    return session.reply is not None and bool(session.reply.text)


class ServedApp(App):
    """The app over a server."""

    scripted = False

    async def _follow(self, steps: Sequence[Step] = (), *, half: bool = False) -> None:
        end, waits = time.monotonic() + SECONDS, works(self.session)
        while works(self.session) and not (half and begun(self.session)):
            assert time.monotonic() < end, self._person.screen
            await asyncio.sleep(LOOK_SECONDS)
            self._person.chat.take_in()
        if waits:
            await self._person.look()

    async def begin_anew(self) -> None:
        await super().begin_anew()
        self.session.set_parameter("max_tokens", MAX_TOKENS)


class PatientReader(ScriptedReader):
    """Waits as long as the engine works; the steps are keys."""

    def __init__(self, engine: ServerEngine) -> None:
        super().__init__()
        self._engine = engine
        self._end = 0.0
        self.until: Callable[[], bool] | None = None
        """What the person waits for, where that is not the end."""

    @contextmanager
    def listening(self) -> Iterator[ScriptedReader]:
        self._end = time.monotonic() + SECONDS
        yield self

    def wait(self, seconds: float) -> list[KeyPress]:
        if self.steps:
            return super().wait(seconds)
        if self.until is not None and self.until():
            raise Waits
        assert time.monotonic() < self._end
        self._engine.wait(seconds)
        return []


class ServedRepl(TheRepl):
    """The REPL over a server."""

    scripted = False

    def _bound(self, steps: Sequence[Step]) -> list[Callable[[], object]]:
        return []  # the server says something by itself

    def _wait_for(self, *, half: bool) -> None:
        reader = self._person.reader
        assert isinstance(reader, PatientReader)
        reader.until = (lambda: begun(self.session)) if half else None

    async def begin_anew(self) -> None:
        await super().begin_anew()
        self.session.set_parameter("max_tokens", MAX_TOKENS)


@asynccontextmanager
async def served_front_end(name: str, folder: Path, url: str) -> AsyncIterator[Front]:
    """A front end over the server at this address, with its model."""
    engine = RecordingServer(url)
    try:
        with keeping(folder) as keeper:
            if name == "repl":
                yield _repl(ReplPerson(engine, keeper, reader=PatientReader(engine)))
            else:
                async with starting(model=DEFAULT_MODEL, keeper=keeper, engine=engine) as person:
                    yield await _app(person)
    finally:
        engine.close()


def _repl(person: ReplPerson) -> ServedRepl:
    person.repl.load(ModelSpec(DEFAULT_MODEL))
    person.follow()
    return ServedRepl(person)


async def _app(person: Person) -> ServedApp:
    front = ServedApp(person)
    await front.look()
    return front
