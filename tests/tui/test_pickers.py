"""Lists with a field above them: what is typed goes to the field, wherever the focus is."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Input

from mlxchat.engine.catalog import CatalogEntry
from mlxchat.tui.screens import model_picker
from mlxchat.tui.screens.model_picker import ModelPicker
from mlxchat.tui.screens.picker import Choices, Picker, legend
from tests.person import Person, chatting, starting

LONG_NAME = "mlx-community/Llama-3.2-3B-Instruct-4bit"
PROBLEM = (
    "The adapter /home/somebody/runs/pirate does not fit this model: it has no "
    "model.layers.0.self_attn.q_proj.lora_b; use it with the model it was trained on."
)


async def open_picker(person: Person, command: str) -> Picker:
    await person.send(f"/{command}")
    await person.until(lambda: isinstance(person.app.screen, Picker))
    await person.pilot.pause()
    assert isinstance(person.app.screen, Picker)
    assert isinstance(person.app.screen.focused, Choices)
    return person.app.screen


def keys(text: str) -> list[events.Key]:
    return [events.Key("enter" if char == "\n" else char, char) for char in text]


@pytest.mark.parametrize("command", ["model", "adapter", "compare"])
async def test_what_is_typed_on_the_list_is_opened(two_models, command):
    async with chatting() as person:
        picker = await open_picker(person, command)
        for key in keys("b/jk - x\n"):  # all at once, as a fast hand does
            person.app.post_message(key)
        await person.until(lambda: picker not in person.app.screen_stack)
        assert "b/jk - x" in f"{person.engine.calls}{person.notes}"


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 15), (20, 5)])
@pytest.mark.parametrize("command", ["model", "adapter", "compare"])
async def test_what_is_typed_is_seen_and_nothing_jumps(two_models, command, size):
    async with chatting(size) as person:
        picker = await open_picker(person, command)
        before = picker.query_one(Choices).region
        assert "some/where" in await person.press(*"some/where")
        assert picker.query_one(Choices).region == before


async def test_what_is_pasted_on_the_list_goes_to_the_field(two_models):
    async with starting(model=None) as person:
        person.app.post_message(events.Paste("nobody/nothing"))
        await person.until(lambda: isinstance(person.app.focused, Input))
        await person.press("enter")
        assert person.engine.called("load")[-1].model == "nobody/nothing"


async def test_arrows_in_the_field_move_in_the_list(two_models):
    async with starting(model=None) as person:
        await person.press("x", "down")
        assert person.app.screen.query_one(Choices).highlighted == 1
        await person.press("y")
        assert person.app.screen.query_one(Input).value == "xy"
        await person.press("up", "enter")
        assert person.engine.called("load")[-1].model == "/models/one"


@pytest.fixture
def long_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that no small terminal has room for."""
    download = "mlx_lm's default · to be downloaded"
    entries = [CatalogEntry("demo", "SmolLM2-135M-Instruct", "93 MB", "demo", True)] * 9
    entries.append(CatalogEntry(LONG_NAME, LONG_NAME, download, "download", False))
    monkeypatch.setattr(model_picker, "find_models", lambda: entries)


@pytest.mark.parametrize("size", [(120, 40), (40, 15), (20, 5)])
async def test_a_name_is_on_one_line_and_its_end_is_seen(long_names, size):
    async with starting(size, model=None) as person:
        await person.press("end")
        (line,) = [line for line in person.lines if "↓ " in line and "Esc" not in line]
        assert "-Instruct-4bit" in line
        assert (LONG_NAME in line) == (size[0] == 120)


@pytest.mark.parametrize("size", [(120, 40), (40, 15), (20, 5)])
async def test_a_problem_can_be_read_whole(long_names, size):
    async with starting(size) as person:
        person.engine.load_fails(PROBLEM)
        await person.until(lambda: isinstance(person.app.screen, ModelPicker))
        assert person.app.screen.query_one(Choices).size.height
        seen = person.screen
        if size == (20, 5):
            person.app.screen.query_one("#problem").focus()
            await person.press("end")
            seen += await person.until("on.")
        assert "trained on." in " ".join(seen.replace("│", " ").split())
        assert "or type" in seen


@pytest.mark.parametrize(
    ("width", "placeholder", "border"),
    [
        (120, "a Hugging Face repository", "↓ to be downloaded   Esc closes"),
        (40, "or type a folder or repository", "● here   ◇ demo   Esc closes"),
        (20, "or type one", "Esc closes"),
    ],
)
async def test_what_there_is_no_room_for_is_left_out(long_names, width, placeholder, border):
    async with starting((width, 15), model=None) as person:
        assert placeholder in person.screen
        assert border in person.screen


def test_how_to_close_it_is_always_said():
    assert legend(("one", "two"), 99) == "one   two   Esc closes"
    assert legend(("one", "two"), 16) == "one   Esc closes"
    assert legend(("one", "two"), 5) == "Esc closes"
