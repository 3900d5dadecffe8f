"""Adapters in the app: the command, the choice, the strength under the person's hands."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from mlxchat.engine.interface import ModelSpec
from mlxchat.files.recent import recent_adapters, remember_adapter
from mlxchat.tui.screens.adapter_picker import AdapterPicker
from mlxchat.tui.transcript.fold import Fold
from mlxchat.tui.widgets.sampler_panel import SamplerPanel
from mlxchat.tui.widgets.slider import Slider
from tests.models import write_json
from tests.person import Person, chatting

CONFIG = {
    "fine_tune_type": "lora",
    "num_layers": 8,
    "lora_parameters": {"rank": 8, "scale": 20.0, "dropout": 0.0},
    "iters": 300,
    "data": "data/pirate",
}
CHECKPOINTS = ("0000100_adapters.safetensors", "0000200_adapters.safetensors")


def adapter_folder(folder: Path, *checkpoints: str) -> Path:
    folder.mkdir(parents=True)
    write_json(folder / "adapter_config.json", CONFIG)
    for name in (*checkpoints, "adapters.safetensors"):
        (folder / name).touch()
    return folder


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, and adapters beside it."""
    adapter_folder(tmp_path / "runs" / "pirate", *CHECKPOINTS)
    adapter_folder(tmp_path / "runs" / "poet")
    (tmp_path / "runs" / "model").mkdir()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return tmp_path / "runs"


async def open_picker(person: Person) -> AdapterPicker:
    await person.send("/adapter")
    await person.until(lambda: isinstance(person.app.screen, AdapterPicker))
    await person.pilot.pause()
    assert isinstance(person.app.screen, AdapterPicker)
    return person.app.screen


async def put_on(person: Person, what: str, *notes: str) -> str:
    await person.send(f"/adapter {what}")
    person.engine.adapter_ends(*notes)
    return await person.look()


def strength(person: Person) -> Slider:
    control = person.chat.query_one(SamplerPanel).rows["adapter_strength"].control
    assert isinstance(control, Slider)
    return control


async def test_the_command_puts_it_on_and_takes_it_off(runs):
    async with chatting() as person:
        await person.send(f"/adapter {runs / 'pirate'}")
        assert "reading the adapter" in person.lines[0]
        assert person.engine.called("load_adapter") == [str(runs / "pirate")]
        person.engine.adapter_ends("Adapter pirate: It changes nothing.")
        await person.look()
        assert "adapter pirate ×1.00" in person.lines[0]
        assert "It changes nothing." in person.screen
        await person.send("hi")
        assert person.requests[-1].adapter == str(runs / "pirate")
        screen = await person.hear("arr")
        assert "adapter pirate ×1.00" in screen.split("arr")[1]
        await person.send("/adapter off")
        assert "goes on without an adapter" in person.notes[-1]
        assert "adapter" not in person.lines[0]
        await person.send("hi")
        assert person.requests[-1].adapter is None


async def test_one_that_cannot_be_used_is_told_and_the_one_before_stays(runs):
    async with chatting() as person:
        await put_on(person, str(runs / "pirate"))
        await person.send("/adapter /no/such")
        person.engine.adapter_fails("There is no adapter at /no/such: check the folder's name.")
        screen = await person.look()
        assert "There is no adapter at /no/such" in screen
        assert "adapter pirate ×1.00" in person.lines[0]


async def test_by_the_name_that_the_person_gave_it(runs):
    async with chatting() as person:
        person.session.adapters = {"bard": str(runs / "poet")}
        await put_on(person, "bard")
        assert "adapter bard ×1.00" in person.lines[0]
        await open_picker(person)
        assert "● bard" in person.screen


async def test_not_while_a_reply_is_written(runs):
    async with chatting() as person:
        await person.send("hi")
        await person.send(f"/adapter {runs / 'poet'}")
        assert "still being written" in person.notes[-1]
        assert person.engine.called("load_adapter") == []


async def test_next_and_previous_walk_a_run(runs):
    async with chatting() as person:
        await put_on(person, str(runs / "pirate"))
        await put_on(person, "previous")
        assert "adapter pirate at 200 ×1.00" in person.lines[0]
        await put_on(person, "previous")
        assert "adapter pirate at 100 ×1.00" in person.lines[0]
        await person.send("/adapter previous")
        assert "is the first of 3 checkpoints" in person.notes[-1]
        await put_on(person, "next")
        assert "adapter pirate at 200 ×1.00" in person.lines[0]


class TestPicker:
    async def test_lists_what_lies_beside_the_model(self, runs):
        async with chatting(path=runs / "model") as person:
            await open_picker(person)
            assert "off · the model alone" in person.screen
            assert "pirate ‹final, 3/3›" in person.screen
            assert "poet" in person.screen
            facts = "LoRA · rank 8 · 8 layers · scale 20 · 300 iterations · data/pirate"
            assert person.screen.count(facts) == 2

    async def test_a_checkpoint_is_chosen_by_the_arrow_keys(self, runs):
        async with chatting(path=runs / "model") as person:
            await open_picker(person)
            await person.pilot.press("left", "left", "left")
            await person.pilot.pause()
            assert "pirate ‹at 100, 1/3›" in person.screen
            await person.pilot.press("right", "enter")
            await person.look()
            assert person.engine.called("load_adapter") == [
                str(runs / "pirate" / "0000200_adapters.safetensors")
            ]
            person.engine.adapter_ends()
            await person.look()
            await open_picker(person)
            assert "● pirate ‹at 200, 2/3›" in person.screen

    async def test_by_mouse(self, runs):
        async with chatting(path=runs / "model") as person:
            await open_picker(person)
            await person.click("poet")
            assert person.engine.called("load_adapter") == [str(runs / "poet")]

    async def test_off_is_a_choice(self, runs):
        async with chatting(path=runs / "model") as person:
            await put_on(person, str(runs / "poet"))
            picker = await open_picker(person)
            assert picker.query_one(OptionList).highlighted != 0
            await person.pilot.press("home", "enter")
            await person.look()
            assert person.session.adapter is None

    async def test_escape_changes_nothing(self, runs):
        async with chatting(path=runs / "model") as person:
            await open_picker(person)
            await person.pilot.press("escape")
            await person.look()
            assert person.engine.called("load_adapter") == []

    async def test_a_folder_is_typed(self, runs):
        async with chatting() as person:
            picker = await open_picker(person)
            picker.query_one(Input).focus()
            picker.query_one(Input).value = str(runs / "pirate")
            await person.pilot.press("enter")
            await person.look()
            assert person.engine.called("load_adapter") == [str(runs / "pirate")]

    async def test_what_was_used_last_is_found_from_anywhere_with_what_lies_beside_it(self, runs):
        remember_adapter(str(runs / "poet"))
        async with chatting() as person:
            await open_picker(person)
            assert person.screen.index("○ poet") < person.screen.index("○ pirate")

    async def test_what_is_put_on_is_remembered(self, runs):
        async with chatting() as person:
            await put_on(person, str(runs / "pirate"))
            await put_on(person, "previous")
        assert recent_adapters() == [
            str(runs / "pirate" / "0000200_adapters.safetensors"), str(runs / "pirate"),
        ]  # fmt: skip

    async def test_in_a_small_terminal(self, runs):
        async with chatting((40, 15), path=runs / "model") as person:
            await open_picker(person)
            assert "pirate" in person.screen
            assert all(len(line) <= 40 for line in person.lines)

    async def test_hostile_names_are_shown_as_characters(self, runs):
        adapter_folder(runs / "evil\x1b[31m")
        async with chatting(path=runs / "model") as person:
            await open_picker(person)
            assert "\x1b" not in person.screen


class TestStrength:
    async def test_it_is_dimmed_without_an_adapter_and_says_why(self, runs):
        async with chatting() as person:
            person.chat.query_one("#fold-adapter", Fold).fold_title.is_open = True
            await person.look()
            assert "no effect without an adapter" in (strength(person).idle_reason or "")
            await person.send("/adapter_strength 0.5")
            assert "no effect without an adapter" in person.notes[-1]
            await put_on(person, str(runs / "pirate"))
            assert strength(person).idle_reason is None
            await person.send("/adapter off")
            assert strength(person).idle_reason is not None

    async def test_it_is_in_sight_once_there_is_an_adapter(self, runs):
        async with chatting() as person:
            await put_on(person, str(runs / "pirate"))
            assert strength(person).is_on_screen

    async def test_it_is_moved_while_a_reply_is_written(self, runs):
        async with chatting() as person:
            await put_on(person, str(runs / "pirate"))
            await person.send("hi")
            person.engine.begin()
            person.engine.say("one two")
            await person.look()
            strength(person).focus()
            await person.press("shift+left", "shift+left")
            assert "adapter pirate ×0.80" in person.lines[0]
            assert person.engine.settings.adapter_strength == 0.8
            person.engine.say("three")
            person.engine.finish()
            screen = await person.look()
            assert "adapter pirate ×1.00→0.80" in screen

    async def test_by_command_and_back(self, runs):
        async with chatting() as person:
            await put_on(person, str(runs / "pirate"))
            await person.send("/adapter_strength off")
            assert "adapter pirate ×0.00" in person.lines[0]
            await person.send("/adapter_strength default")
            assert "adapter pirate ×1.00" in person.lines[0]
            await person.send("/adapter_strength 3")
            assert "must be from 0 to 2" in person.notes[-1]

    async def test_what_the_next_turn_costs_is_counted_anew(self, runs):
        async with chatting() as person:
            await put_on(person, str(runs / "pirate"))
            await person.send("hi")
            await person.hear("arr")
            before = len(person.engine.called("count"))
            strength(person).focus()
            await person.press("left")
            assert len(person.engine.called("count")) == before + 1


async def test_the_adapter_of_the_start_has_its_name():
    async with chatting() as person:
        person.engine.info = replace(person.engine.info, adapter="/runs/3/adapters")
        person.session.adapters = {"pirate": "/runs/3/adapters"}
        person.session.load(ModelSpec("scripted", "/runs/3/adapters", adapter_name="pirate"))
        person.engine.load_ends()
        await person.look()
        assert "adapter pirate ×1.00" in person.lines[0]
        assert strength(person).idle_reason is None
