"""The dialog for one text, and the person's own editor behind Ctrl+G."""

from __future__ import annotations

import stat
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, TextArea

from mlxchat.errors import MlxchatError
from mlxchat.files.copies import copies_folder
from mlxchat.files.external_editor import editor_command
from mlxchat.tui.external_editor import edit_externally
from mlxchat.tui.screens.chat_tree import EDIT_CHOICES, NOTE_CHOICES
from mlxchat.tui.screens.text_dialog import Choice, Drafts, TextDialog
from mlxchat.tui.themes import ThemedApp
from tests.terminal import terminal
from tests.tui.screen_person import SIZES, ScreenPerson, showing

CHOICES = [Choice("version", "as a new version", "ctrl+s"), Choice("place", "in place", "ctrl+o")]


def dialog(text: str = "Hello\nthere", **options: object) -> TextDialog:
    return TextDialog("Edit message", text, CHOICES, **options)  # type: ignore[arg-type]


def text_of(person: ScreenPerson) -> str:
    return person.app.screen.text


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> Path:
    """Name an editor that runs `body` in Python, with `path` the file that it edits."""
    script = tmp_path / "my editor.py"
    script.write_text(
        f"import sys, os\nfrom pathlib import Path\npath = Path(sys.argv[-1])\n{body}"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} '{script}' --wait")
    return script


@pytest.fixture
def suspendable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A screen that is drawn nowhere has no terminal to give away."""
    monkeypatch.setattr(ThemedApp, "suspend", lambda self: nullcontext())


# The dialog


@pytest.mark.parametrize("size", SIZES)
async def test_it_fits(size):
    async with showing(dialog("word " * 400, hint="Esc keeps a draft."), size) as person:
        assert person.fits(size)
        for text in ("word word", "^S as a new version", "^O in place", "^G editor", "Esc cancel",
                     "Esc keeps a draft."):  # fmt: skip
            assert text in person.screen, text


async def test_the_key_says_what_becomes_of_the_text():
    for key, name in [("ctrl+s", "version"), ("ctrl+o", "place")]:
        async with showing(dialog()) as person:
            await person.press("!", "enter", "x", key)
            assert person.result == (name, "Hello\nthere!\nx")


async def test_a_click_does_too():
    async with showing(dialog()) as person:
        await person.click("in place")
        assert person.result == ("place", "Hello\nthere")
    async with showing(dialog()) as person:
        await person.click("cancel")
        assert person.result is None


@pytest.mark.parametrize("one_line", [False, True])
async def test_a_choice_goes_before_what_the_field_does_with_its_key(one_line):
    ours = [Choice("end", "be done", "ctrl+e"), Choice("delete", "take away", "ctrl+d")]
    for key, name in [("ctrl+e", "end"), ("ctrl+d", "delete")]:
        async with showing(TextDialog("Title", "text", ours, one_line=one_line)) as person:
            await person.press("home", key)
            assert person.result == (name, "text")


@pytest.mark.parametrize("one_line", [False, True])
async def test_keys_that_came_just_before_a_choice_are_in_the_text(one_line):
    async with showing(dialog("text", one_line=one_line)) as person:
        for key in ("!", "?", "backspace", "ctrl+s"):
            character = key if len(key) == 1 else None
            person.app.post_message(events.Key(key, character))  # all at once, nobody waits
        await person.wait_for(lambda: not person.open)
        assert person.result == ("version", "text!")


def test_no_choice_of_the_app_is_a_key_that_text_fields_have():
    taken = {
        key.strip()
        for field in (TextArea, Input)
        for binding in field.BINDINGS
        for key in binding.key.split(",")
    }
    assert not taken & {choice.key for choice in (*EDIT_CHOICES, *NOTE_CHOICES)}


async def test_one_line_is_taken_by_enter():
    async with showing(dialog("a title\nof two lines", one_line=True)) as person:
        assert "^G" not in person.screen
        await person.press("!", "enter")
        assert person.result == ("version", "a title of two lines!")


async def test_escape_keeps_a_draft_for_this_message_only():
    drafts: Drafts = {}
    async with showing(dialog(drafts=drafts, about=7)) as person:
        await person.press(*" and more", "escape")
        assert person.result is None
    assert drafts == {7: "Hello\nthere and more"}
    async with showing(dialog("another", drafts=drafts, about=8)) as person:
        assert text_of(person) == "another"
    async with showing(dialog(drafts=drafts, about=7)) as person:
        assert text_of(person) == "Hello\nthere and more"
        assert "What you typed before is here again" in person.screen
        await person.press("ctrl+z")
        assert text_of(person) == "Hello\nthere"
        await person.press("ctrl+y", "ctrl+s")
        assert person.result == ("version", "Hello\nthere and more")
    assert drafts == {}


async def test_a_draft_that_was_taken_back_is_none():
    drafts: Drafts = {7: "draft"}
    async with showing(dialog(drafts=drafts, about=7)) as person:
        await person.press("ctrl+z", "escape")
    assert drafts == {}


async def test_a_draft_of_one_line_comes_back():
    drafts: Drafts = {}
    async with showing(dialog("name", drafts=drafts, one_line=True)) as person:
        await person.press("!", "escape")
    async with showing(dialog("name", drafts=drafts, one_line=True)) as person:
        await person.press("enter")
        assert person.result == ("version", "name!")


async def test_hostile_texts_stay_text():
    evil = "\x1b]52;c;AAAA\x07\u202e[red]x[/red]"
    async with showing(TextDialog(evil, evil, CHOICES, hint=evil)) as person:
        assert not any(mark in person.screen for mark in "\x1b\x07\u202e")
        assert "[red]x[/red]" in person.screen
        await person.press("ctrl+s")
        assert person.result == ("version", evil)


# The editor


async def test_ctrl_g_edits_in_the_editor(tmp_path, monkeypatch, suspendable):
    editor(tmp_path, monkeypatch, "path.write_text(path.read_text().upper() + '\\n')")
    async with showing(dialog()) as person:
        await person.press("ctrl+g")
        assert text_of(person) == "HELLO\nTHERE"
        await person.press("ctrl+z")
        assert text_of(person) == "Hello\nthere"
        await person.click("editor")
        await person.press("ctrl+s")
        assert person.result == ("version", "HELLO\nTHERE")


async def test_where_the_terminal_cannot_be_left_it_is_said(tmp_path, monkeypatch):
    editor(tmp_path, monkeypatch, "path.write_text('never')")
    async with showing(dialog()) as person:
        await person.press("ctrl+g")
        assert person.notes == ["This terminal cannot be given to an editor: edit the text here."]
        assert text_of(person) == "Hello\nthere"


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("", "No editor is named"),
        ("/nowhere/ed", "The editor /nowhere/ed was not found: the text is as it was."),
        ("'vim", "has a quote that does not end"),
        ("/", "could not be started"),
        ("false", "ended with exit code 1: the text is as it was."),
    ],
)
async def test_an_editor_that_does_not_work(named, said, monkeypatch, suspendable):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", named)
    async with showing(dialog()) as person:
        await person.press("!", "ctrl+g")
        assert said in person.notes[0]
        assert text_of(person) == "Hello\nthere!"


def test_the_file_is_the_persons_alone_and_goes_away(tmp_path, monkeypatch, suspendable):
    body = "Path(sys.argv[0]).with_name('seen').write_text(f'{path} {path.stat().st_mode}')"
    editor(tmp_path, monkeypatch, body)
    assert edit_externally(ThemedApp(), "secret") == "secret"
    path, mode = (tmp_path / "seen").read_text().split()
    assert path.endswith(".md")
    assert stat.S_IMODE(int(mode)) == 0o600
    assert not Path(path).exists()


@pytest.mark.parametrize(
    ("before", "saved", "after"),
    [
        ("a", "b\\n", "b"),
        ("a", "b\\n\\n", "b\n"),
        ("a\n", "a\\n", "a\n"),
        ("a", "", ""),
        ("a", "小\\r\\n说", "小\n说"),
    ],
)
def test_line_breaks_at_the_end(tmp_path, monkeypatch, suspendable, before, saved, after):
    editor(tmp_path, monkeypatch, f"path.write_bytes('{saved}'.encode())")
    assert edit_externally(ThemedApp(), before) == after


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("path.write_text('half done'); sys.exit(3)", "exit code 3"),
        ("path.write_bytes(b'half done \\xff')", "not UTF-8"),
    ],
)
def test_what_was_saved_before_a_failure_is_kept(tmp_path, monkeypatch, suspendable, body, said):
    editor(tmp_path, monkeypatch, body)
    with pytest.raises(MlxchatError, match=said) as refused:
        edit_externally(ThemedApp(), "before")
    (copy,) = copies_folder().iterdir()
    assert str(copy) in str(refused.value)
    assert copy.read_text().startswith("half done")


def test_a_file_that_is_gone(tmp_path, monkeypatch, suspendable):
    editor(tmp_path, monkeypatch, "path.unlink()")
    with pytest.raises(MlxchatError, match="cannot be read"):
        edit_externally(ThemedApp(), "before")


def test_visual_goes_before_editor(monkeypatch):
    monkeypatch.setenv("EDITOR", "ed")
    monkeypatch.setenv("VISUAL", "code --wait")
    assert editor_command() == ["code", "--wait"]
    monkeypatch.setenv("VISUAL", " ")
    assert editor_command() == ["ed"]


def test_in_a_real_terminal(tmp_path, monkeypatch, home):
    editor(
        tmp_path, monkeypatch,
        "text = path.read_text()\n"
        "print('EDITOR SHOWS', text, flush=True)\n"
        "answer = input()\n"
        "path.write_text(text + ' ' + answer + '\\n')",
    )  # fmt: skip
    with terminal(["-m", "tests.editor_app", "my words"], tmp_path / "errors", 80, 24) as app:
        app.wait_for("as a new version")
        app.type("\x07")
        app.wait_for("EDITOR SHOWS my words")
        assert app.left_alternate_screen()
        assert app.mouse_released()
        app.enter("and theirs")
        app.wait_for("my words and theirs")
        assert not app.left_alternate_screen()
        app.type("!\x13")
        assert app.ended() == 0
        assert b"('version', 'my words and theirs!')" in app.seen
        assert app.stderr == ""


def test_a_missing_editor_in_a_real_terminal(tmp_path, monkeypatch, home):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "no-such-editor")
    with terminal(["-m", "tests.editor_app", "my words"], tmp_path / "errors", 80, 24) as app:
        app.wait_for("as a new version")
        app.type("\x07")
        app.wait_for("The editor no-such-editor")
        app.type("!\x13")
        assert app.ended() == 0
        assert b"('version', 'my words!')" in app.seen
