"""Comparing models in the app: lanes that open, answer and close, by keyboard and by mouse."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.widgets import Input, OptionList

from mlxchat.engine.interface import AdapterFailed, BesideFailed, LoadProgress
from mlxchat.tui.screens.compare_picker import ComparePicker
from mlxchat.tui.widgets.message_editor_area import EditorArea
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from tests.person import Person, chatting
from tests.tui.lanes_person import (
    ADAPTER,
    answered,
    begin,
    columns,
    comparing,
    finish,
    panes,
    say,
    texts,
    together,
    transcript,
)

SIZES = [(120, 40), (80, 24), (40, 15)]


async def wait_for_picker(person: Person) -> ComparePicker:
    await person.until(lambda: isinstance(person.app.screen, ComparePicker))
    await person.pilot.pause()
    assert isinstance(person.app.screen, ComparePicker)
    return person.app.screen


# Open and closed


async def close_all(person: Person, *keys: str) -> str:
    """By the key of the list of lanes, and one of these in it."""
    await person.press("ctrl+b")
    await wait_for_picker(person)
    return await person.press(*keys)


async def test_its_key_opens_the_base_beside_an_adapter_and_closes_it():
    async with comparing() as person:
        await close_all(person, "ctrl+b")
        assert not person.session.comparing
        assert len(panes(person)) == 1
        screen = await person.press("ctrl+b")
        assert "▸ pirate ×1.00" in screen
        assert "  base" in screen
        assert "In memory: one model" in person.notes[-1]
        await close_all(person, "ctrl+b")
        assert "closed" in person.notes[-1]
        assert "▸" not in person.lines[1]


async def test_keys_that_wait_for_a_reply_say_so():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.press("f3")
        assert "one model alone" in person.notes[-1]
        await person.send("More")
        for key in ("ctrl+b", "f7", "f9", "f4", "ctrl+r"):
            person.app.clear_notifications()
            await person.press(key)
            assert person.notes == ["A reply is being written: wait for it, or stop it (Esc)."]
        await person.press("escape")
        assert person.engine.called("cancel")


async def test_a_new_conversation_keeps_the_lanes():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        before = person.session.conversation
        await person.press("ctrl+l")
        assert person.session.conversation is not before
        assert len(panes(person)) == 2
        assert texts(person, 0) == texts(person, 1) == []
        assert "≠" not in person.screen
        await answered(person, "And now?", "aye", "yes")
        assert texts(person, 1) == ["And now?", "yes"]


async def test_a_fork_ends_it_with_a_word():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("/fork")
        screen = await person.look()
        assert "so the comparison is closed" in " ".join(screen.split())
        assert len(panes(person)) == 1


async def test_replies_are_headed_by_the_name_of_their_lane():
    async with comparing() as person:
        screen = await answered(person, "Hi", "arr", "hello")
        assert "pirate ×1.00  ‹1/2›" in screen
        assert "base  ‹2/2›" in screen
        screen = await close_all(person, "ctrl+b")
        assert "scripted  ‹1/2›" in screen


async def test_seeds_of_their_own_are_to_be_seen():
    async with comparing() as person:
        await person.send("/compare seeds free")
        assert "pirate ×1.00 · own seed" in person.lines[1]
        assert "base · own seed" in person.lines[1]


async def test_without_an_adapter_the_key_lets_the_person_choose():
    async with chatting() as person:
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        assert "base" not in person.screen.split("Compare with")[1]
        assert isinstance(picker.focused, OptionList)
        await person.press("enter")
        assert [lane.model.name for lane in person.session.lanes] == ["scripted", "scripted"]
        assert "scripted #2" in await person.look()


async def test_another_model_is_typed_and_cannot_be_loaded():
    async with chatting() as person:
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        picker.query_one(Input).value = "demo"
        picker.query_one(Input).focus()
        screen = await person.press("enter")
        assert "loading" in screen
        [(key, _)] = person.engine.called("load_beside")
        person.engine.tell(BesideFailed(key, "It does not fit into memory: take a smaller one."))
        screen = await person.look()
        assert "It does not fit into memory" in screen
        assert not person.session.comparing
        assert len(panes(person)) == 1


async def test_the_title_tells_of_no_load_once_a_lane_has_ended_its_own():
    async with chatting() as person:
        await person.send("/compare demo")
        [(key, _)] = person.engine.called("load_beside")
        person.engine.tell(LoadProgress("loading the tokenizer", 0, 0))
        assert "loading the tokenizer" in (await person.look()).split("\n")[0]
        person.engine.tell(BesideFailed(key, "It does not fit into memory: take a smaller one."))
        assert "loading" not in (await person.look()).split("\n")[0]


async def test_an_adapter_that_cannot_be_used_leaves_no_lane():
    async with comparing(lane="pirate@0.5") as person:
        assert len(panes(person)) == 2
        person.engine.tell(AdapterFailed(ADAPTER, "There is no adapter there: look."))
        screen = await person.look()
        assert "There is no adapter there" in screen
        assert len(panes(person)) == 1


async def test_a_lane_of_its_own_is_closed_and_its_number_used_again():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.press("f6")
        await person.send("/lane close")
        assert len(panes(person)) == 1
        await person.send("/compare base")
        assert len(panes(person)) == 2
        assert texts(person, 1) == ["Hi", "arr"]  # it begins where the conversation is


async def test_another_model_ends_it_with_a_word():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        person.session.load(person.session.spec)
        person.engine.load_ends()
        screen = await person.look()
        assert "so the comparison is closed" in screen
        assert len(panes(person)) == 1


async def test_what_is_no_gesture_of_a_comparison_is_not_offered():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        keys = person.lines[-1]
        assert "map" not in keys
        assert "vote" in keys
        await person.send("/edit something else")
        assert "Close the comparison first" in person.notes[-1]
        await close_all(person, "ctrl+b")
        keys = person.lines[-1]
        assert "map" in keys
        assert "vote" not in keys


# Replies


@pytest.mark.parametrize("size", SIZES)
async def test_each_lane_answers_in_its_column(size):
    async with comparing(size) as person:
        await person.send("Who are you?")
        begin(person)
        await person.look()
        say(person, 0, "arr matey")
        say(person, 1, "a model")
        await person.look()
        say(person, 1, "of language")
        await person.look()
        assert texts(person, 0) == ["Who are you?", "arr matey"]
        assert texts(person, 1) == ["Who are you?", "a model of language"]
        finish(person)
        screen = await person.look()
        assert "arr matey" in screen
        assert all(cell_len(line) <= size[0] for line in person.lines)
        assert (" of language" in " ".join(screen.split())) == (size[0] >= 80)
        assert [request.model for request in together(person)] == [0, 0]


async def test_undo_takes_the_turn_back_in_all_lanes_and_escape_stops_all():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("Go on")
        begin(person)
        say(person, 1, "well")
        await person.look()
        await person.press("escape")
        assert person.engine.called("cancel")
        finish(person)
        await person.look()
        await person.send("/undo")
        assert texts(person, 0) == ["Hi", "arr"]
        assert texts(person, 1) == ["Hi", "hello"]


async def test_retry_writes_both_again():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.press("ctrl+r")
        begin(person)
        say(person, 0, "ahoy")
        say(person, 1, "good day")
        finish(person)
        await person.look()
        assert texts(person, 0) == ["Hi", "ahoy"]
        assert texts(person, 1) == ["Hi", "good day"]


async def test_a_lane_that_fails_leaves_the_other():
    async with comparing() as person:
        await person.send("Hi")
        begin(person)
        person.engine.turn_to(1)
        person.engine.fail("The base ran out of memory: close something.")
        await person.look()
        say(person, 0, "arr")
        person.engine.turn_to(0)
        person.engine.finish()
        screen = await person.look()
        assert "The base ran out" in screen
        assert texts(person, 0) == ["Hi", "arr"]


async def test_the_shown_path_is_that_of_the_chat_when_it_is_closed():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        screen = await close_all(person, "ctrl+b")
        assert "arr" in screen
        assert "‹1/2›" in screen
        assert "≠" not in screen


# From lane to lane


async def test_tabs_where_there_is_no_room_for_columns():
    async with comparing((40, 15)) as person:
        await answered(person, "Hi", "arr matey", "hello there")
        assert "[pirate ×1.00] base" in person.lines[1]
        assert "arr matey" in person.screen
        screen = await person.press("f6")
        assert "[base]" in screen
        assert "hello there" in screen
        assert isinstance(person.app.focused, EditorArea)  # one types on
        screen = await person.click("pirate ×1.00 ")
        assert "[pirate ×1.00]" in screen
        assert "arr matey" in screen
        assert "hello there" in await person.resize(120, 40)


async def test_three_lanes_need_more_room():
    async with comparing((120, 40)) as person:
        await person.send("/compare same")
        await person.press("ctrl+s", "ctrl+s")  # hides the panel
        assert not columns(person).has_class("-tabbed")
        await person.resize(100, 30)
        assert columns(person).has_class("-tabbed")


async def test_a_click_on_a_lane_is_a_way_to_it():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.click("  base")
        assert columns(person).active == 1
        assert person.app.focused is transcript(person, 1)
        assert "▸ base" in person.screen
        await person.press("f6")
        assert person.app.focused is transcript(person, 0)


async def test_a_focus_in_a_lane_that_is_put_away_goes_along():
    async with comparing((40, 15)) as person:
        await answered(person, "Hi", "arr", "hello")
        transcript(person, 0).focus()
        await person.press("f6")
        await person.pilot.pause()
        assert person.app.focused is transcript(person, 1)


# Settings


async def test_a_lane_with_settings_of_its_own():
    async with comparing() as person:
        await person.send("/compare seeds free")
        await person.press("f6")
        await person.send("/lane own")
        screen = await person.look()
        assert "SAMPLER of base" in screen
        assert "own settings" in screen
        await person.send("/temp 1.3")
        lane = person.session.lanes[1]
        assert lane.settings.temp == 1.3
        assert person.session.settings.temp == 0.7
        assert person.chat.query_one(SamplerPanel).settings.temp == 1.3
        screen = await person.press("f6")
        assert "SAMPLER of" not in await person.look()
        assert person.chat.query_one(SamplerPanel).settings.temp == 0.7
        await person.press("f6")
        await person.send("/lane shared")
        assert lane.settings.temp == 0.7
        assert "SAMPLER of" not in person.screen


async def test_the_panel_of_an_own_lane_moves_that_lane():
    async with comparing() as person:
        await person.press("f6")
        await person.send("/lane own")
        await person.press("ctrl+s", "right")
        assert person.session.lanes[1].settings.temp > 0.7
        assert person.session.settings.temp == 0.7
        assert person.session.lanes[0].settings.temp == 0.7


async def test_presets_and_undo_leave_the_shared_settings_alone_meanwhile():
    async with comparing() as person:
        await person.send("/temp 0.9")
        await person.press("f6")
        await person.send("/lane own")
        await person.send("/preset reproducible (greedy)")
        assert "all lanes share" in person.notes[-1]
        person.app.clear_notifications()
        await person.press("ctrl+s", "ctrl+z")
        assert "all lanes share" in person.notes[-1]
        assert person.session.settings.temp == 0.9


async def test_seeds_are_shared_or_free():
    async with comparing() as person:
        await person.send("/compare seeds free")
        assert person.session.seeds_free
        assert "seed of its own" in person.notes[-1]
        await person.send("/compare seeds twice")
        assert "free or shared" in person.notes[-1]
