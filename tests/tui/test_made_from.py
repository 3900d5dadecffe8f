"""A fused model in the app: it says what it was made from, and Ctrl+B puts that beside."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import OptionList

from mlxchat.engine.interface import MadeFrom
from tests.person import chatting
from tests.scripted import INFO
from tests.tui.lanes_person import panes
from tests.tui.test_lanes import wait_for_picker

BASE = MadeFrom("someone/Base", quantization="4 bits in groups of 64")


async def test_it_is_told_and_its_key_opens_the_base():
    async with chatting((80, 24), made_from=BASE) as person:  # the panel is out of the way
        told = " ".join(person.screen.split())
        assert "README.md says that this was made from someone/Base" in told
        assert "this not at all, that to 4 bits in groups of 64" in told
        await person.press("ctrl+b")
        _, spec = person.engine.called("load_beside")[-1]
        assert spec.model == "someone/Base"
        person.engine.beside_ends(replace(INFO, name="Base", quantization=BASE.quantization))
        await person.look()
        assert len(panes(person)) == 2
        assert "quantized differently (scripted not at all, Base to 4 bits" in person.notes[-1]


async def test_what_is_not_here_is_a_choice():
    absent = replace(BASE, here=False)
    async with chatting(made_from=absent) as person:
        await person.press("ctrl+b")
        picker = await wait_for_picker(person)
        options = picker.query_one(OptionList)
        assert "someone/Base, which this was made from (a download)" in str(
            options.options[0].prompt
        )
        assert person.engine.called("load_beside") == []
        await person.press("enter")
        _, spec = person.engine.called("load_beside")[-1]
        assert spec.model == "someone/Base"


async def test_nothing_is_said_where_nothing_is_known():
    async with chatting() as person:
        assert "made from" not in person.screen
