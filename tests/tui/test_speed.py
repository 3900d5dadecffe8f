"""Quantized caches and draft models in the app: the commands, the rows, what is told."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from mlxchat.engine.interface import ModelSpec
from mlxchat.settings.speed import SPEED, Speed
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.speed_fold import SpeedFold
from tests.person import Person, chatting


async def open_rows(person: Person) -> SpeedFold:
    fold = person.chat.query_one(SpeedFold)
    fold.fold_title.is_open = True
    await person.pilot.pause()
    await person.look()
    return fold


async def enter(person: Person, name: str, text: str) -> str:
    fold = await open_rows(person)
    control = fold.rows[name].control
    assert isinstance(control, Input)
    control.focus()
    control.value = text
    return await person.press("enter")


def summary(person: Person) -> str:
    return person.chat.query_one("#fold-speed", Fold).fold_title.summary


@pytest.mark.parametrize(
    ("line", "asked"),
    [
        ("/kv_bits 8", Speed(kv_bits=8)),
        ("/kv-bits 4", Speed(kv_bits=4)),
        ("/set kv_bits 4", Speed(kv_bits=4)),
        ("/draft_model org/small", Speed(draft_model="org/small")),
        ("/num_draft_tokens 5", Speed(num_draft_tokens=5)),
    ],
)
async def test_each_has_a_command(line, asked):
    async with chatting() as person:
        await person.send(line)
        assert person.engine.called("switch") == [asked]
        person.engine.switch_ends()
        await person.look()
        assert person.session.spec.speed == asked
        assert person.session.state == "ready"


async def test_a_command_alone_tells_what_is_set():
    async with chatting() as person:
        await person.send("/kv_bits")
        assert person.notes[-1] == "kv_bits off"
        await person.send("/kv_bits 8")
        assert person.notes[-1].startswith("kv_bits 8 (from token 5000 on")
        await person.send("/num_draft_tokens")
        assert person.notes[-1] == "num_draft_tokens 3 (no effect without a draft model)"
        await person.send("/kv_bits 7")
        assert person.notes[-1] == "kv_bits needs off, 2, 3, 4, 5, 6 or 8, not “7”."


async def test_a_row_switches_it_on_and_off():
    async with chatting() as person:
        await enter(person, "kv_bits", "8")
        assert person.engine.called("switch") == [Speed(kv_bits=8)]
        person.engine.switch_ends()
        assert "! from token 5000 on" in await person.look()
        assert summary(person) == "kv_bits 8*"
        await enter(person, "kv_bits", "")
        person.engine.switch_ends()
        await person.look()
        assert person.engine.called("switch")[-1] == Speed()
        assert summary(person) == ""


async def test_what_the_model_cannot_do_is_said_and_the_row_goes_back():
    async with chatting() as person:
        await enter(person, "draft_model", "org/small")
        assert "switching" in person.lines[0]
        person.engine.switch_fails("scripted cannot take back tokens.")
        screen = await person.look()
        assert "scripted cannot take back tokens." in screen
        assert "switching" not in screen
        fold = person.chat.query_one(SpeedFold)
        assert fold.rows["draft_model"].value is None
        assert not person.chat.query_one(SpeedFold).rows["draft_model"].control.value


async def test_a_bad_value_has_its_sentence_under_the_row():
    async with chatting() as person:
        assert "kv_bits needs off, 2, 3" in await enter(person, "kv_bits", "7")
        assert person.engine.called("switch") == []


async def test_while_a_reply_is_written_it_waits_for_its_end():
    async with chatting() as person:
        await person.send("Hello")
        person.engine.begin()
        person.engine.say("Hi")
        await person.look()
        await person.send("/kv_bits 8")
        assert person.engine.called("switch") == []
        person.engine.finish()
        await person.look()
        assert person.engine.called("switch") == [Speed(kv_bits=8)]


async def test_a_model_that_was_loaded_with_it_shows_it():
    async with chatting() as person:
        person.chat._load(ModelSpec("scripted", kv_bits=4))
        person.engine.load_ends()
        await person.look()
        assert summary(person) == "kv_bits 4*"


async def test_the_help_tells_of_all():
    async with chatting(size=(120, 200)) as person:
        screen = await person.press("f1")
        assert all(f"/{name}" in screen for name in SPEED)


async def test_the_footer_tells_what_was_drafted():
    async with chatting() as person:
        await person.send("Hello")
        await person.hear("One two three")
        await person.send("/draft_model org/small")
        person.engine.switch_ends()
        await person.look()
        await person.send("/retry")
        screen = await person.hear("One two three")
        assert "1.0× the 2.0 tok/s without" in screen
        assert "0 of 3 drafted" in screen
