"""A model that was made from another one: what is said of it, and the lane that it offers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlxchat.engine.interface import MadeFrom, ModelInfo, ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.session.made_from import made_from_words, quantization_words
from tests.scripted import INFO, ScriptedEngine

FOUR_BITS = "4 bits in groups of 64"
FROM_CARD = MadeFrom("someone/Base", quantization=FOUR_BITS)
FROM_ADAPTER = MadeFrom("/models/base", "/adapters/pirate", quantization=FOUR_BITS)


def fused(base: MadeFrom, quantization: str = FOUR_BITS) -> ModelInfo:
    return replace(INFO, quantization=quantization, made_from=base)


def opened(info: ModelInfo) -> tuple[ChatSession, ScriptedEngine]:
    engine = ScriptedEngine(info)
    session = ChatSession(engine)
    session.load(ModelSpec("/models/fused", trust_remote_code=True))
    engine.load_ends()
    session.pump()
    return session, engine


def test_the_offer_says_where_it_is_known_from():
    assert made_from_words(INFO) == ""
    assert made_from_words(fused(FROM_CARD)) == (
        "Its README.md says that this was made from someone/Base: /compare base puts that beside."
    )
    assert made_from_words(fused(FROM_ADAPTER)).startswith(
        "This seems to be fused from /models/base, which the adapter pirate was trained on: "
    )


def test_the_offer_says_that_quantization_makes_a_difference():
    assert made_from_words(fused(FROM_CARD, "")).endswith(
        "They are quantized differently (this not at all, that to 4 bits in groups of 64): "
        "a part of what differs comes from that."
    )


def test_what_is_not_here_is_not_offered_but_told():
    absent = replace(FROM_CARD, here=False, quantization="")
    words = made_from_words(fused(absent))
    assert "not on this machine: /compare someone/Base downloads it" in words
    assert "Ctrl+B" not in words
    assert "quantized" not in words  # nobody knows
    session, _ = opened(fused(absent))
    assert not session.base_here
    assert session.base_words == "someone/Base, which this was made from (a download)"


@pytest.mark.parametrize("base", [FROM_CARD, FROM_ADAPTER])
def test_a_lane_base_is_the_model_that_it_was_made_from(base: MadeFrom):
    session, engine = opened(fused(base))
    assert session.base_here
    session.open_lane("base")
    _, spec = engine.called("load_beside")[-1]
    assert (spec.model, spec.adapter_path) == (base.name, None)
    engine.beside_ends(replace(INFO, name="Base", quantization="8 bits in groups of 64"))
    session.pump()
    assert session.lanes[1].words == "Base"
    assert (
        "(scripted to 4 bits in groups of 64, Base to 8 bits in groups of 64)"
        in session.quantization_words
    )


def test_with_an_adapter_the_base_is_the_model_without_it():
    session, engine = opened(replace(fused(FROM_CARD), adapter="/adapters/poet"))
    assert session.base_words == "the model without its adapter"
    session.open_lane("base")
    assert engine.called("load_beside") == []
    assert session.lanes[1].info is not None
    assert session.quantization_words == ""


def test_a_model_that_nothing_is_known_of_is_the_base_itself():
    session, _ = opened(INFO)
    assert not session.base_here
    with pytest.raises(MlxchatError, match="is the base itself"):
        session.open_lane("base")


def test_models_that_are_quantized_alike_need_no_word():
    assert quantization_words([("a", ""), ("b", "")]) == ""
    assert quantization_words([("a", FOUR_BITS)]) == ""
