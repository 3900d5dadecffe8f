"""What the panel and the clipboard have of the lane that gestures are meant for."""

from __future__ import annotations

from textual.events import Key

from mlxchat.engine.adapter_folder import AdapterInfo
from mlxchat.engine.interface import AdapterLoaded, Inspected
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from tests.tui.lanes_person import ADAPTER, answered, comparing, transcript
from tests.tui.test_next_token import PARIS


async def test_the_slider_moves_the_strength_of_a_lane_that_has_its_own():
    async with comparing(lane="pirate@0.5") as person:
        person.engine.tell(AdapterLoaded(AdapterInfo(ADAPTER)))
        await person.look()
        panel = person.chat.query_one(SamplerPanel)
        assert panel.settings.adapter_strength == 1.0
        await person.press("f6")
        assert panel.settings.adapter_strength == 0.5
        await person.send("/adapter_strength 0.25")
        assert [lane.settings.adapter_strength for lane in person.session.lanes] == [1.0, 0.25]
        assert "▸ pirate ×0.25" in person.screen
        await person.press("f6")
        await person.send("/adapter_strength 0.75")
        assert [lane.settings.adapter_strength for lane in person.session.lanes] == [0.75, 0.25]


async def test_a_lane_without_an_adapter_has_no_strength():
    async with comparing() as person:
        await person.press("f6")
        assert not person.chat.query_one(SamplerPanel).adapted
        await person.send("/adapter_strength 0.5")
        assert "no effect without an adapter" in person.notes[-1]
        await person.press("f6")
        assert person.chat.query_one(SamplerPanel).adapted


async def test_the_next_token_is_that_of_the_lane():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        assert person.engine.called("inspect")[-1].adapter == ADAPTER
        await person.press("f6")
        asked = person.engine.called("inspect")[-1]
        assert asked.adapter is None
        assert asked.reply_ids == tuple(person.session.lanes[1].reply.spoken_ids)
        person.engine.tell(Inspected(asked.request_id, PARIS))
        assert "NEXT TOKEN of base" in await person.look()


async def test_what_is_copied_is_the_lanes_own():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.send("/copy")
        assert person.app.clipboard == "arr"
        await person.press("f6")
        await person.send("/copy")
        assert person.app.clipboard == "hello"
        await person.send("/copy shell")
        assert ADAPTER not in person.app.clipboard
        await person.press("f6")
        await person.send("/copy shell")
        assert ADAPTER in person.app.clipboard


async def test_a_command_is_typed_while_a_message_is_picked():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        await person.press("shift+up")
        assert transcript(person, 0).picked is not None
        for key in ("slash", *"compare"):  # by a fast hand, all before the screen takes one in
            person.app.post_message(Key(key, "/" if key == "slash" else key))
        await person.pilot.pause()
        await person.look()
        assert person.chat.query_one(MessageEditor).text == "/compare"
        assert transcript(person, 0).picked is not None  # commands mean it


async def test_the_menu_of_a_message_offers_what_a_comparison_allows():
    async with comparing() as person:
        await answered(person, "Hi", "arr", "hello")
        screen = await person.press("shift+up", "enter")
        assert "Write it again" in screen
        assert "Delete it" not in screen
