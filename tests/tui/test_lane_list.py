"""The list of lanes that there could be, and what /compare completes."""

from __future__ import annotations

from dataclasses import replace

from mlxchat.files.recent import remember_adapter
from mlxchat.tui.widgets.completion_list import CompletionList
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.tui.lanes_person import answered, comparing, panes, texts
from tests.tui.test_adapters import CHECKPOINTS, adapter_folder
from tests.tui.test_lanes import wait_for_picker


async def test_the_list_while_comparing_adds_a_lane_and_closes_one(tmp_path):
    run = adapter_folder(tmp_path / "pirate", *CHECKPOINTS)
    async with comparing() as person:
        person.session.adapters["pirate"] = str(run)
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        assert "close base" not in person.screen  # it would close all
        place = next(n for n, c in enumerate(picker._choices) if c.name == "adapter pirate")
        await person.press(*["down"] * place, "left", "minus")
        assert "‹at 200, 2/3› ×0.50" in person.screen
        await person.press("enter")
        assert person.engine.called("load_adapter")[-1].endswith("0000200_adapters.safetensors")
        person.engine.adapter_ends()
        assert "pirate at 200 ×0.50" in await person.look()
        await person.press("ctrl+b")
        await wait_for_picker(person)
        await person.press("up", "up", "up", "enter")
        assert "base is closed" in person.notes[-1]
        assert [lane.number for lane in person.session.lanes] == [0, 2]


async def test_with_four_lanes_the_list_adds_none_and_hidden_it_closes_none_alone():
    async with comparing() as person:
        for _ in range(2):
            await person.send("/compare same")
            person.engine.adapter_ends()
            await person.look()
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        assert [choice.name for choice in picker._choices] == [
            "close base", "close pirate ×1.00 #2", "close pirate ×1.00 #3", "close all  (^B)",
        ]  # fmt: skip
        await person.press("escape")
        assert person.session.comparing
        await person.send("/blind")
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        assert [choice.name for choice in picker._choices] == ["close all  (^B)"]


async def test_compare_completes_adapters_and_what_is_found_of_their_runs(tmp_path):
    run = adapter_folder(tmp_path / "rum", CHECKPOINTS[0])
    remember_adapter(str(run))
    async with comparing() as person:
        await person.type("/compare ru")
        offered = person.chat.query_one(CompletionList)
        await person.until(lambda: "rum" in offered.render_line(0).text)
        offers = person.chat.completions("/compare ru")
        assert [whole for whole, _ in offers] == [
            f"/compare {run}", f"/compare {run}/0000100_adapters.safetensors",
        ]  # fmt: skip
        await person.press("tab")
        assert person.chat.query_one(MessageEditor).text == f"/compare {run} "
        at = [whole for whole, _ in person.chat.completions("/compare pirate@")]
        assert at == ["/compare pirate@0.5", "/compare pirate@1", "/compare pirate@2"]


async def test_a_comparison_that_was_left_is_taken_up_again():
    async with comparing() as person:
        person.session.spec = replace(person.session.spec, model="/models/scripted")
        await person.send("/compare off")
        await person.send("/compare base")
        await answered(person, "Hi", "arr", "hello")
        await answered(person, "And now?", "aye", "yes")
        await person.send("/compare off")
        assert len(panes(person)) == 1
        screen = await person.send("/compare again")
        assert "base" in person.lines[1]
        assert texts(person, 1) == ["Hi", "hello", "And now?", "yes"]
        assert "≠" in screen
        await person.send("/compare again")
        assert "Close the comparison first" in person.notes[-1]
