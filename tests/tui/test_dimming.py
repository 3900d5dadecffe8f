"""Messages that are out of the model's sight: shown so, without colour too, and no others."""

from __future__ import annotations

import pytest

from tests.person import Person, chatting

DIMMED = "┊ "


async def answered(person: Person, question: str, answer: str, left_out: int = 0) -> str:
    await person.send(question)
    person.engine.begin(left_out=left_out)
    person.engine.say(answer)
    person.engine.finish()
    return await person.look()


async def windowed(person: Person) -> str:
    """Three turns, the last of which was answered without the first one; the screen."""
    await answered(person, "First question", "First answer")
    await answered(person, "Second question", "Second answer")
    return await answered(person, "Third question", "Third answer", left_out=2)


def dimmed(person: Person) -> list[str]:
    return [entry.text for entry in person.transcript.entries if entry.dimmed]


async def test_what_fell_out_is_dimmed_while_the_prompt_is_read():
    async with chatting() as person:
        await answered(person, "First question", "First answer")
        assert dimmed(person) == []
        await person.send("Second question")
        person.engine.exceed(left_out=2)
        await person.look()
        screen = await person.press("enter")
        assert DIMMED not in screen
        person.engine.begin(left_out=2)
        screen = await person.look()
        assert dimmed(person) == ["First question", "First answer"]
        assert f"{DIMMED}First answer" in screen
        assert f"{DIMMED}Second question" not in screen
        person.engine.finish()
        await person.look()
        assert dimmed(person) == ["First question", "First answer"]


async def test_it_comes_back_with_room_for_it():
    async with chatting() as person:
        await windowed(person)
        await person.send("Fourth question")
        person.engine.begin()
        await person.look()
        person.engine.say("Fourth")
        screen = await person.look()  # as soon as the reply has a token, not at its end
        assert dimmed(person) == []
        assert DIMMED not in screen


async def test_each_path_has_its_own():
    async with chatting() as person:
        await windowed(person)
        await person.press("ctrl+r")
        await person.hear("Other answer")
        assert dimmed(person) == []
        person.transcript.focus()
        await person.press("left")
        assert dimmed(person) == ["First question", "First answer"]
        await person.press("right")
        assert dimmed(person) == []
        await person.press("ctrl+z")
        assert dimmed(person) == ["First question", "First answer"]
        await person.press("shift+up", "d")
        assert dimmed(person) == []


async def test_another_conversation_begins_with_none():
    async with chatting() as person:
        await windowed(person)
        assert dimmed(person)
        await person.press("ctrl+l")
        await answered(person, "First question", "First answer")
        assert dimmed(person) == []


async def test_tokens_that_come_cost_nothing(monkeypatch):
    async with chatting() as person:
        await windowed(person)
        times = []
        dim = person.transcript.dim
        monkeypatch.setattr(person.transcript, "dim", lambda nodes: (times.append(1), dim(nodes)))
        await person.send("Go on")
        person.engine.begin(left_out=4)
        for _ in range(30):
            person.engine.say("word")
            await person.look()
        person.engine.finish()
        await person.look()
        assert len(times) < 8


@pytest.mark.parametrize("theme", ["graphite", "paper", "ink"])
@pytest.mark.parametrize("plain", [False, True])
async def test_it_is_seen_in_every_theme_and_without_colours(theme, plain, monkeypatch):
    if plain:
        monkeypatch.setenv("NO_COLOR", "1")
    async with chatting() as person:
        person.app.theme = theme
        screen = await windowed(person)
        assert f"{DIMMED}First question" in screen
        styles = {
            segment.text: segment.style
            for strip in person.app.screen._compositor.render_strips()
            for segment in strip
            if segment.text.strip() in ("First answer", "Third answer")
        }
        first, third = (styles[key] for key in sorted(styles))
        assert first.italic
        assert not third.italic
        assert plain or first.color != third.color


async def test_the_selected_token_is_still_seen():
    async with chatting() as person:
        await windowed(person)
        await person.send("/tokens always")
        row = next(y for y, line in enumerate(person.lines) if f"{DIMMED}First answer" in line)
        await person.pilot.click(offset=(person.lines[row].index("First"), row))
        await person.look()
        reply, place = person.transcript.walked
        assert (reply.text, place) == ("First answer", 0)
        cursor = person.transcript._painter.style("token.cursor").bgcolor
        strip = person.app.screen._compositor.render_strips()[row]
        assert any(s.text == "First" and s.style.bgcolor == cursor for s in strip if s.style)
