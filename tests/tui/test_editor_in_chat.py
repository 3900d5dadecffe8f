"""The person's own editor over the chat: what goes on while it has the terminal."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Timer

import pytest

from mlxchat.tui.screens.context_choice import ContextChoice
from mlxchat.tui.screens.text_dialog import TextDialog
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.message_editor import MessageEditor
from tests.person import Person
from tests.tui.test_sessions_in_chat import saved_chat
from tests.tui.test_text_dialog import editor

SPOKEN_AFTER = 0.5
"""Seconds after which the engine speaks on: the editor has the terminal by then, or waits."""

LOOKS_INTO_THE_FILE = """
import sqlite3, time
seen = False
for _ in range(200):
    with sqlite3.connect({file!r}) as connection:
        pieces = connection.execute("select text from pieces order by entry, first").fetchall()
    if "late words" in "".join(text for text, in pieces):
        seen = True
        break
    time.sleep(0.05)
path.write_text("saved" if seen else "lost")
"""


@pytest.fixture
def suspendable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that is drawn nowhere has no terminal to give away."""
    monkeypatch.setattr(ThemedApp, "suspend", lambda self: nullcontext())


def speak_later(person: Person) -> Timer:
    """Let the engine write two words more in a while."""
    timer = Timer(SPOKEN_AFTER, lambda: person.engine.say("late words"))
    timer.start()
    return timer


async def asked(person: Person) -> None:
    await person.send("Tell me")
    person.engine.begin()
    person.engine.say("Once upon a time")
    await person.look()


@pytest.mark.parametrize("over", ["message", "dialog"])
async def test_a_reply_is_saved_while_the_editor_is_open(tmp_path, monkeypatch, suspendable, over):
    editor(
        tmp_path, monkeypatch, LOOKS_INTO_THE_FILE.format(file=str(tmp_path / "sessions.sqlite3"))
    )
    async with saved_chat(tmp_path) as (person, _):
        await asked(person)
        if over == "dialog":
            await person.send("/edit")
            assert isinstance(person.app.screen, TextDialog)
        timer = speak_later(person)
        await person.press("ctrl+g")
        timer.join()
        if over == "dialog":
            assert person.app.screen.text == "saved"
            await person.press("escape")
        else:
            assert person.chat.query_one(MessageEditor).text == "saved"
        person.engine.finish()
        assert "Once upon a time late words" in await person.look()


async def test_what_is_asked_meanwhile_is_asked_afterwards(tmp_path, monkeypatch, suspendable):
    editor(tmp_path, monkeypatch, "import time; time.sleep(1)")
    async with saved_chat(tmp_path) as (person, _):
        await person.send("Tell me")
        timer = Timer(SPOKEN_AFTER, person.engine.exceed)
        timer.start()
        await person.press("ctrl+g")
        timer.join()
        await person.look()
        assert isinstance(person.app.screen, ContextChoice)
        await person.press("enter")
        assert person.requests[-1].overflow == "window"
