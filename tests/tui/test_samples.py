"""Samples in the app: cards that stream, by keyboard and by mouse, at every size."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len

from mlxchat.files.theme_files import load_themes
from mlxchat.tui.screens.samples import SamplesScreen
from mlxchat.tui.widgets.sample_card import SampleCard
from tests.person import WIDE, Person, chatting

SIZES = [(120, 40), (80, 24), (40, 15)]


@asynccontextmanager
async def sampling(line: str = "/samples 4", size: tuple[int, int] = WIDE) -> AsyncIterator[Person]:
    """After a turn, samples are asked for."""
    async with chatting(size) as person:
        person.session.set_parameter("seed", 21)
        await person.send("Hello")
        await person.hear("Hi there")
        await person.send(line)
        yield person


def samples_screen(person: Person) -> SamplesScreen:
    screen = person.app.screen
    assert isinstance(screen, SamplesScreen)
    return screen


async def follow(person: Person) -> str:
    """Let the screen of samples show what the engine told."""
    await person.look()
    samples_screen(person)._look()
    await person.pilot.pause()
    return person.screen


async def write(person: Person, *texts: str) -> str:
    person.engine.begin_samples()
    for number, text in enumerate(texts):
        person.engine.say_sample(number, text)
        person.engine.finish_sample(number)
    person.engine.finish_samples()
    return await follow(person)


async def shrunk(card: SampleCard, person: Person) -> None:
    """Wait until a card has its usual height again."""
    await person.until(lambda: card.size.height < 10)


def cards(person: Person) -> list[SampleCard]:
    return [c for c in samples_screen(person).query(SampleCard) if not c.has_class("-folded")]


@pytest.mark.parametrize("size", SIZES)
async def test_cards_stream_at_every_size(size):
    async with sampling(size=size) as person:
        assert "reading the prompt" in await follow(person)
        person.engine.begin_samples("One after the other: no batches.")
        person.engine.say_sample(0, "A first text")
        screen = await follow(person)
        assert "A first text" in screen
        assert "being written" in screen
        assert "0 of 4 are over, 3 tokens" in screen
        person.engine.say_sample(1, "A second text")
        person.engine.finish_sample(0)
        screen = await follow(person)
        assert "seed 21 · 3 tok · ended by itself" in screen or size[0] == 40
        assert "1 of 4 are over" in screen
        columns = {card.region.x for card in cards(person)}
        assert len(columns) == {120: 3, 80: 2, 40: 1}[size[0]]
        assert all(cell_len(line) <= size[0] for line in person.lines)


async def test_cards_grow_with_what_is_written():
    async with sampling() as person:
        person.engine.begin_samples()
        for number in range(4):
            person.engine.say_sample(number, "One.")
        await follow(person)
        card = person.app.screen.query(SampleCard).first()
        assert card.size.height == 1
        person.engine.say_sample(0, " Two and three." * 8)
        assert "…" not in await follow(person)
        assert card.size.height > 2
        person.engine.say_sample(0, " Two and three." * 90)
        await follow(person)
        assert card.size.height == 7


async def test_repeated_ones_are_folded_and_summed_up():
    async with sampling() as person:
        screen = await write(person, "Yes", "No", "Yes", "Yes")
        assert [card._fold.title for card in cards(person)] == ["1 = 3 = 4", "2"]
        assert "1 = 3 = 4" in screen
        assert "3 × · seed 21" in screen
        assert "4 samples · 2 different · 4 ended by themselves · 1 token" in screen


async def test_enter_opens_a_card_as_a_version():
    async with sampling() as person:
        await write(person, "Yes", "No", "Maybe", "Never")
        await person.press("right", "right")
        assert person.app.focused is cards(person)[2]
        screen = await person.press("enter")
        assert person.app.screen is person.chat
        assert "Maybe" in screen
        assert "‹2/2›" in screen
        assert person.session.reply.text == "Maybe"
        assert person.session.reply.seed == 23
        await person.send("And?")
        assert [m.content for m in person.requests[-1].messages] == ["Hello", "Maybe", "And?"]


async def test_a_card_can_be_opened_while_others_are_written():
    async with sampling() as person:
        person.engine.begin_samples()
        person.engine.say_sample(0, "Yes")
        await follow(person)
        await person.press("enter")
        assert "still being written" in person.notes[-1]
        person.engine.finish_sample(0)
        await follow(person)
        await person.press("enter")
        assert person.app.screen is person.chat
        assert person.engine.calls[-1][0] != "sample"
        assert ("cancel", None) in person.engine.calls
        assert person.session.reply.text == "Yes"


async def test_the_mouse_goes_to_a_card_and_opens_it():
    async with sampling() as person:
        await write(person, "Yes", "No", "Maybe", "Never")
        await person.click("Never")
        assert person.app.focused is cards(person)[3]
        await person.click("Never")
        assert person.session.reply.text == "Never"
        assert person.app.screen is person.chat


async def test_escape_stops_and_then_closes():
    async with sampling() as person:
        person.engine.begin_samples()
        person.engine.say_sample(0, "Yes and")
        await follow(person)
        await person.press("escape")
        assert person.engine.calls[-1] == ("cancel", None)
        assert isinstance(person.app.screen, SamplesScreen)
        for number in range(4):
            person.engine.finish_sample(number, "cancelled")
        person.engine.finish_samples()
        assert "4 stopped" in await follow(person)
        await person.press("escape")
        assert person.app.screen is person.chat
        assert not person.session.busy
        assert person.session.reply.text == "Hi there"


async def test_alone_it_shows_those_written_last():
    async with sampling() as person:
        await write(person, "Yes", "No", "Maybe", "Never")
        await person.press("escape")
        await person.send("/samples")
        assert "Maybe" in person.screen
        assert len(person.engine.called("sample")) == 1
        await person.press("enter")
        await person.send("/samples")
        assert "Never" in person.screen
        await person.press("escape")
        await person.send("And?")
        await person.hear("Well")
        await person.send("/samples")
        assert len(person.engine.called("sample")[-1].draws) == 10


async def test_arrows_walk_the_grid_and_space_shows_a_whole_text():
    async with sampling() as person:
        long = " ".join(f"word{number}" for number in range(100))
        await write(person, long, "No", "Maybe", "Never")
        assert "word99" not in person.screen
        await person.press("space")
        assert "word99" in person.screen
        await person.press("pagedown")
        await person.press("space")
        await shrunk(cards(person)[0], person)
        assert "word99" not in person.screen
        for key, place in (("right", 1), ("down", 3), ("up", 0), ("end", 3), ("home", 0)):
            await person.press(key)
            assert person.app.focused is cards(person)[place], key


async def test_a_focus_on_a_repeated_one_goes_to_the_first():
    async with sampling() as person:
        person.engine.begin_samples()
        await follow(person)
        await person.press("end")
        await write(person, "Yes", "No", "Maybe", "Yes")
        assert person.app.focused is cards(person)[0]


async def test_a_sweep_names_the_settings():
    async with sampling("/samples 2 temp=0.2,1.4") as person:
        screen = await write(person, "Yes", "Yes", "No", "Never")
        assert [card._fold.title for card in cards(person)] == ["1 = 2", "1", "2"]
        assert "1 = 2 · temp 0.20" in screen
        assert "temp 1.40: 2 samples · all differ" in screen


async def test_a_failure_is_said():
    async with sampling() as person:
        person.engine.fail_samples("The samples broke off: no memory.")
        assert "The samples broke off: no memory." in await follow(person)
        await person.press("escape")
        assert person.app.screen is person.chat


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("/samples ten", "/samples takes a number"),
        ("/samples 3 4", "/samples takes a number"),
        ("/samples 0", "From 1 to"),
        ("/samples 3 tmep=1", "Did you mean temp?"),
        ("/samples 3 temp=1:0:1", "is no row of values"),
    ],
)
async def test_what_is_no_wish_is_said(line, says):
    async with sampling(line) as person:
        assert says in person.notes[-1]
        assert person.app.screen is person.chat


async def test_hostile_text_stays_text():
    async with sampling() as person:
        screen = await write(person, "\x1b[31m[b]red[/b]", "\x07", "[@click=x]y[/]", "x")
        assert "[b]red[/b]" in screen
        assert "[@click=x]y[/]" in screen
        assert "\x1b" not in screen


@pytest.mark.parametrize("theme", load_themes(Path("/nonexistent")).themes)
async def test_the_focus_shows_in_every_theme_without_colours(theme):
    async with sampling() as person:
        person.app.theme = theme
        await write(person, "Yes", "No", "Maybe", "Never")
        assert person.screen.count("╔") == 1
        before = person.screen.index("╔")
        await person.press("right")
        assert person.screen.count("╔") == 1
        assert person.screen.index("╔") > before


async def test_a_sweep_over_strengths_without_an_adapter_is_refused():
    async with sampling("/samples 4 adapter=0,1") as person:
        assert person.app.screen is person.chat
        assert "needs an adapter: put one on first" in person.notes[-1]
        assert person.engine.samples is None


async def test_a_sweep_over_adapters_that_are_known():
    async with chatting(WIDE) as person:
        person.session.adapters = {"old poet": "/runs/poet"}
        await person.send("Hello")
        await person.hear("Hi there")
        await person.send("/samples 1 adapter=pirat")
        assert "the names are base, old poet" in person.notes[-1]
        await person.send('/samples 1 "adapter=old poet@0.5,base"')
        screen = await write(person, "Oh rose", "Hello")
        assert "1 · adapter old poet@0.5" in screen
        assert "1 · adapter base" in screen
        await person.press("enter")
        assert person.session.reply.adapter == "/runs/poet"
