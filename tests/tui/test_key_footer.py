"""The line of keys: as many as fit, and none of them cut."""

from __future__ import annotations

import re

import pytest

from mlxchat.commands.registry import ACTIONS
from tests.person import chatting

WORDS = {command.label for command in ACTIONS} | {"palette"}


def shown(line: str) -> list[str]:
    return re.findall(r"(?<= )[a-z]{2,}", line)


@pytest.mark.parametrize("width", [20, 40, 61, 80, 100, 120])
async def test_no_key_is_cut(width):
    async with chatting((width, 20)) as person:
        await person.pilot.pause(0.1)
        assert shown(person.lines[-1])
        assert set(shown(person.lines[-1])) <= WORDS


async def test_a_wider_terminal_shows_more_keys():
    async with chatting((40, 20)) as person:
        few = shown(person.lines[-1])
        await person.resize(120, 30)
        await person.pilot.pause(0.1)
        assert len(shown(person.lines[-1])) > len(few)
        assert {"retry", "sessions", "help", "palette"} <= set(shown(person.lines[-1]))
