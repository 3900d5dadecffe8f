"""Plain lines: what a voice reads, and what is asked."""

from __future__ import annotations

import io

import pytest

from mlxchat.errors import MlxchatError
from mlxchat.files.message_history import MessageHistory
from mlxchat.repl.page import Head, Item
from mlxchat.repl.plain_page import PlainPage, in_words
from mlxchat.repl.plain_reader import PlainReader


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("128 tok · 41.2 tok/s · first 0.21 s", "128 tokens, 41.2 tokens a second, first 0.21 s"),
        ("1 tok · temp 0.70→1.10", "1 token, temp 0.70 to 1.10"),
        ("pirate ×0.80", "pirate times 0.80"),
        ("‹2/3›", "version 2 of 3"),
        ("↑ ↓ temp, ← → others", "Up and Down temp, Left and Right others"),
        ("− bad", "minus bad"),
    ],
)
def test_signs_become_words(text, words):
    assert in_words(text) == words


def test_what_is_written_obeys_nothing():
    out = io.StringIO()
    page = PlainPage(out)
    page.say("a\x1b[2Jb")
    page.list([Item("one\x07", "two\x1b]0;x\x07", True)], numbered=True)
    page.message(Head("You", True), "\x1b[31mred")
    assert "\x1b" not in out.getvalue()
    assert "\x07" not in out.getvalue()
    assert "1. one␇ (in use): two" in out.getvalue()


def test_without_a_dialogue_answers_alone_are_written(capsys):
    out = io.StringIO()
    page = PlainPage(out, dialogue=False)
    page.status("loading the weights 3%")
    page.say("SmolLM2", "title")
    page.say("A remark.", "quiet")
    page.say("temp 0.80")
    page.say("Session 15: Hi", "opened")
    page.say("It failed.", "error")
    assert out.getvalue() == "temp 0.80\n"
    assert capsys.readouterr().err == "Session 15: Hi\nmlxchat: It failed.\n"
    assert page.failed


def test_what_goes_on_is_said_once():
    out = io.StringIO()
    page = PlainPage(out)
    for text in ("loading 3%", "loading 40%", "reading 3/9 tokens · 4 in cache", ""):
        page.status(text)
    assert out.getvalue() == "loading …\nreading …\n"


def test_lines_of_a_file(tmp_path):
    stdin = io.StringIO('one\r\n"""two\nthree"""\n\nlast')
    reader = PlainReader(stdin, io.StringIO(), MessageHistory(tmp_path / "history"), None)
    said = [reader.message() for _ in range(5)]
    assert said == ["one", "two\nthree", "", "last", None]
    assert MessageHistory(tmp_path / "history").messages == []


def test_a_line_without_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mlxchat.repl.plain_reader.LONGEST_LINE", 100)
    reader = PlainReader(io.StringIO("x" * 200), io.StringIO(), MessageHistory(tmp_path), None)
    with pytest.raises(MlxchatError, match="longer than 100 characters"):
        reader.message()
