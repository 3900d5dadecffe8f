"""The app over a real mlx_lm.server: what it does with the model in its own process, it does here,
but for what is dimmed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.entries import TEXT_ONLY
from mlxchat.conversation.replay import verdict
from mlxchat.engine.interface import Event, Repeated, TokenSampled
from mlxchat.engine.samples import Draw
from mlxchat.engine.server import writing
from mlxchat.engine.server.address import DEFAULT_MODEL, parse_address
from mlxchat.engine.server.engine import ServerEngine
from mlxchat.session.replies import REPLAY_TELLS
from mlxchat.settings.parameters import Settings
from mlxchat.tui.widgets.slider import Slider
from mlxchat.tui.widgets.token_detail import TokenDetail
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
        notes, told = person.app._notifications, f"{TEXT_ONLY} {REPLAY_TELLS}"
        await person.wait(lambda: told in [str(note.message) for note in notes])


async def test_a_replay_has_tokens_to_look_into(url: str):
    engine = ServerEngine(parse_address(url))
    async with chatting(DEFAULT_MODEL, engine=engine, temp=0, max_tokens=8) as person:
        await person.ask("What is the capital of France?")
        await person.say("/replay")
        await person.wait(lambda: "identical text: 8 tokens" in person.transcript)
        assert " 0.0 tok/s" not in person.transcript
        await person.say("/tokens")
        await person.wait(lambda: person.app.chat.query_one(TokenDetail).selected)
        await person.wait(lambda: "entropy not sent" in " ".join(person.screen.split()))


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


COLOURS = "Name three colours of the rainbow."


def test_a_replay_draws_what_was_drawn(served: RealSession):
    served.start(temp=0.9, top_p=0.95, max_tokens=12)
    reply = served.ask(COLOURS)
    assert verdict(reply, served.replay(), str) == "identical text: 12 tokens"


def test_a_replay_over_the_server_has_the_records_of_the_local_engine(url: str, demo_model: Path):
    settings = Settings(temp=0.0, max_tokens=10)
    driver, local = Driver(ServerEngine(parse_address(url))), Driver()
    driver.load(DEFAULT_MODEL)
    local.load(demo_model)
    streamed = driver.reply("What is the capital of France?", settings)
    whole = driver.reply(
        "What is the capital of France?", settings, schedule=[settings] * 10,
        repeats=Repeated(streamed.text, streamed.reason == "stop"),
    )  # fmt: skip
    own = local.reply("What is the capital of France?", settings)
    names = [driver.engine.token_bytes(record.token_id) for record in whole.records]
    assert names == [local.engine.token_bytes(record.token_id) for record in own.records]
    driver.close()
    local.close()
    assert streamed.text == whole.text == own.text
    assert whole.statistics.tokens_per_second == 0
    assert whole.end.unspoken == own.end.unspoken
    for there, here in zip(whole.records, own.records, strict=True):
        assert (there.token_id, there.text, there.rank) == (here.token_id, here.text, here.rank)
        assert there.logprob == pytest.approx(here.logprob, abs=1e-3)
        assert there.drawn_logprob == here.drawn_logprob
        pairs = zip(there.alternatives[:10], here.alternatives[:10], strict=True)
        for (_, ours), (_, theirs) in pairs:
            assert ours == pytest.approx(theirs, abs=1e-3)
