"""Every command of the registry, in both front ends, by the same tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.commands.registry import ACTIONS, COMMANDS
from mlxchat.settings.parameters import NUMBERS, PARAMETERS
from mlxchat.settings.speed import SPEED
from tests.front_ends.cases import (
    CASES,
    SWITCHED,
    TYPED,
    no_command,
    set_parameter,
    two_slashes,
)
from tests.front_ends.fronts import Front
from tests.front_ends.parts import exchange, reply_is, texts
from tests.scripted import ScriptedEngine

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_every_command_has_a_case():
    assert set(CASES) | set(PARAMETERS) | set(SPEED) == set(COMMANDS)
    assert set(TYPED) | set(NUMBERS) == set(PARAMETERS)
    assert set(SWITCHED) == set(SPEED)


@pytest.mark.parametrize("name", [command.name for command in ACTIONS])
async def test_a_command(front: Front, name: str, tmp_path: Path):
    await CASES[name](front, tmp_path)


@pytest.mark.parametrize("name", PARAMETERS)
async def test_a_parameter(front: Front, name: str):
    await set_parameter(front, name)


@pytest.mark.parametrize("name", SPEED)
async def test_a_speed_option(front: Front, name: str):
    text, value = SWITCHED[name]
    await front.line(f"/{name} {text}", ScriptedEngine.switch_ends)
    asked = front.engine.called("switch")[-1]
    assert str(getattr(asked, name)).endswith(str(value))
    assert await front.shows(name)
    if name != "num_draft_tokens":
        await front.line(f"/{name} off", ScriptedEngine.switch_ends)


async def test_what_is_no_command(front: Front):
    await no_command(front)


async def test_a_message_that_is_too_long_is_given_back_and_stands_in_no_ones_way(front: Front):
    await exchange(front)
    before = texts(front)
    await front.line("Too long", lambda engine: engine.fail("It is too long.", too_long=True))
    assert await front.shows("It is too long.")
    assert texts(front) == before
    assert front.draft == "Too long"
    await front.line("Shorter", reply_is("Yes."))
    [*_, request] = front.engine.called("reply")
    assert [m.content for m in request.messages][-1] == "Shorter"


async def test_two_slashes_begin_a_message(front: Front):
    await two_slashes(front)
