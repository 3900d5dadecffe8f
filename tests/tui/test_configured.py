"""The app under a configuration: keys, theme, bare letters, what is wrong; and hints."""

from __future__ import annotations

import pytest
from textual.binding import Binding
from textual.widgets import TextArea

from mlxchat.commands.keys import NEEDED, keys
from mlxchat.settings.configuration import config_file, configuration
from mlxchat.tui.app import MlxchatApp
from mlxchat.tui.screens.help import HelpScreen
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.person import Person, chatting


def configure(text: str) -> None:
    config_file().parent.mkdir(parents=True, exist_ok=True)
    config_file().write_text(text, encoding="utf-8")
    configuration.cache_clear()
    keys.cache_clear()


def said(person: Person) -> str:
    """What stands in the conversation, without its line breaks."""
    return " ".join(" ".join(line[:76] for line in person.lines).split())


async def test_a_key_that_was_chosen_runs_its_command():
    configure('[keys]\nretry = "f5"\nreset = "alt+r"\nhelp = ""\n')
    async with chatting() as person:
        await person.send("Hello")
        await person.hear("Well.")
        await person.press("ctrl+r")
        assert len(person.requests) == 1
        await person.press("f5")
        assert len(person.requests) == 2
        await person.hear("Again.")
        assert "f5 retry" in person.lines[-1]
        assert "f1" not in person.lines[-1]
        person.session.set_parameter("temp", 0.9)
        await person.press("alt+r")
        assert person.session.settings.temp == person.session.defaults.temp
        await person.press("f1")
        assert person.app.screen is person.chat
        await person.send("/help")
        assert isinstance(person.app.screen, HelpScreen)
        assert "Alt+R" in person.screen
        await person.press("escape")
        await person.press("ctrl+p", *"retry")
        await person.pilot.pause(0.3)
        assert "retry  (F5)" in person.screen


async def test_a_conflict_is_named_at_the_start_and_the_default_stays():
    configure('[keys]\nretry = "ctrl+b"\n')
    async with chatting() as person:
        assert "^B cannot be the key of both /compare and /retry" in said(person)
        assert "^r retry" in person.lines[-1]


async def test_what_is_wrong_with_the_configuration_is_said_in_the_app():
    configure('theem = "x"\ntheme = "nothing"\n')
    async with chatting() as person:
        told = said(person)
        assert "line 1 is left out: there is no setting theem; did you mean theme?" in told
        assert "line 2 is left out: there is no theme “nothing”" in told


async def test_the_configured_theme_goes_before_the_remembered_one():
    configure('theme = "paper"\n')
    async with chatting() as person:
        assert person.app.theme == "paper"
        await person.send("/theme graphite")
        assert person.app.theme == "graphite"
    async with chatting() as person:
        assert person.app.theme == "paper"


async def test_bare_letters_are_commands():
    async with chatting() as person:
        await person.send("h")
        assert isinstance(person.app.screen, HelpScreen)
        await person.press("escape")
        await person.send("Hello")
        await person.hear("Well.")
        await person.send("r")
        assert not person.session.conversation.entries
        assert len(person.requests) == 1


async def test_bare_letters_can_be_messages():
    configure("bare_letters = false\n")
    async with chatting() as person:
        await person.send("q")
        assert len(person.requests) == 1


def hint_shown(app: MlxchatApp) -> bool:
    return bool(app.chat.query_one(MessageEditor).query_one(".editor--hint").display)


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (40, 15)])
async def test_an_argument_is_described_as_it_is_typed(size):
    async with chatting(size) as person:
        person.session.set_parameter("temp", 0.5)
        before = person.lines
        await person.type("/temp 0.9")
        assert any("temp 0.50 → 0.90" in line for line in person.lines)
        await person.type("/temp 300")
        assert any("temp must be from 0 to 100" in line for line in person.lines)
        line = person.chat.query_one(MessageEditor).query_one(".editor--hint")
        assert line.has_class("-wrong")
        assert line.size.height == 1
        assert all(len(row) <= size[0] for row in person.lines)
        await person.type("hello")
        assert not hint_shown(person.app)
        await person.type("")
        assert person.lines == before


def test_the_keys_of_text_fields_are_needed():
    """None of them can be given to a command, but those that commands have of old."""
    bound = [b for b in TextArea.BINDINGS if isinstance(b, Binding)]
    taken = {key for binding in bound for key in binding.key.split(",")}
    letters = {key for key in taken if key.startswith("ctrl+") and len(key) == len("ctrl+x")}
    assert letters <= set(NEEDED)
    assert MlxchatApp.COMMAND_PALETTE_BINDING in NEEDED
