"""The library of system prompts: its file, and what may follow /prompts."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from mlxchat.commands.prompts import (
    ACTIONS,
    PROMPTS_ARGUMENT,
    run_prompts,
)
from mlxchat.errors import MlxchatError
from mlxchat.files.prompt_library import (
    MOST_DELETED,
    MOST_RECENT,
    Prompt,
    PromptLibrary,
    delete_prompt,
    prompts_file,
    read_prompts,
    recent_file,
    recent_prompts,
    remember_prompt,
    rename_prompt,
    restore_prompt,
    save_prompt,
)

PIRATE = Prompt("pirate", 'You are a pirate.\nSay "Arr" — often.\n')
NURSE = Prompt("kind nurse", "You are a nurse.")


class Host:
    """A conversation with a system prompt."""

    system = "Be brief."

    def use_system(self, text: str) -> None:
        self.system = text


def names() -> list[str]:
    return [prompt.name for prompt in read_prompts().prompts]


def write(text: str) -> None:
    prompts_file().parent.mkdir(parents=True, exist_ok=True)
    prompts_file().write_text(text)


def test_nothing_is_there_at_first():
    assert read_prompts() == PromptLibrary()
    assert recent_prompts() == []


@pytest.mark.parametrize(
    "text",
    [
        "one line",
        "two\nlines\n",
        "\"\"\"\\ ''' \\n",
        "tab\tand \x07bell",
        "小说 🏴‍☠️",
        "\n\nled by none",
    ],
)
def test_what_is_saved_comes_back(text):
    assert not save_prompt(Prompt("it", text))
    assert read_prompts().prompts == (Prompt("it", text),)
    assert not save_prompt(Prompt("it", text))
    assert read_prompts().deleted == ()


def test_line_breaks_of_other_systems_and_half_characters_are_stored():
    save_prompt(Prompt("it", "a\r\nb\rc \ud800"))
    assert read_prompts().prompts[0].text == "a\nb\nc ?"


def test_several_lines_are_written_as_such():
    save_prompt(PIRATE)
    assert "You are a pirate.\n" in prompts_file().read_text()


def test_saving_again_keeps_the_old_one():
    save_prompt(PIRATE)
    assert save_prompt(Prompt("Pirate", "Ahoy."))
    assert read_prompts().prompts == (Prompt("Pirate", "Ahoy."),)
    assert restore_prompt("pirate") == "pirate"
    assert read_prompts().prompts == (PIRATE,)
    assert restore_prompt() == "Pirate"


def test_rename_keeps_the_place():
    for prompt in (PIRATE, NURSE):
        save_prompt(prompt)
    rename_prompt("PIRATE", "corsair")
    assert names() == ["corsair", "kind nurse"]
    with pytest.raises(MlxchatError, match="already"):
        rename_prompt("corsair", "Kind Nurse")
    rename_prompt("corsair", "Corsair")
    assert names() == ["Corsair", "kind nurse"]


def test_delete_and_restore():
    for number in range(MOST_DELETED + 2):
        save_prompt(Prompt(f"p{number}", "x"))
        delete_prompt(f"p{number}")
    assert len(read_prompts().deleted) == MOST_DELETED
    assert restore_prompt() == f"p{MOST_DELETED + 1}"
    with pytest.raises(MlxchatError, match="No deleted prompt is called “p0”"):
        restore_prompt("p0")


@pytest.mark.parametrize("name", ["", " x", "x\ny", 'a"b', "x" * 61])
def test_names_that_will_not_do(name):
    with pytest.raises(MlxchatError, match="A prompt's name"):
        save_prompt(Prompt(name, "x"))
    assert not prompts_file().exists()


def test_an_empty_prompt_is_not_saved():
    with pytest.raises(MlxchatError, match="empty"):
        save_prompt(Prompt("x", " \n"))


@pytest.mark.parametrize("text", ["[prompts", 'prompts = "x"', "\x00", "a = " + "[" * 5000])
def test_a_damaged_file_is_named_and_stays(text):
    write(text)
    (problem,) = read_prompts().problems
    assert f"~/{prompts_file().relative_to(Path.home())}" in problem
    for change in (lambda: save_prompt(PIRATE), lambda: delete_prompt("x"), restore_prompt):
        with pytest.raises(MlxchatError):
            change()
    assert prompts_file().read_text() == text


def test_a_damaged_entry_is_left_out_and_stays():
    write('[prompts]\nbad = 3\n"worse\\u001b" = {text = "x"}\ngood = {text = "y"}\nnone = {}\n')
    library = read_prompts()
    assert library.prompts == (Prompt("good", "y"),)
    assert len(library.problems) == 3
    assert all(problem.isprintable() for problem in library.problems)
    save_prompt(PIRATE)
    assert tomllib.loads(prompts_file().read_text())["prompts"]["bad"] == 3
    copy = prompts_file().with_name("prompts-by-hand-1.toml")
    assert "bad = 3" in copy.read_text()


def test_a_full_disk_leaves_the_old_file(monkeypatch):
    save_prompt(PIRATE)
    before = prompts_file().read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(MlxchatError, match="No space left"):
        save_prompt(NURSE)
    remember_prompt("never mind")
    assert prompts_file().read_bytes() == before


def test_the_last_ones_used_are_remembered_once_each():
    for number in range(MOST_RECENT + 3):
        remember_prompt(f"prompt {number}")
    remember_prompt("prompt 10")
    remember_prompt("  ")
    texts = recent_prompts()
    assert texts[:2] == ["prompt 10", f"prompt {MOST_RECENT + 2}"]
    assert len(texts) == len(set(texts)) == MOST_RECENT


def test_a_damaged_list_of_recent_ones_stays():
    recent_file().parent.mkdir(parents=True)
    recent_file().write_text("not toml")
    remember_prompt("x")
    assert recent_prompts() == []
    assert recent_file().read_text() == "not toml"


# The command


def test_use_save_rename_delete_restore():
    host = Host()
    assert run_prompts(host, "save my own") == "The system prompt is saved as “my own”."
    save_prompt(PIRATE)
    assert "“pirate” holds from the next reply" in run_prompts(host, "pir")
    assert host.system == PIRATE.text
    assert "/prompts restore my own" in run_prompts(host, 'save "my own"')
    assert run_prompts(host, "rename my own yours truly") == "“my own” is called “yours truly” now."
    assert "brings it back" in run_prompts(host, "delete yours truly")
    assert names() == ["pirate"]
    assert run_prompts(host, "restore") == "“yours truly” is back."


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("piratt", "Did you mean “pirate”"),
        ("zzz", "/prompts shows them all"),
        ("save", "/prompts save NAME"),
        ("delete", "/prompts delete NAME"),
        ("rename pirate", "Two names"),
        ("restore x", "No deleted prompt"),
        ('""', "A name is missing"),
    ],
)
def test_a_wrong_line_is_refused_with_what_is_right(line, words):
    save_prompt(PIRATE)
    host = Host()
    with pytest.raises(MlxchatError) as refused:
        run_prompts(host, line)
    assert words in str(refused.value)
    assert (host.system, names()) == ("Be brief.", ["pirate"])


def test_completions():
    save_prompt(PIRATE)
    save_prompt(Prompt("ex", "x"))
    delete_prompt("ex")
    assert PROMPTS_ARGUMENT.completions("pi") == [
        ("pirate", 'You are a pirate. Say "Arr" — often.')
    ]
    assert [line for line, _ in PROMPTS_ARGUMENT.completions("delete p")] == ["delete pirate"]
    assert [line for line, _ in PROMPTS_ARGUMENT.completions("restore ")] == ["restore ex"]
    assert [line for line, _ in PROMPTS_ARGUMENT.completions("re")] == ["rename", "restore"]
    assert set(ACTIONS) == set(PROMPTS_ARGUMENT.actions)
