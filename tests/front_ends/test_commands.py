"""Every command of the registry, in both front ends, by the same tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.commands.registry import ACTIONS, COMMANDS
from mlxchat.settings.parameters import NUMBERS, PARAMETERS
from mlxchat.settings.speed import SPEED
from tests.front_ends.cases import CASES
from tests.front_ends.fronts import Front

pytestmark = pytest.mark.asyncio(loop_scope="module")

TYPED = {"logit_bias": "Paris -5", "stop_strings": "END", "extra_eos_token": "2"}
"""Values of the parameters that are no numbers."""
SWITCHED = {"kv_bits": ("8", 8), "num_draft_tokens": ("4", 4), "draft_model": ("small", "small")}


@pytest.fixture(autouse=True)
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An editor that writes a text."""
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\nprintf "written elsewhere" > "$1"\n')
    script.chmod(0o755)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", str(script))


async def test_every_command_has_a_case():
    assert set(CASES) | set(PARAMETERS) | set(SPEED) == set(COMMANDS)
    assert set(TYPED) | set(NUMBERS) == set(PARAMETERS)
    assert set(SWITCHED) == set(SPEED)


@pytest.mark.parametrize("name", [command.name for command in ACTIONS])
async def test_a_command(front: Front, name: str, tmp_path: Path):
    await CASES[name](front, tmp_path)


@pytest.mark.parametrize("name", PARAMETERS)
async def test_a_parameter(front: Front, name: str):
    declared = PARAMETERS[name]
    text = TYPED.get(name) or NUMBERS[name].format(NUMBERS[name].snap(NUMBERS[name].low + 1))
    await front.line(f"/{name.replace('_', '-')} {text}")
    assert front.session.settings.value(name) == declared.parse(text)
    assert await front.shows(name)
    await front.line(f"/{name} default")
    assert front.session.settings.value(name) == front.session.defaults.value(name)
    if name in NUMBERS:
        await front.line(f"/{name} many")
        assert await front.shows(f"{name} must be a number")


@pytest.mark.parametrize("name", SPEED)
async def test_a_speed_option(front: Front, name: str):
    text, value = SWITCHED[name]
    await front.line(f"/{name} {text}", front.engine.switch_ends)
    asked = front.engine.called("switch")[-1]
    assert str(getattr(asked, name)).endswith(str(value))
    assert await front.shows(name)
    await front.line(f"/{name} off" if name != "num_draft_tokens" else f"/{name}")


async def test_what_is_no_command(front: Front):
    await front.line("/tmep 0.5")
    assert await front.shows("There is no command /tmep. Did you mean /temp?")
    assert front.engine.called("reply") == []


async def test_two_slashes_begin_a_message(front: Front):
    def reply() -> None:
        front.engine.begin()
        front.engine.finish()

    await front.line("//usr is a folder", reply)
    message = front.session.conversation.path[0].entry
    assert message is not None
    assert message.text == "/usr is a folder"
