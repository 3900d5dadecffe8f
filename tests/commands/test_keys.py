"""The keys of commands, and what a person makes of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from mlxchat.commands.keys import DEFAULTS, NEEDED, key_name, keys_in_force, spelled
from mlxchat.commands.registry import ACTIONS
from mlxchat.settings.configuration import Configured
from tests.test_layers import PACKAGE


def chosen(**keys: str):
    return keys_in_force({name: Configured(key, f"line {name}") for name, key in keys.items()})


def test_the_defaults_are_in_force_and_can_be_had():
    found = keys_in_force({})
    assert found.of == DEFAULTS
    assert not found.problems
    assert len(set(DEFAULTS.values())) == len(DEFAULTS)
    assert set(DEFAULTS.values()) & set(NEEDED) == {"escape"}


def test_a_key_is_told_without_what_can_be_typed_after_its_command():
    told = dict(keys_in_force({}).rows())
    assert told["F2"] == "Go to the editor of the system prompt"
    assert told["F6"] == "Go to the next lane"
    assert not [command.name for command in ACTIONS if "alone:" in command.pressed]


def test_another_key_and_none():
    found = chosen(regen="Ctrl+N", compare="", replay="f10")
    assert not found.problems
    assert found.of["retry"] == "ctrl+n"
    assert "compare" not in found.of
    assert found.of["replay"] == "f10"


def test_two_commands_change_their_keys():
    found = chosen(retry="ctrl+b", compare="ctrl+r")
    assert not found.problems
    assert (found.of["retry"], found.of["compare"]) == ("ctrl+b", "ctrl+r")


def test_a_key_that_was_given_up_can_be_taken():
    found = chosen(compare="", retry="ctrl+b")
    assert not found.problems
    assert found.of["retry"] == "ctrl+b"


def test_a_conflict_is_named_and_the_default_stays():
    found = chosen(retry="ctrl+b")
    (problem,) = found.problems
    assert problem == (
        "line retry is left out: ^B cannot be the key of both /compare and /retry; /retry keeps ^R."
    )
    assert found.of == DEFAULTS


def test_of_two_that_choose_one_key_the_first_has_it():
    found = chosen(replay="f10", samples="f10")
    (problem,) = found.problems
    assert "F10" in problem
    assert "/replay and /samples; it has none" in problem
    assert found.of["replay"] == "f10"
    assert "samples" not in found.of


def test_a_default_that_stays_is_taken_from_whoever_chose_it():
    found = chosen(compare="ctrl+r", retry="ctrl+t")
    assert len(found.problems) == 2
    assert found.of == DEFAULTS


@pytest.mark.parametrize(
    ("command", "key", "words"),
    [
        ("retry", "x", "cannot be the key of /retry"),
        ("retry", "shift+x", "cannot be the key of /retry"),
        ("retry", "ctrl+", "cannot be the key"),
        ("retry", "f99", "cannot be the key"),
        ("retry", "ctrl+c", "copies and interrupts"),
        ("retry", "ctrl+p", "command palette"),
        ("retry", "^M", "is Enter"),
        ("retry", "ctrl+e", "line's end"),
        ("retry", "escape", "closes what is open"),
        ("retyr", "f5", "Did you mean /retry"),
        ("set", "f5", "/set needs parameter value"),
    ],
)
def test_what_cannot_be_is_named(command, key, words):
    found = chosen(**{command: key})
    (problem,) = found.problems
    assert problem.startswith(f"line {command} is left out: ")
    assert words in problem
    assert found.of == DEFAULTS


@pytest.mark.parametrize("text", ["^R", "C-r", "ctrl-r", "Control+R", " ctrl+r "])
def test_spellings(text):
    assert spelled(text) == "ctrl+r"


@pytest.mark.parametrize(
    ("key", "name"),
    [("ctrl+r", "^R"), ("f1", "F1"), ("escape", "Esc"), ("alt+r", "Alt+R"), ("ctrl+f5", "Ctrl+F5")],
)
def test_names(key, name):
    assert key_name(key) == name
    assert spelled(name) == key


def test_sentences_name_commands_and_no_keys():
    """Keys can be remapped, and most of them are the app's alone."""
    named = {key_name(key) for key in DEFAULTS.values()}
    named |= {name.replace("^", "Ctrl+") for name in named}
    names = re.compile(rf"(?<![\w+])({'|'.join(map(re.escape, named))})(?!\w)")
    for layer in ("session", "commands", "conversation"):
        for file in {*(PACKAGE / layer).rglob("*.py")} - {PACKAGE / "commands" / "keys.py"}:
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for text in set(_texts(tree)) - set(_docstrings(tree)):
                assert not names.search(text), (file, text)


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _docstrings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
