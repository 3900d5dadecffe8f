"""What fusing costs: a fused model beside its base with the adapter, measured on each other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlxchat.conversation.difference import Moved, moved
from mlxchat.session.lane import Lane
from mlxchat.settings.parameters import Settings
from tests.driving import PATIENCE
from tests.sessions import RealSession

ROUNDING = 1e-3
"""How far log-probabilities are apart, at most, where the weights are the same but for float32."""


@pytest.fixture
def real() -> Iterator[RealSession]:
    real = RealSession()
    yield real
    real.close()


def written(real: RealSession, *lanes: str | Path) -> list[Lane]:
    """The lanes beside the chat's, after a turn that they are measured on."""
    session = real.session
    session.change(Settings(max_tokens=24, temp=1.0, seed=5))
    for lane in lanes:
        session.open_lane(str(lane))
    real.ask("Hello")
    while session.measuring:
        session.engine.wait(PATIENCE)
        session.pump()
    return session.lanes


def told(lane: Lane) -> Moved:
    assert lane.reply is not None
    return moved(lane.reply, lane.other_views[lane.reply].logprobs)


def largest(lane: Lane) -> float:
    return max(abs(token.own_logprob - token.other_logprob) for token in told(lane).most)


@pytest.mark.parametrize("fused", ["fused", "dequantized"])
def test_the_token_view_tells_what_quantizing_again_did(real, tiny_fused, fused):
    real.load(tiny_fused / "base", adapter_path=str(tiny_fused / "pirate"))
    adapted, beside = written(real, tiny_fused / fused)
    apart = max(largest(adapted), largest(beside))
    if fused == "dequantized":
        assert apart < ROUNDING
        assert "(base to 4 bits in groups of 64, dequantized not at all)" in (
            real.session.quantization_words
        )
    else:
        assert apart > 10 * ROUNDING
        assert real.session.quantization_words == ""


def test_ctrl_b_on_a_fused_model_measures_it_on_its_base(real, tiny_fused):
    real.load(tiny_fused / "fused")
    fused, base = written(real, "base")
    assert base.info is not None
    assert base.info.path == tiny_fused / "base"
    assert largest(fused) > 10 * ROUNDING
