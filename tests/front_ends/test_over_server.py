"""Every command of the registry in both front ends over a real mlx_lm.server, by the cases that a
scripted engine has; what a server cannot do is refused there with the reason that is declared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from mlxchat.cli.options import all_options
from mlxchat.commands.registry import ACTIONS, COMMANDS
from mlxchat.commands.tree import DELETED
from mlxchat.conversation.entries import TEXT_ONLY
from mlxchat.engine.interface import Message
from mlxchat.engine.samples import ScoreFailed, ScoreRequest
from mlxchat.engine.server.limits import limits_of
from mlxchat.session.replies import REPLAY_TELLS
from mlxchat.settings.parameters import NUMBERS, PARAMETERS
from mlxchat.settings.speed import SPEED
from tests.adapters import build_adapter
from tests.front_ends.cases import (
    CASES,
    SWITCHED,
    TYPED,
    no_command,
    set_parameter,
    two_slashes,
)
from tests.front_ends.fronts import Front
from tests.front_ends.parts import exchange, last_reply, side_by_side
from tests.front_ends.served import served_front_end
from tests.mlx_server import mlx_server

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.real_model,
    pytest.mark.needs_blas,
]

LIMITS = limits_of(is_mlx=True, adapts=True, continues="")
"""What such a server cannot do."""
FLAGS = [option.name for option in all_options()]
DONE = [command.name for command in ACTIONS if command.name not in LIMITS]


@pytest.fixture(scope="module")
def url(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with mlx_server(demo_model, tmp_path_factory.mktemp("server")) as url:
        yield url


@pytest.fixture(scope="module")
def adapter(demo_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that changes what the model says."""
    return build_adapter(tmp_path_factory.mktemp("adapters") / "pirate", demo_model)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["app", "repl"])
async def shared_front(
    request: pytest.FixtureRequest, url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    async with served_front_end(request.param, folder, url) as front:
        yield front


async def test_every_command_has_a_case(front: Front):
    assert front.session.info is not None
    assert front.session.info.limits == LIMITS
    assert set(DONE) <= set(CASES)
    assert {*DONE, *PARAMETERS, *(LIMITS.keys() & COMMANDS)} == set(COMMANDS)


@pytest.mark.parametrize("name", DONE)
async def test_a_command(front: Front, name: str, tmp_path: Path):
    await CASES[name](front, tmp_path)


@pytest.mark.parametrize("name", PARAMETERS)
async def test_a_parameter(front: Front, name: str):
    await set_parameter(front, name)


async def test_what_is_no_command(front: Front):
    await no_command(front)


async def test_two_slashes_begin_a_message(front: Front):
    await two_slashes(front)


async def test_an_adapter_is_put_on_and_taken_off(front: Front, adapter: Path):
    own = (await exchange(front)).entry.text
    front.session.adapters = {"pirate": str(adapter)}
    await front.line("/adapter pirate")
    await front.line("/retry")
    assert last_reply(front, "").entry.text != own
    await front.line("/adapter off")
    await front.line("/retry")
    assert last_reply(front, "").entry.text == own


# What is dimmed


async def test_a_streamed_reply_has_no_tokens_to_look_into(front: Front):
    await exchange(front)
    await front.line("/tokens")
    assert await front.shows(f"{TEXT_ONLY} {REPLAY_TELLS}")


async def _a_model_beside(front: Front) -> None:
    await front.line("/compare somebody/other-model")
    assert await front.shows(LIMITS["beside"])
    assert not front.session.comparing


async def _the_next_token(front: Front) -> None:
    await exchange(front)
    assert front.session.ask_next(1) is None
    await front.line("/replay")
    await front.line("/tokens", answers=("@1",))
    assert front.name == "app" or await front.shows(LIMITS["next token"])


async def _the_cost(front: Front) -> None:
    """What the next turn reads, which is told with what was done."""
    await exchange(front)
    await front.line("/delete")
    assert await front.shows(f"{DELETED}." if front.name == "app" else DELETED)


async def _a_score(front: Front) -> None:
    """What `mlxchat sample --reference` asks for."""
    engine = front.session.engine
    engine.score(ScoreRequest(1, [Message("user", "Hi")], "Hello"))
    [event] = engine.drain()
    assert isinstance(event, ScoreFailed)
    assert LIMITS["score"] in event.message


async def _a_flag(front: Front, name: str) -> None:
    """One that is given at the start is told of when the model is there."""
    front.session.flags = {name: "--given"}
    await front.line("/model default_model")
    assert await front.shows(f"--given: {LIMITS[name]}.")
    front.session.flags = {}


ASKED = {
    "beside": _a_model_beside,
    "next token": _the_next_token,
    "cost": _the_cost,
    "score": _a_score,
}
"""How a person asks for what is no command."""


@pytest.mark.parametrize("name", LIMITS)
async def test_what_a_server_cannot_do_is_refused_with_the_reason(front: Front, name: str):
    if name in PARAMETERS:
        await _has_no_effect(front, name)
    elif name in SPEED:
        await _is_not_switched(front, name)
    elif name in COMMANDS:
        await _is_refused(front, name)
    elif name in FLAGS:
        await _a_flag(front, name)
    else:
        await ASKED[name](front)


async def _has_no_effect(front: Front, name: str) -> None:
    front.session.adapters = {"pirate": "/runs/3/adapters"}
    await front.line("/adapter pirate")
    text = TYPED.get(name) or NUMBERS[name].format(NUMBERS[name].high)
    await front.line(f"/{name} {text}")
    assert await front.shows(f"({LIMITS[name]})")


async def _is_not_switched(front: Front, name: str) -> None:
    before, (text, _) = front.session.speed, SWITCHED[name]
    await front.line(f"/{name} {text}")
    assert await front.shows(f"/{name} cannot be done here: {LIMITS[name]}.")
    await front.line(f"/{name}")
    assert await front.shows(LIMITS[name])
    assert front.session.speed == before
    assert not front.engine.called("switch")


async def _is_refused(front: Front, name: str) -> None:
    if COMMANDS[name].comparing == "only":
        await side_by_side(front, "Red.", "Blue.")
    await front.line(f"/{name}")
    assert await front.shows(f"/{name} cannot be done here: {LIMITS[name]}.")
