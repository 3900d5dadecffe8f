"""Marks where settings changed while a reply was written."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.conversation.changes import TOGETHER, changes
from mlxchat.conversation.summary import active_settings
from mlxchat.conversation.token_list import TokenList
from mlxchat.engine.interface import TokenRecord
from mlxchat.settings.parameters import Settings
from tests.person import Person, chatting


def record(settings: Settings) -> TokenRecord:
    return TokenRecord(0, "x", -1.0, 0, (), settings, 1.0)


def test_changes_are_found_and_those_close_together_are_one():
    a, b, c = (Settings(temp=temp) for temp in (0.1, 0.5, 0.9))
    tokens = [record(s) for s in [a] * 5 + [b] * 3 + [c] * (TOGETHER + 2) + [a] * 4]
    found = changes(TokenList(tokens).runs)
    assert [(x.token, x.text) for x in found] == [
        (5, "temp 0.10→0.50→0.90 at tokens 6 to 9"),
        (22, "temp 0.90→0.10 from token 23"),
    ]
    assert changes(TokenList([record(a), record(replace(a))]).runs) == []


def test_values_on_the_way_are_told_and_a_value_that_came_back():
    a, b, c = (Settings(temp=temp) for temp in (0.1, 0.5, 0.9))
    there_and_back = [record(s) for s in [a] * 5 + [b] * 3 + [a] * 4]
    [change] = changes(TokenList(there_and_back).runs)
    assert change.text == "temp 0.10→0.50→0.10 at tokens 6 to 9"
    [change] = changes(TokenList([record(s) for s in (a, b, c)]).runs)
    assert change.text == "temp 0.10→0.50→0.90 at tokens 2 to 3"
    dragged = [record(Settings(temp=n / 10, top_k=n // 10)) for n in range(1, 13)]
    [change] = changes(TokenList(dragged).runs)
    assert change.text == (
        "temp 0.10→0.20→0.30→(6 more)→1.00→1.10→1.20 at tokens 2 to 12 · top_k off→1 from token 10"
    )


def test_each_parameter_is_told_where_it_changed_and_in_turn():
    a = Settings(temp=0.1, logit_bias=((7, 1.0),))
    b = replace(a, logit_bias=((7, 5.0),))
    c = replace(b, presence_penalty=0.5, top_k=7)
    [change] = changes(TokenList([record(s) for s in [a] * 3 + [b] * 4 + [c]]).runs)
    assert change.text == (
        "logit_bias 7 +1→7 +5 from token 4 · top_k off→7 · presence_penalty off→0.50 from token 8"
    )


async def test_a_change_that_was_taken_back_is_told():
    async with chatting() as person:
        await person.send("Go")
        person.engine.begin()
        for temp in ("0.70", "0.90", "0.70"):
            person.chat.run_command("temp", temp)
            person.engine.say("one two three")
            await person.look()
        person.engine.finish()
        screen = await person.look()
        assert "temp 0.70→0.90→0.70" in screen
        person.transcript.focus()
        await person.press("enter")
        assert any("temp 0.70→0.90→0.70 at tokens 4 to 7" in line for line in person.lines)


def test_the_footer_names_all_settings_with_an_effect():
    chosen = Settings(
        temp=1.0, min_p=0.1, min_tokens_to_keep=3, xtc_probability=0.5, xtc_threshold=0.2,
        repetition_penalty=1.2, repetition_context_size=64, presence_context_size=99,
    )  # fmt: skip
    told = active_settings(chosen)
    assert told["xtc_threshold"] == "xtc_threshold 0.20"
    assert told["min_tokens_to_keep"] == "min_tokens_to_keep 3"
    assert told["repetition_context_size"] == "repetition_context_size 64"
    assert "presence_context_size" not in told
    assert "xtc_threshold" not in active_settings(Settings(temp=1.0, xtc_probability=0.5))


async def written(person: Person) -> None:
    await person.send("Go")
    person.engine.begin()
    person.engine.say("one two\nthree\n\n" + "word " * 60 + "before")
    await person.look()
    person.chat.run_command("temp", "1.3")
    person.engine.say("\n\nAfter it")
    person.engine.finish()
    await person.look()


async def test_the_mark_stands_where_it_changed_and_tells():
    async with chatting() as person:
        await written(person)
        marked = [line for line in person.lines if "± " in line]
        assert len(marked) == 1
        assert "After it" in marked[0]
        assert "temp 0.70→1.30" in person.screen
        person.transcript.focus()
        screen = await person.press("enter")
        told = next(line for line in person.lines if "from token" in line)
        assert "temp 0.70→1.30 from token 63" in told
        row = person.lines.index(told)
        assert "After it" in person.lines[row - 1]
        assert "▾ " in person.lines[row - 1]
        screen = await person.press("enter")
        assert "from token" not in screen


async def test_by_mouse_and_in_the_token_view():
    async with chatting() as person:
        await written(person)
        row = next(y for y, line in enumerate(person.lines) if "± " in line)
        await person.pilot.click(offset=(person.lines[row].index("±"), row))
        assert "from token 63" in await person.look()
        await person.press("ctrl+t")
        assert "from token 63" in await person.look()
        row = next(y for y, line in enumerate(person.lines) if "from token" in line)
        await person.pilot.click(offset=(10, row))
        screen = await person.look()
        assert "from token" not in screen
        assert "± " in screen


async def test_a_narrow_screen_keeps_it_at_its_place():
    async with chatting() as person:
        await written(person)
        for width in (40, 80, 61):
            await person.resize(width, 40)
            person.transcript.action_scroll_home()
            await person.look()
            [marked] = [line for line in person.lines if "± " in line]
            assert "After it" in marked


async def test_what_is_told_keeps_up():
    async with chatting() as person:
        await person.send("Go")
        person.engine.begin()
        person.engine.say("one two three")
        await person.look()
        person.chat.run_command("temp", "0.9")
        person.engine.say("four")
        await person.look()
        person.transcript.focus()
        assert "temp 0.70→0.90 from token 4" in await person.press("enter")
        person.chat.run_command("temp", "1.3")
        person.engine.say("five")
        assert "temp 0.70→0.90→1.30 at tokens 4 to 5" in await person.look()
