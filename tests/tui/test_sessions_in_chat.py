"""Saved sessions in the app: the list and what is done in it, over a real file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from mlxchat.conversation.storage.keeper import Keeper
from mlxchat.conversation.storage.sessions import SessionRow, Wanted
from mlxchat.conversation.storage.store import SessionStore
from mlxchat.tui.screens.session_list import SessionList
from mlxchat.tui.widgets.system_prompt import SystemPromptEditor
from mlxchat.tui.widgets.title_bar import TitleBar
from tests.person import Person, chatting
from tests.saved import talk

SIZES = [(120, 40), (80, 24), (40, 15)]


@asynccontextmanager
async def saved_chat(tmp_path: Path, **options: object) -> AsyncIterator[tuple[Person, Keeper]]:
    """The app over a file with two sessions, and a chat of one turn in it."""
    store = SessionStore(tmp_path / "sessions.sqlite3")
    keeper = Keeper(store)
    try:
        sea = talk("About the sea", "Blue.", system="Be wet.")
        sea.rate(sea.tip, "good")
        for title, conversation in (("sea", sea), ("sums", talk("Two and two", "Four."))):
            store.rename(store.add(conversation), title)
        async with chatting(keeper=keeper, **options) as person:
            await person.send("Here")
            await person.hear("Now")
            await person.until(lambda: keeper.saved and keeper.number is not None)
            person.transcript.focus()
            await person.look()
            yield person, keeper
    finally:
        keeper.close()
        store.close()


def rows(keeper: Keeper, **wanted: object) -> dict[str, SessionRow]:
    return {r.title: r for r in keeper.store.page(Wanted(**wanted), 100, 0)}  # type: ignore[arg-type]


def said(person: Person) -> list[str]:
    return [entry.text for entry in person.session.conversation.entries]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("by", ["keys", "mouse"])
async def test_one_is_searched_looked_at_and_opened(tmp_path, size, by):
    async with saved_chat(tmp_path, size=size) as (person, keeper):
        if by == "mouse" and "f4 sessions" in person.screen:
            await person.click("f4 sessions")
        else:
            await person.press("f4")
        assert isinstance(person.app.screen, SessionList)
        await person.until("sums")
        if by == "mouse":
            await person.click("search titles")
        else:
            await person.press("slash")
        await person.press(*"blue")
        await person.until(lambda: "sums" not in person.screen)
        if size[1] > 20:
            await person.until("Be wet.")  # the preview
        if by == "mouse":
            await person.click("  sea")
        else:
            await person.press("enter")
        await person.until(lambda: person.app.screen is person.chat)
        assert said(person) == ["About the sea", "Blue."]
        assert person.chat.query_one(SystemPromptEditor).text == "Be wet."
        assert person.chat.query_one(SystemPromptEditor).status == ""
        await person.send("More")
        assert [m.content for m in person.requests[-1].messages] == [
            "Be wet.", "About the sea", "Blue.", "More",
        ]  # fmt: skip
        await person.hear("Wet.")
        await person.until(lambda: keeper.saved)
        assert rows(keeper)["sea"].messages == 4


@pytest.mark.parametrize("by", ["keys", "mouse"])
async def test_rename_pin_delete_and_undo(tmp_path, by):
    async with saved_chat(tmp_path) as (person, keeper):
        act = {"r": "rename", "p": "pin", "d": "delete", "u": "bring back"}

        async def do(key: str) -> None:
            await (person.press(key) if by == "keys" else person.click(f"{key} {act[key]}"))

        await person.press("f4")
        await person.until("sums")
        await person.press("end")
        assert person.app.screen._row.title == "sea"
        await do("r")
        await person.press(*" two", "enter")
        await person.until(lambda: "sea two" in rows(keeper))
        await do("p")
        await person.until("★ sea two")
        await do("d")
        await person.until(lambda: "sea two" in rows(keeper, deleted=True))
        await person.until(lambda: "“sea two” is deleted; u brings it back." in person.notes)
        await do("u")
        await person.until("★ sea two")
        assert "sea two" in rows(keeper)
        await person.press("escape")
        assert person.app.screen is person.chat
        assert person.app.focused is person.transcript
        assert said(person) == ["Here", "Now"]


async def test_a_filter_by_rating(tmp_path):
    async with saved_chat(tmp_path) as (person, _):
        await person.press("f4")
        await person.until("sums")
        await person.press("f")
        await person.until(lambda: "sums" not in person.screen)
        assert "sea" in person.screen
        await person.click(" bad ")
        await person.until("No sessions.")


async def test_the_title_by_command_and_a_new_one_by_key(tmp_path):
    async with saved_chat(tmp_path) as (person, keeper):
        await person.send("/rename Here and now")
        await person.until(lambda: "Here and now" in rows(keeper))
        await person.press("ctrl+l")
        assert said(person) == []
        await person.press("f4")
        await person.until("Here and now")
        await person.press("enter")
        await person.until(lambda: said(person) == ["Here", "Now"])
        await person.press("f4")
        await person.until("Here and now")
        await person.press("n")
        assert said(person) == []


async def test_another_models_session_says_so_and_works(tmp_path):
    async with saved_chat(tmp_path) as (person, _):
        await person.send("/sessions sea")
        await person.until(lambda: "sums" not in person.screen)
        await person.press("enter")
        await person.until("SmolLM2-135M-Instruct wrote this, and scripted goes on")
        await person.send("/continue")
        assert person.requests[-1].prefill == "Blue."
        await person.hear(" And deep.")
        assert said(person)[-1] == "Blue. And deep."


async def test_opening_one_tells_how_full_it_is(tmp_path):
    async with saved_chat(tmp_path) as (person, _):
        person.engine.counted = 70
        await person.press("f4")
        await person.until("sums")
        await person.press("down", "enter")
        await person.until(lambda: said(person)[0] == "Two and two")
        await person.look()
        assert person.chat.query_one(TitleBar).context == 70
        assert "re-read" not in person.screen
