"""README.md says what the program does."""

from __future__ import annotations

import re

from mlxchat.commands.keys import keys
from mlxchat.commands.registry import find
from mlxchat.settings.configuration import config_file, configuration
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


def test_the_configuration_that_it_shows_is_right():
    text = README.read_text(encoding="utf-8").partition("## Configuration")[2]
    config_file().parent.mkdir(parents=True)
    config_file().write_text(text.partition("```toml\n")[2].partition("```")[0])
    found = configuration()
    assert found.given
    assert not found.problems
    assert not keys().problems
