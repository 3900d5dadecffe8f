"""What a person types for a lane, and lanes that answer alike, over a scripted engine."""

from __future__ import annotations

import pytest

from mlxchat.errors import MlxchatError
from tests.scripted import INFO
from tests.session.lanes import compare


def test_what_a_lane_can_be_is_told(session, engine):
    for wanted, sentence in (
        ("with/ a space", "no adapter, folder or repository “with/ a space”"),
        ("/nowhere/at/all", "no adapter, folder or repository “/nowhere/at/all”"),
        ("priate", "no adapter, folder or repository “priate”.*pirate, poet"),
        ("base@0.5", "Only an adapter has a strength"),
        ("pirate@9", "adapter_strength"),
        ("pirate@nan", "The strength is a number"),
        ("pirate@", "The strength is a number"),
        ("@0.5", "The strength is a number"),
    ):
        with pytest.raises(MlxchatError, match=sentence):
            session.open_lane(wanted)
        assert not session.comparing
    session.take_adapter_off()
    with pytest.raises(MlxchatError, match="is the base itself"):
        session.open_lane("base")
    compare(session, engine, "same", "same", "same")
    with pytest.raises(MlxchatError, match="4 lanes are the most"):
        session.open_lane("same")


def test_an_adapter_goes_by_the_name_that_it_is_shown_under(session, engine):
    session.adapters = {}
    session.use_adapter("/runs/pirate")
    engine.adapter_ends()
    session.pump()
    compare(session, engine, "Pirate@0.5")
    assert [lane.words for lane in session.lanes] == ["pirate ×1.00", "pirate ×0.50"]
    session.take_adapter_off()
    compare(session, engine, "pirate@0.25")
    assert session.lanes[2].model.adapter == "/runs/pirate"


def test_a_folder_may_have_an_at_in_its_name(session, engine, tmp_path):
    folder = tmp_path / "model@main"
    folder.mkdir()
    session.open_lane(str(folder))
    assert session.lanes[1].model.model


def test_lanes_that_answer_alike_are_told(session, engine):
    compare(session, engine, "base", "poet@0.5")
    assert session.alike_words == ""
    session.change(session.settings.with_value("adapter_strength", 0.0))
    assert session.alike_words.startswith("pirate ×0.00 and base are one model")
    session.change(session.settings.with_value("adapter_strength", 1.0))
    assert session.alike_words == ""
    session.take_adapter_off()
    assert session.alike_words.startswith(f"{INFO.name} and base are one model")
    base = session.lanes[1]
    session.own_settings(base)
    session.change_lane(base, base.settings.with_value("temp", 1.5))
    assert session.alike_words == ""


def test_equal_lanes_with_seeds_of_their_own_do_not_answer_alike(session, engine):
    compare(session, engine, "same")
    assert session.alike_words.startswith("pirate ×1.00 and pirate ×1.00 #2 are one model")
    session.seeds_free = True
    assert session.alike_words == ""
    session.close_lanes()
    compare(session, engine, "same")
    assert session.alike_words  # another comparison begins with one seed
