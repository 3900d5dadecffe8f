"""The app over a real mlx_lm.server: what it does with the model in its own process, it does here,
but for what is dimmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.entries import TEXT_ONLY
from mlxchat.conversation.replay import verdict
from mlxchat.engine.interface import Event, TokenSampled
from mlxchat.engine.samples import Draw
from mlxchat.engine.server import writing
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.settings.parameters import Settings
from mlxchat.tui.widgets.slider import Slider
from tests.driving import Driver
from tests.mlx_server import mlx_server
from tests.sessions import RealSession
from tests.tui.real_person import chatting

pytestmark = [pytest.mark.real_model, pytest.mark.needs_blas]


@pytest.fixture(scope="module")
def url(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlx_server(demo_model, tmp_path_factory.mktemp("server")) as url:
        yield url


async def test_a_conversation_reads_only_what_is_new(url: str):
    engine = ServerEngine(parse_address(url))
    async with chatting(DEFAULT_MODEL, "You are helpful.", engine, temp=0, max_tokens=24) as person:
        screen = await person.ask("What is the capital of France?")
        assert "The capital of France is Paris." in screen
        first = person.session.reply.statistics
        assert person.cost() == (first.reused_tokens, first.read_tokens)
        await person.ask("And of Italy?")
        second = person.session.reply.statistics
        assert person.cost() == (second.reused_tokens, second.read_tokens)
        assert second.reused_tokens >= first.prompt_tokens
        assert second.read_tokens < 20


async def test_a_slider_moved_during_a_reply_cuts_it_there(url: str):
    engine = ServerEngine(parse_address(url))
    async with chatting(DEFAULT_MODEL, engine=engine, temp=0.3, max_tokens=400) as person:
        await person.say("Write a long story about a fox.")
        await person.until_written(3)
        person.app.chat.query_one("#row-temp Slider", Slider).focus()
        await person.pilot.press("right")
        moved = person.session.settings.temp
        await person.wait(lambda: person.session.reply.last_settings.temp == moved > 0.3)
        await person.until_written(len(person.session.reply.tokens) + 3)
        await person.pilot.press("escape")
        await person.until_ready()
        assert "stopped by you" in person.transcript
        assert re.search(rf"temp 0\.30→{moved:.2f}", person.transcript)
        await person.say("/tokens")
        notes = person.app._notifications
        await person.wait(lambda: TEXT_ONLY in [str(note.message) for note in notes])


def test_a_cut_changes_nothing_where_the_settings_mean_the_same(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(writing, "SETTLE_SECONDS", 0.0)
    driver = Driver(ServerEngine(parse_address(url)))
    driver.load(DEFAULT_MODEL)
    settings = Settings(temp=0.0, max_tokens=12)
    whole = driver.reply("Tell me about the sea.", settings)

    def change(event: Event) -> None:
        if isinstance(event, TokenSampled) and event.record.settings == settings:
            driver.engine.change(settings.with_value("top_p", 0.5))

    cut = driver.reply("Tell me about the sea.", settings, watch=change)
    sampled = driver.sample("Tell me about the sea.", [Draw(settings, 1), Draw(settings, 2)])
    driver.close()
    assert {record.settings.top_p for record in cut.records} == {1.0, 0.5}
    assert cut.text == whole.text
    assert sampled.texts == [whole.text] * 2


@pytest.fixture
def served(url: str) -> Iterator[RealSession]:
    """A session over the server."""
    session = RealSession(engine=ServerEngine(parse_address(url)))
    session.load(DEFAULT_MODEL)
    yield session
    session.close()


@pytest.fixture
def here(demo_model: Path) -> Iterator[RealSession]:
    """A session with the same model in this process."""
    session = RealSession()
    session.load(demo_model)
    yield session
    session.close()


COLOURS = "Name three colours of the rainbow."


def test_a_replay_has_the_tokens_that_the_model_here_records(
    served: RealSession, here: RealSession
):
    for session in (served, here):
        session.start(temp=0.0, max_tokens=12)
        session.ask(COLOURS)
    tokens, own = served.replay().tokens, here.session.reply.tokens
    assert tokens.ids == own.ids
    for record, other in zip(tokens, own, strict=True):
        assert record.logprob == pytest.approx(other.logprob, abs=0.01)
        assert record.rank == other.rank == 0
        known = [[token_id for token_id, _ in each.alternatives[:5]] for each in (record, other)]
        assert known[0] == known[1]


def test_a_replay_draws_what_was_drawn(served: RealSession):
    served.start(temp=0.9, top_p=0.95, max_tokens=12)
    reply = served.ask(COLOURS)
    assert verdict(reply, served.replay(), str) == "identical text: 12 tokens"
