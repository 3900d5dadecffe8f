"""The prompt: several lines, history, what is pasted, the person's own editor, the toolbar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.input import PipeInput, create_pipe_input

from mlxchat.commands.typed import completions
from mlxchat.files.message_history import MessageHistory
from mlxchat.render.roles import ROLES
from mlxchat.repl.completer import SlashCompleter
from mlxchat.repl.prompt import Prompt
from mlxchat.repl.prompt_keys import is_open, unquoted
from mlxchat.repl.styles import LOOKS, palette_of, style_of
from mlxchat.repl.toolbar import fitting, parts
from mlxchat.session.pastes import FOLD_FROM
from tests.repl.person import ReplPerson
from tests.repl.screen import Screen

STYLE = style_of(palette_of(""))
PAUSE = 0.15
"""Seconds between keys that must not come at once."""


class Typist:
    """Somebody at a prompt, whose keys wait before it is shown."""

    def __init__(self, prompt: Prompt, keys: PipeInput, screen: Screen) -> None:
        self.prompt = prompt
        self.screen = screen
        self._keys = keys

    def message(self, *keys: str, text: str = "") -> str | None:
        """Type keys, the first of them at once and each of the others a little later."""
        over = Event()
        fingers = Thread(target=self._type, args=(keys, over))
        fingers.start()
        try:
            return self.prompt.message(text)
        finally:
            over.set()
            fingers.join()

    def _type(self, keys: Sequence[str], over: Event) -> None:
        for each in keys:
            self._keys.send_text(each)
            if over.wait(PAUSE):
                return


@contextmanager
def typing(file: Path, mode: EditingMode = EditingMode.EMACS) -> Iterator[Typist]:
    screen = Screen(40, 12)
    with create_pipe_input() as keys:
        prompt = Prompt(
            keys, screen.output, STYLE, completions, lambda typed: [("", f"bar {typed[:9]}")],
            MessageHistory(file), mode, lambda line: line == "/vote b",
        )  # fmt: skip
        yield Typist(prompt, keys, screen)


@pytest.fixture
def typist(tmp_path: Path) -> Iterator[Typist]:
    with typing(tmp_path / "history") as typist:
        yield typist


def test_a_line_is_sent_with_enter(typist):
    assert typist.message("Hello\r") == "Hello"
    assert typist.screen.lines == ["› Hello"]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("one\x1b\rtwo\r", "one\ntwo"),
        ("one\x0atwo\r", "one\ntwo"),
        ('"""one\rtwo\r\rthree"""\r', "one\ntwo\n\nthree"),
        ('"""\rone\r"""\r', "one"),
        ('"""one line"""\r', "one line"),
        ("\r  \rsomething\r", "  something"),
        ("a \x1b[200~pasted\rtext\x1b[201~!\r", "a pasted\ntext!"),
        ("caf\u00e9 \u5c0f\u8bf4\r", "caf\u00e9 \u5c0f\u8bf4"),
    ],
)
def test_messages_of_several_lines(typist, keys, message):
    assert typist.message(keys) == message


def test_quotes():
    assert is_open('"""')
    assert is_open('"""a\nb')
    assert not is_open('"""a"""')
    assert not is_open('a """')
    assert unquoted('say """this"""') == 'say """this"""'


def test_the_history_is_that_of_the_app_and_is_kept(typist, tmp_path):
    typist.message("first\r")
    typist.message("/temp 1\r")
    assert typist.message("", "\x1b[A\x1b[A\r") == "first"
    assert MessageHistory(tmp_path / "history").messages == ["first", "/temp 1", "first"]
    with typing(tmp_path / "history") as again:
        assert again.message("", "\x12temp", "\r", "\r") == "/temp 1"


def test_a_command_that_would_be_refused_is_not_suggested(typist):
    for line in ("/vote a", "/vote b", "hello"):
        typist.message(f"{line}\r")
    assert typist.message("/vo", "\x1b[C", "\r") == "/vote a"


def test_what_was_completed_is_not_offered_again(typist):
    assert typist.message("/theme pap", "\t", "\r", "!\r") == "/theme paper !"
    assert not any("a light theme" in line for line in typist.screen.shown)
    assert offered("/theme paper ") == {}


@pytest.mark.parametrize(
    ("packet", "line"),
    [
        ("/theme pap\t\r!\r", "/theme paper !"),
        ("/tem\t\r0.5\r", "/temp 0.5"),
        ("/to\t\t\r0.5\r", "/top_p 0.5"),
        ("/nothing\t\r", "/nothing"),
        ("Hi\t\r", "Hi"),
    ],
)
def test_tab_in_one_packet_with_what_is_typed(typist, packet, line):
    """Over a slow line many keys come at once."""
    assert typist.message(packet) == line


def test_what_is_given_up_is_in_the_history(typist):
    assert typist.message("a draft\x03", "\x1b[A\r") == "a draft"
    with pytest.raises(KeyboardInterrupt):
        typist.message("\x03")


def test_control_d_leaves_with_nothing_typed(typist):
    assert typist.message("\x04") is None


def test_a_draft_stands_in_the_prompt(typist):
    assert typist.message("!\r", text="typed before") == "typed before!"


def test_a_long_paste_is_a_token_and_whole_in_the_history(typist, tmp_path):
    text = "x" * 1_000_000
    assert typist.message(f"Sum up: \x1b[200~{text}\x1b[201~\r") == f"Sum up: {text}"
    assert "".join(typist.screen.lines) == "› Sum up: [pasted 1,000,000 characters #  1]"
    assert MessageHistory(tmp_path / "history").messages == [f"Sum up: {text}"]
    assert typist.message("", "\x1b[A\r") == f"Sum up: {text}"
    assert typist.message("\r", text="y" * (FOLD_FROM + 1)) == "y" * (FOLD_FROM + 1)


def test_a_zero_byte_is_visible(typist):
    assert typist.message("\x1b[200~a\x00b\x1b[201~\r") == "a␀b"


def test_vi_keys(tmp_path):
    with typing(tmp_path / "history", EditingMode.VI) as typist:
        assert typist.message("some words", "\x1b", "bcwthings\r") == "some things"


def test_a_message_goes_through_the_persons_own_editor(typist, tmp_path, monkeypatch):
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf " and more" >> "$1"\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))
    assert typist.message("text\x07", *[""] * 9, "\r") == "text and more"


def test_answers(typist):
    typist._keys.send_text("!\r")
    assert typist.prompt.answer("Number:", "12") == "12!"
    typist._keys.send_text("\x03")
    assert typist.prompt.answer("Number:") is None


# Completion


def offered(text: str) -> dict[str, str]:
    """What each offer makes of a text."""
    document = Document(text)
    found = SlashCompleter(completions).get_completions(document, CompleteEvent())
    return {text[: len(text) + c.start_position] + c.text: c.display_text for c in found}


def test_commands_and_their_arguments_are_completed():
    assert offered("/tem") == {"/temp": "/temp"}
    assert "/compare base" in offered("/compare b")
    assert offered("/compare b")["/compare base"] == "base"
    assert offered("/compare seeds f") == {"/compare seeds free": "free"}
    assert offered("no command") == {}
    assert offered("/temp") == {}
    assert offered("/help\nmore") == {}


def test_a_completer_that_fails_offers_nothing():
    def fails(text: str) -> list[tuple[str, str]]:
        raise OSError

    assert list(SlashCompleter(fails).get_completions(Document("/x"), CompleteEvent())) == []


# The toolbar


def test_the_toolbar_drops_the_least_important_first():
    person = ReplPerson()
    person.load()
    person.type("Hi", lambda: person.reply("Hello."))
    told = parts(person.session, 41.0)
    texts = [part.text for part in told]
    assert texts == ["scripted", "temp 0.70", "top_p 0.90", "model's own", "ctx 15/2,048",
                     "41 tok/s"]  # fmt: skip
    assert fitting(told, 100) == told
    for width in range(100, 0, -1):
        shown = [part.text for part in fitting(told, width)]
        assert "temp 0.70" in shown
        assert len("  ".join(shown)) <= max(width, len("temp 0.70"))
    assert [part.text for part in fitting(told, 25)] == ["temp 0.70", "ctx 15/2,048"]


def test_every_role_has_a_look():
    assert set(ROLES) <= set(LOOKS)
