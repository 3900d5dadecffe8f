"""A server that is not up at first, and what fails for a reason that passes, in both front ends."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mlxchat.cli.interrupts import catching_interrupts
from mlxchat.cli.oneshot import Follower
from mlxchat.cli.reply_output import TextOutput
from mlxchat.engine.interface import ModelSpec
from mlxchat.session.again import LOAD_AGAIN
from mlxchat.session.chat import ChatSession
from mlxchat.session.model_options import ModelOptions
from tests.front_ends.fronts import Front, keeping
from tests.front_ends.served import (
    PatientReader,
    RecordingServer,
    ServedApp,
    ServedRepl,
    works,
)
from tests.patience import SECONDS
from tests.person import starting
from tests.repl.person import ReplPerson
from tests.serving import Handler, Server, hello, serving

NAMED = "gpt"
LIST = {"data": [{"id": NAMED, "owned_by": "x"}, {"id": "other", "owned_by": "x"}]}


@pytest.fixture
def server() -> Iterator[Server]:
    """One that is not up yet."""
    with serving() as server:
        server.models = lambda handler: handler.json({"error": "starting"}, 503)
        yield server


def up(server: Server) -> None:
    server.models = lambda handler: handler.json(LIST)


@asynccontextmanager
async def front_end(name: str, folder: Path, server: Server) -> AsyncIterator[Front]:
    """A front end that was started with this server and a model's name."""
    engine, spec = RecordingServer(server.url), ModelSpec(NAMED)
    try:
        with keeping(folder) as keeper:
            if name == "repl":
                person = ReplPerson(engine, keeper, reader=PatientReader(engine))
                person.repl.options = ModelOptions(spec, spec)
                person.repl.load(spec)
                person.follow()
                yield ServedRepl(person)
            else:
                async with starting(model=NAMED, keeper=keeper, engine=engine) as person:
                    person.app._server = server.url
                    front = ServedApp(person)
                    end = time.monotonic() + SECONDS
                    while works(front.session):
                        assert time.monotonic() < end
                        await asyncio.sleep(0.01)
                        person.chat.take_in()
                    yield front
    finally:
        engine.close()


both = pytest.mark.parametrize("name", ["app", "repl"])


@both
@pytest.mark.parametrize("line", ["/retry", "/model", "Hello"])
async def test_a_server_that_comes_up_is_asked_again(
    name: str, line: str, tmp_path: Path, server: Server
):
    async with front_end(name, tmp_path, server) as front:
        assert front.session.info is None
        up(server)
        await front.line(line)
        assert front.session.info is not None
        assert front.session.info.name == NAMED
        said = [entry.text for entry in front.session.conversation.entries]
        assert said == (["Hello", "Hello there"] if line == "Hello" else [])


@both
async def test_what_is_said_to_a_server_that_is_not_up_is_kept_and_answered_later(
    name: str, tmp_path: Path, server: Server
):
    async with front_end(name, tmp_path, server) as front:
        await front.line("Hello")
        assert await front.shows(LOAD_AGAIN[:24])
        assert front.session.state == "empty"
        assert [entry.text for entry in front.session.conversation.entries] == ["Hello"]
        up(server)
        await front.line("/retry")
        entries = [entry.text for entry in front.session.conversation.entries]
        assert entries == ["Hello", "Hello there"]


@both
async def test_another_model_can_be_asked_for(name: str, tmp_path: Path, server: Server):
    async with front_end(name, tmp_path, server) as front:
        up(server)
        await front.line("/model other")
        assert front.session.info is not None
        assert front.session.info.name == "other"


async def test_the_key_asks_again(tmp_path: Path, server: Server):
    async with front_end("app", tmp_path, server) as front:
        assert await front.shows(LOAD_AGAIN[:24])
        up(server)
        await front._person.press("ctrl+r")
        await front._follow()
        assert front.session.info is not None


def breaks(handler: Handler) -> None:
    handler.begin()
    handler.say("Once", " upon")


@both
async def test_what_to_do_is_told_where_a_reply_broke_off(
    name: str, tmp_path: Path, server: Server
):
    up(server)
    async with front_end(name, tmp_path, server) as front:
        server.answer = breaks
        await front.line("Hello")
        assert await front.shows("arrived")  # the sentence is on several lines
        assert "kept" not in front.session.reply.failure
        server.answer = lambda handler: handler.json({"error": "Too many."}, 429)
        await front.line("Hello")
        assert await front.shows("Too many. /retry")
        server.answer = hello
        await front.line("/retry")
        assert front.session.reply.text == "Hello there"


def test_one_answer_on_standard_output_promises_no_retry(server: Server):
    up(server)
    server.answer = breaks
    session, out, err = ChatSession(RecordingServer(server.url)), io.StringIO(), io.StringIO()
    session.load(ModelSpec(NAMED))
    session.send("Hi")
    with catching_interrupts() as interrupts:
        assert Follower(TextOutput(out), err, statistics=False).follow(session, interrupts) == 1
    session.engine.close()
    assert out.getvalue().strip() == "Once upon"
    assert "was lost" in err.getvalue()
    assert "/retry" not in err.getvalue()
    assert "kept" not in err.getvalue()
