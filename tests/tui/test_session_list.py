"""The list of sessions, by keyboard and by mouse."""

from __future__ import annotations

import pytest

from mlxchat.conversation.storage.store import SessionStore
from mlxchat.tui.screens.session_list import NEW, SessionList
from mlxchat.tui.session_pages import PAGE
from mlxchat.tui.widgets.line_list import LineList
from tests.saved import FakeSessions, talk
from tests.tui.screen_person import SIZES, ScreenPerson, showing


@pytest.fixture
def sessions() -> FakeSessions:
    """Three sessions; the last one changed last."""
    sessions = FakeSessions()
    for title, said in [("sea", "Blue."), ("pirates", "Arr, the sea!"), ("sums", "Four.")]:
        sessions.add(title, talk(f"About {title}", said, system="Be brief."))
    return sessions


def many(count: int) -> FakeSessions:
    sessions, conversation = FakeSessions(), talk("hi", "Hello!")
    for number in range(count):
        sessions.add(f"session {number}", conversation)
    return sessions


def titles(person: ScreenPerson) -> list[str]:
    return [row.title for row in person.app.screen._pages.rows]


def cursor(person: ScreenPerson) -> str:
    return person.app.screen._row.title


@pytest.mark.parametrize("size", SIZES)
async def test_it_fits_and_shows_what_there_is(sessions, size):
    sessions.add("小说中的关系与人物" * 9, talk("hi"))
    async with showing(SessionList(sessions), size) as person:
        screen = await person.wait_for("pirates")
        assert person.fits(size)
        for text in ("search titles", "deleted", "Enter open", "Esc close", "小说中"):
            assert text in screen, text
        if size[1] > 20:
            await person.press("down")
            await person.wait_for("Four." if size[1] == 40 else "Be brief.")
        if size[0] >= 80:
            assert "model-a" in person.screen


async def test_enter_opens_and_escape_does_not(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.press("down", "enter")
        assert sessions.row(person.result).title == "pirates"
    async with showing(SessionList(sessions)) as person:
        await person.press("escape")
        assert person.result is None
    async with showing(SessionList(sessions)) as person:
        await person.press("n")
        assert person.result == NEW


async def test_a_click_selects_and_a_second_one_opens(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.click("pirates")
        assert person.open
        assert "Arr, the sea!" in await person.wait_for("Arr")
        await person.click("▌")
        assert sessions.row(person.result).title == "pirates"


async def test_typing_searches_titles_and_messages(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.press("slash", *"sea")
        await person.wait_for(lambda: titles(person) == ["pirates", "sea"])
        assert "Arr, the sea!" in person.screen  # the excerpt, below the title
        await person.press("down", "enter")
        assert sessions.row(person.result).title == "sea"


async def test_the_keys_that_are_shown_work_where_one_is(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        assert "d delete" in person.screen
        screen = await person.press("slash")
        assert "d delete" not in screen
        assert "↑ ↓ choose" in screen
        await person.click("to the list")
        assert person.app.screen.focused is person.app.screen._list
        assert "d delete" in person.screen
        await person.click("search titles")
        assert "Esc to the list" in person.screen
        await person.press("down")
        await person.wait_for(lambda: cursor(person) == "pirates")
        await person.press("escape", "escape")
        assert person.result is None


async def test_typing_never_waits_and_the_newest_question_wins(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        before = len(sessions.asked)
        sessions.gate.clear()
        await person.press("slash", *"pir")
        assert person.app.screen.query_one("#session-search").value == "pir"
        await person.press(*"ates")
        sessions.gate.set()
        await person.wait_for(lambda: titles(person) == ["pirates"])
        asked = [text for text, _, _ in sessions.asked[before:]]
        assert asked[-1] == "pirates"
        assert len(asked) <= 3, asked
        assert sessions.threads == {"mlxchat-asker"}


async def test_filters_by_key_and_by_click(sessions):
    nodes = list(sessions.saved[20].conversation.nodes())
    nodes[1].rating = "good"
    list(sessions.saved[30].conversation.nodes())[1].note = "odd"
    sessions.delete(10)
    async with showing(SessionList(sessions)) as person:
        await person.wait_for(lambda: titles(person) == ["sums", "pirates"])
        await person.press("f")
        await person.wait_for(lambda: titles(person) == ["pirates"])
        await person.press("f")
        await person.wait_for("No sessions.")
        await person.click(" notes ")
        await person.wait_for(lambda: titles(person) == ["sums"])
        await person.click(" deleted ")
        await person.wait_for(lambda: titles(person) == ["sea"])
        await person.press("enter")
        await person.wait_for(lambda: not person.open)
        assert person.result == 10
        assert not sessions.row(10).deleted


async def test_rename(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.press("down", "r")
        assert "Enter open" not in person.screen
        assert "Enter rename  Esc cancel" in person.screen
        await person.press(*" of old", "enter")
        await person.wait_for(lambda: sessions.row(20).title == "pirates of old")
        await person.wait_for(lambda: cursor(person) == "pirates of old")
        await person.press("r", "x", "escape")
        assert person.open
        assert "Enter open" in person.screen
        await person.press("r", "x")
        await person.click("cancel")
        assert person.open
        assert sessions.row(20).title == "pirates of old"
        await person.press("escape")
        assert person.result is None


async def test_pin_and_unpin(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.press("end", "p")
        await person.wait_for(lambda: titles(person) == ["sea", "sums", "pirates"])
        assert cursor(person) == "sea"
        assert "★ sea" in person.screen
        await person.click("unpin")
        await person.wait_for(lambda: titles(person) == ["sums", "pirates", "sea"])


async def test_delete_and_undo(sessions):
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("pirates")
        await person.press("down", "d")
        await person.wait_for(lambda: titles(person) == ["sums", "sea"])
        assert "“pirates” is deleted" in person.notes[-1]
        assert cursor(person) == "sea"
        await person.press("d")
        await person.wait_for(lambda: titles(person) == ["sums"])
        assert cursor(person) == "sums"
        await person.press("u")
        await person.wait_for(lambda: titles(person) == ["sums", "sea"])
        await person.click("bring back")
        await person.wait_for(lambda: titles(person) == ["sums", "pirates", "sea"])
        assert cursor(person) == "pirates"
        await person.press("u")
        assert "Nothing was deleted" in person.notes[-1]


async def test_what_cannot_be_done_is_said(sessions):
    sessions.refusal = "The disk is full: nothing is saved."
    sessions.problem = "The database is of a newer mlxchat: update it."
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("The database is of a newer mlxchat")
        await person.press("d")
        await person.wait_for(lambda: bool(person.notes))
        assert person.notes == ["The disk is full: nothing is saved."]
        assert len(titles(person)) == 3


async def test_ten_thousand_sessions_come_page_by_page():
    sessions = many(10_000)
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("session 9999")
        assert len(titles(person)) <= 2 * PAGE
        for _ in range(9):
            await person.press("pagedown")
        await person.wait_for(lambda: len(titles(person)) > 2 * PAGE)
        assert len(titles(person)) < 1000
        await person.press("end")
        await person.wait_for(lambda: len(titles(person)) == 10_000)
        assert cursor(person) == "session 0"
        await person.press("home", "pagedown", "up")
        assert len({offset for _, _, offset in sessions.asked}) < 15


async def test_who_leaves_the_end_while_it_is_fetched_stays_there():
    sessions = many(5000)
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("session 4999")
        sessions.gate.clear()
        await person.press("end", "up")
        at = cursor(person)
        sessions.gate.set()
        await person.wait_for(lambda: len(titles(person)) > PAGE)
        await person.pilot.pause(0.2)
        assert cursor(person) == at
        assert len(titles(person)) < 5000


async def test_a_page_that_comes_before_word_of_the_move_is_no_leaving():
    """The list tells of its moves a little later; meanwhile it has grown."""
    sessions = many(5000)
    async with showing(SessionList(sessions)) as person:
        await person.wait_for("session 4999")
        sessions.gate.clear()
        await person.press("end")
        listed = person.app.screen.query_one(LineList)
        listed.post_message(LineList.Moved(3))
        await person.pilot.pause()
        sessions.gate.set()
        await person.wait_for(lambda: len(titles(person)) == 5000)
        assert cursor(person) == "session 0"


async def test_hostile_titles_and_texts_stay_text(sessions):
    evil = "\x1b]52;c;AAAA\x07[red]x[/red]\u202e\n[@click=app.quit]y[/]"
    sessions.add(evil, talk(evil, evil), excerpt=evil, model=evil)
    async with showing(SessionList(sessions)) as person:
        screen = await person.wait_for("[red]x[/red]")
        await person.wait_for("[@click=app.quit]y[/]")
        assert not any(mark in screen for mark in "\x1b\x07\u202e")


@pytest.mark.parametrize("theme", ["graphite", "paper", "ink"])
async def test_the_cursor_is_seen_without_colours(sessions, theme, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with showing(SessionList(sessions), theme=theme) as person:
        await person.wait_for("pirates")
        await person.press("down")
        await person.wait_for("▌  pirates")


async def test_on_the_real_store(tmp_path):
    store = SessionStore(tmp_path / "sessions.sqlite3")
    try:
        first = store.add(talk("About the sea", "Blue."))
        store.rename(first, "sea")
        store.rename(store.add(talk("About sums", "Four.")), "sums")
        async with showing(SessionList(store)) as person:
            await person.wait_for(lambda: sorted(titles(person)) == ["sea", "sums"])
            await person.press("slash", *"blue")
            await person.wait_for(lambda: titles(person) == ["sea"])
            await person.press("escape", "p")
            await person.wait_for("★ sea")
            await person.press("d")
            await person.wait_for(lambda: titles(person) == [])
            await person.press("u")
            await person.wait_for(lambda: titles(person) == ["sea"])
            await person.press("enter")
            assert person.result == first
    finally:
        store.close()
