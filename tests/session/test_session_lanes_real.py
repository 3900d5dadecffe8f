"""Two lanes of the real model: each writes what it writes alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlxchat.settings.parameters import Settings
from tests.adapters import build_adapter
from tests.driving import PATIENCE
from tests.sessions import RealSession

pytestmark = pytest.mark.real_model


def test_an_adapter_and_its_base(demo_model: Path, tmp_path: Path):
    adapter = str(build_adapter(tmp_path / "pirate", demo_model))
    real = RealSession()
    session = real.session
    try:
        real.load(demo_model)
        session.use_adapter(adapter)
        real.wait()
        session.change(Settings(max_tokens=8, temp=0.8, seed=3))
        session.open_lane("base")
        real.ask("What is the capital of France?")
        real.ask("And of Spain?")
        tuned, base = session.lanes
        while session.measuring:
            session.engine.wait(PATIENCE)
            session.pump()
        for lane in session.lanes:
            assert len(lane.other_views[lane.reply].logprobs) == len(lane.reply.tokens)
        assert "1 adapter of" in session.memory_words
        written = [lane.reply for lane in session.lanes]
        session.close_lanes()
        assert real.replay().tokens.ids == tuned.reply.tokens.ids
        session.show_node(base.tip)
        session.take_adapter_off()
        assert real.replay().tokens.ids == base.reply.tokens.ids
        assert written[0].tokens.ids != written[1].tokens.ids
    finally:
        real.close()
