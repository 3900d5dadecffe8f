"""The message editor and its history, driven through Textual's pilot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from mlxchat.files import folders, message_history
from mlxchat.files.message_history import MessageHistory
from mlxchat.tui.history import HistoryWalk
from mlxchat.tui.themes import ThemedApp
from mlxchat.tui.widgets.completion_list import CompletionList
from mlxchat.tui.widgets.message_editor import MessageEditor
from mlxchat.tui.widgets.message_editor_area import FOLD_FROM, EditorArea

COMMANDS = [("/clear", "Clear"), ("/retry", "Once more"), ("/reset", "Reset"), ("/temp", "Set")]


def complete(text: str) -> list[tuple[str, str]]:
    return [] if " " in text else [c for c in COMMANDS if c[0].startswith(text)]


class EditorApp(ThemedApp):
    """A message editor below nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[str] = []

    def compose(self) -> ComposeResult:
        yield Static("transcript", id="above")
        yield MessageEditor(MessageHistory(), complete)

    def on_message_editor_submitted(self, event: MessageEditor.Submitted) -> None:
        self.sent.append(event.text)


@asynccontextmanager
async def shown(
    width: int = 60, height: int = 30
) -> AsyncIterator[tuple[MessageEditor, Pilot[object], EditorApp]]:
    app = EditorApp()
    async with app.run_test(size=(width, height)) as pilot:
        editor = app.query_one(MessageEditor)
        editor.focus()
        await pilot.pause()
        yield editor, pilot, app


def area(editor: MessageEditor) -> EditorArea:
    return editor.query_one(EditorArea)


async def write(pilot: Pilot[object], text: str) -> None:
    await pilot.press(*("space" if c == " " else "slash" if c == "/" else c for c in text))


async def paste(editor: MessageEditor, pilot: Pilot[object], text: str) -> None:
    area(editor).post_message(events.Paste(text))
    await pilot.pause()


# Sending and breaking lines


async def test_enter_sends_and_empties() -> None:
    async with shown() as (editor, pilot, app):
        await write(pilot, "hello you")
        await pilot.press("enter")
        assert app.sent == ["hello you"]
        assert editor.text == ""


async def test_nothing_is_not_sent() -> None:
    async with shown() as (editor, pilot, app):
        await pilot.press("enter", "space", "ctrl+j", "enter")
        assert app.sent == []
        assert editor.text == " \n"


@pytest.mark.parametrize("key", ["shift+enter", "ctrl+j", "alt+enter"])
async def test_keys_that_break_the_line(key: str) -> None:
    async with shown() as (_, pilot, app):
        await pilot.press("a", key, "b", "enter")
        assert app.sent == ["a\nb"]


@pytest.mark.parametrize(
    ("packet", "sent", "left"),
    [
        ("what?\rand", ["what?"], "and"),
        ("/temp 1\r/top_p 1\rx", ["/temp 1", "/top_p 1"], "x"),
        ("ab\x1b\rcd\nef\r", ["ab\ncd\nef"], ""),
        ("/cl\tx", [], "/clear x"),
        ("/re\x1b[B\rx", [], "/reset x"),
        ("one\rtwo\r\x1b[A\x1b[A!", ["one", "two"], "one!"),
        ("ac\x1b[Db\x7f\x1b[Hx", [], "xac"),
    ],
)
async def test_keys_of_one_packet_mean_the_text_as_it_is_then(
    packet: str, sent: list[str], left: str
) -> None:
    """Over a slow line many keys come at once."""
    async with shown() as (editor, pilot, app):
        for event in XTermParser().feed(packet):
            app.post_message(event)
        await pilot.pause()
        await pilot.pause()
        assert (app.sent, editor.text) == (sent, left)


@pytest.mark.parametrize(
    ("sequence", "key"),
    [
        ("\r", "enter"),
        ("\n", "ctrl+j"),
        ("\x1b\r", "alt+enter"),
        ("\x1b[13;2u", "shift+enter"),
        ("\x1b[13;3u", "alt+enter"),
    ],
)
def test_what_terminals_send_for_enter(sequence: str, key: str) -> None:
    found = [event.key for event in XTermParser().feed(sequence) if isinstance(event, events.Key)]
    assert found == [key]


# Size


async def test_grows_with_the_text_up_to_eight_lines() -> None:
    async with shown() as (editor, pilot, _):
        heights = []
        for _line in range(10):
            heights.append(area(editor).size.height)
            await pilot.press("x", "ctrl+j")
            await pilot.pause()
        assert heights == [1, 2, 3, 4, 5, 6, 7, 8, 8, 8]


async def test_takes_no_more_than_a_third_of_a_small_screen() -> None:
    async with shown(40, 15) as (editor, pilot, _):
        editor.text = "x\n" * 20
        await pilot.pause()
        assert editor.size.height + 1 <= 5
        await pilot.resize_terminal(40, 9)
        await pilot.pause()
        assert editor.size.height + 1 <= 3
        await pilot.resize_terminal(20, 5)
        await pilot.pause()
        assert area(editor).size.height == 1


async def test_shrinks_again_when_sent() -> None:
    async with shown() as (editor, pilot, _):
        await pilot.press("x", "ctrl+j", "x", "enter")
        await pilot.pause()
        assert area(editor).size.height == 1


async def test_prompt_and_placeholder() -> None:
    async with shown() as (editor, pilot, _):
        assert "or / for commands" in area(editor).render_line(0).text
        editor.placeholder = "Write"
        await pilot.pause()
        assert area(editor).render_line(0).text.startswith("Write")
        assert editor.query_one(".editor--prompt", Static).render().plain == "›"


# History


async def test_up_and_down_walk_the_history_and_keep_the_draft() -> None:
    async with shown() as (editor, pilot, _):
        for text in ("one", "two"):
            await write(pilot, text)
            await pilot.press("enter")
        await write(pilot, "draft")
        seen = []
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(editor.text)
        assert seen == ["two", "one", "one", "two", "draft", "draft"]


async def test_what_is_edited_on_the_way_stays() -> None:
    async with shown() as (editor, pilot, app):
        await write(pilot, "one")
        await pilot.press("enter")
        await write(pilot, "draft")
        await pilot.press("up", "x", "down")
        assert editor.text == "draft"
        await pilot.press("up")
        assert editor.text == "onex"
        await pilot.press("enter")
        assert app.sent == ["one", "onex"]
        await pilot.press("up", "up")
        assert editor.text == "one"


async def test_up_and_down_move_within_a_text_of_many_lines() -> None:
    async with shown() as (editor, pilot, _):
        await pilot.press("a", "enter")
        await pilot.press("x", "ctrl+j", "y", "up")
        assert editor.text == "x\ny"
        await pilot.press("z")
        assert editor.text == "xz\ny"
        await pilot.press("up")
        assert editor.text == "a"
        await pilot.press("down")
        assert editor.text == "xz\ny"


async def test_up_goes_through_the_rows_of_a_wrapped_line() -> None:
    async with shown(30) as (editor, pilot, _):
        await pilot.press("a", "enter")
        editor.text = "word " * 12
        await pilot.pause()
        rows = area(editor).wrapped_document.height
        assert rows > 2
        await pilot.press(*["up"] * (rows - 1))
        assert editor.text == "word " * 12
        await pilot.press("up")
        assert editor.text == "a"


async def test_many_line_messages_come_back_whole() -> None:
    async with shown() as (editor, pilot, _):
        editor.text = "first\n\n  second\t小说\n"
        await pilot.press("enter", "up")
        assert editor.text == "first\n\n  second\t小说\n"


async def test_undo_brings_a_sent_text_back() -> None:
    async with shown() as (editor, pilot, _):
        await write(pilot, "oops")
        await pilot.press("enter", "ctrl+z")
        assert editor.text == "oops"


async def test_restore_keeps_what_was_written_since() -> None:
    async with shown() as (editor, pilot, _):
        await write(pilot, "one")
        await pilot.press("enter", "t", "w", "o")
        editor.restore("one")
        assert editor.text == "one\ntwo"


# Long pastes


def long_texts() -> list[str]:
    return ["lorem ipsum " * 8334, "x" * 100_000, "a line of text\n" * 6667]


@pytest.mark.parametrize("text", long_texts(), ids=["words", "one word", "lines"])
async def test_a_long_paste_is_a_token_until_it_is_sent(text: str) -> None:
    async with shown() as (editor, pilot, app):
        await pilot.press("a")
        await paste(editor, pilot, text)
        assert f"[pasted {len(text):,} characters" in area(editor).text
        assert len(area(editor).text) < 50
        await pilot.press("b")
        assert editor.text == f"a{text}b"
        await pilot.press("enter")
        assert app.sent == [f"a{text}b"]
        await pilot.press("up")
        assert len(area(editor).text) < 50
        assert editor.text == f"a{text}b"


async def test_a_short_paste_stands_as_it_is() -> None:
    async with shown() as (editor, pilot, _):
        await paste(editor, pilot, "two\r\nlines\rthree")
        assert area(editor).text == "two\nlines\nthree"


async def test_pasted_control_characters_show_as_text() -> None:
    async with shown() as (editor, pilot, _):
        await paste(editor, pilot, "\x1b[31mred\x07\x9b\ud800\ttab")
        assert editor.text == "␛[31mred␇\ufffd\ufffd\ttab"
        editor.text = "\x1b]0;title\x07"
        assert editor.text == "␛]0;title␇"


async def test_many_pastes_are_folded_before_they_add_up() -> None:
    async with shown() as (editor, pilot, _):
        for _ in range(4):
            await paste(editor, pilot, "x" * (FOLD_FROM - 1000))
        assert len(area(editor).text) < FOLD_FROM
        assert editor.text == "x" * 4 * (FOLD_FROM - 1000)


async def test_a_token_is_deleted_whole_and_comes_back_whole() -> None:
    text = "y" * 20_000
    async with shown() as (editor, pilot, _):
        await pilot.press("a")
        await paste(editor, pilot, text)
        await pilot.press("backspace")
        assert editor.text == "a"
        await pilot.press("ctrl+z")
        assert editor.text == f"a{text}"
        await pilot.press("left", "left", "z")
        assert editor.text == f"a{text}z"
        await pilot.press("home", "right", "delete")
        assert editor.text == "az"


async def test_cut_takes_the_text_behind_a_token() -> None:
    text = "y" * 20_000
    async with shown() as (editor, pilot, app):
        await paste(editor, pilot, text)
        await pilot.press("f7", "ctrl+c")
        assert app.clipboard == text
        await pilot.press("ctrl+x")
        assert (editor.text, app.clipboard) == ("", text)
        await pilot.press("ctrl+v")
        assert editor.text == text


async def test_a_token_that_somebody_types_is_text() -> None:
    async with shown() as (editor, pilot, _):
        editor.text = "[pasted 5 characters #7]"
        assert editor.text == "[pasted 5 characters #7]"
        await pilot.press("backspace")
        assert editor.text == "[pasted 5 characters #7"


# Completion


async def test_a_slash_lists_the_commands_and_tab_takes_one() -> None:
    async with shown() as (editor, pilot, app):
        await write(pilot, "/")
        await pilot.pause()
        names = editor.query_one(CompletionList)
        assert [names.render_line(y).text[2:].split()[0] for y in range(names.size.height)] == [
            command for command, _ in COMMANDS
        ]
        assert names.region.bottom <= area(editor).region.y
        await write(pilot, "r")
        await pilot.press("down", "tab")
        await pilot.pause()
        assert editor.text == "/reset "
        assert not names.display
        await pilot.press("enter")
        assert app.sent == ["/reset "]


async def test_up_and_down_choose_and_enter_takes_what_was_chosen() -> None:
    async with shown() as (editor, pilot, app):
        await write(pilot, "/")
        await pilot.press("up", "enter")
        assert editor.text == "/temp "
        assert app.sent == []


async def test_enter_sends_what_is_typed_when_nothing_was_chosen() -> None:
    async with shown() as (_, pilot, app):
        await write(pilot, "/re")
        await pilot.press("enter")
        assert app.sent == ["/re"]


async def test_escape_closes_the_list_and_keeps_the_text() -> None:
    async with shown() as (editor, pilot, _):
        await write(pilot, "/re")
        await pilot.press("escape")
        assert not editor.query_one(CompletionList).display
        assert editor.text == "/re"
        await write(pilot, "s")
        assert editor.query_one(CompletionList).display


async def test_a_click_takes_a_completion() -> None:
    async with shown() as (editor, pilot, _):
        await write(pilot, "/")
        await pilot.pause()
        await pilot.click(CompletionList, offset=(4, 1))
        assert editor.text == "/retry "
        await write(pilot, "x")
        assert editor.text == "/retry x"


async def test_no_list_for_ordinary_text_or_a_whole_command() -> None:
    async with shown() as (editor, pilot, _):
        await write(pilot, "a/")
        assert not editor.query_one(CompletionList).display
        editor.text = "/temp"
        await pilot.pause()
        assert not editor.query_one(CompletionList).display


async def test_commands_with_markup_in_their_help_show_as_text() -> None:
    async with shown() as (editor, pilot, _):
        editor.query_one(CompletionList).show([("/x", "[bold]a\nb[/]")])
        await pilot.pause()
        assert "[bold]a b[/]" in editor.query_one(CompletionList).render_line(0).text


# The file of the history


def test_history_comes_back_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "history"
    first = MessageHistory(path)
    for text in (
        "one",
        "two\nlines 小说",
        "\ud800half",
        "two\nlines 小说",
        "two\nlines 小说",
        "  ",
    ):
        first.add(text)
    expected = ["one", "two\nlines 小说", "\ud800half", "two\nlines 小说"]
    assert first.messages == expected
    assert MessageHistory(path).messages == expected
    assert path.stat().st_mode & 0o077 == 0


def test_history_survives_damage(tmp_path: Path) -> None:
    path = tmp_path / "history"
    path.write_bytes(b'"good"\n\xff\xfe{nonsense\n12\nnull\n["x"]\n\n"also good"\n"cut o')
    damaged = MessageHistory(path)
    assert damaged.messages == ["good", "also good"]
    damaged.add("new")
    assert MessageHistory(path).messages == ["good", "also good", "new"]


def test_history_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_history, "MAX_MESSAGES", 10)
    monkeypatch.setattr(message_history, "MAX_BYTES", 2000)
    path = tmp_path / "bounded" / "history"
    log = MessageHistory(path)
    for number in range(100):
        log.add(f"message {number} " + "x" * 50)
    assert len(log.messages) == 10
    again = MessageHistory(path)
    assert again.messages == log.messages
    assert path.stat().st_size <= 2000
    assert [json.loads(line) for line in path.read_text().splitlines()] == again.messages
    assert [found.name for found in path.parent.iterdir()] == ["history"]


def test_history_without_a_writable_folder_lasts_as_long_as_the_program(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    log = MessageHistory(blocked / "history")
    log.add("one")
    assert log.messages == ["one"]
    folder = MessageHistory(tmp_path)
    folder.add("one")
    assert folder.messages == ["one"]


def test_history_stands_in_the_data_folder() -> None:
    MessageHistory().add("one")
    assert (folders.data_folder() / "history").read_text() == '"one"\n'


def test_a_walk_ends_at_both_ends(tmp_path: Path) -> None:
    log = MessageHistory(tmp_path / "history")
    walk = HistoryWalk(log)
    assert walk.move(-1, "draft") is None
    log.add("one")
    assert walk.move(1, "draft") is None
    assert walk.move(-1, "draft") == "one"
    assert walk.move(-1, "one") is None
    assert walk.move(1, "one") == "draft"
