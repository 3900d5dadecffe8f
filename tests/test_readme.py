"""README.md says what the program does."""

from __future__ import annotations

import re

from mlxchat.commands.registry import find
from tests.readme import README, filled


def test_the_made_parts_are_up_to_date():
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run: make readme"


def test_pictures_and_links_are_there():
    text = README.read_text(encoding="utf-8")
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text)
    assert targets
    for target in targets:
        assert (README.parent / target).exists(), target


def test_commands_that_it_names_exist():
    text = README.read_text(encoding="utf-8")
    for word in re.findall(r"`/([a-z_]+)", text):
        find(word)


def test_make_targets_that_it_names_exist():
    text = README.read_text(encoding="utf-8")
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"make ([a-z]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
