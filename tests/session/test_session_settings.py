"""A session's settings: presets, defaults of models, flags over them, and undo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mlxchat.engine.interface import ModelSpec
from mlxchat.errors import MlxchatError
from mlxchat.session.chat import ChatSession
from mlxchat.settings.parameters import Settings
from mlxchat.settings.preset_file import (
    read_presets,
    restore_preset,
    save_preset,
    set_default_preset,
)
from mlxchat.settings.presets import BUILT_IN, MODELS_OWN, Preset
from tests.scripted import INFO, ScriptedEngine

MINE = Preset("mine", {"temp": 1.3, "top_k": 40})
OWN = Settings.from_mapping(INFO.recommended)


def load(session: ChatSession, model: str = "org/model", **recommended: float) -> None:
    engine = session.engine
    assert isinstance(engine, ScriptedEngine)
    engine.info = replace(INFO, recommended=recommended or INFO.recommended)
    session.load(ModelSpec(model))
    engine.load_ends()
    session.pump()


@pytest.fixture
def session(engine: ScriptedEngine) -> ChatSession:
    session = ChatSession(engine)
    load(session)
    return session


def choose(session: ChatSession, name: str) -> None:
    session.choose_preset(session.find_preset(name))


# Choosing


def test_a_session_begins_with_the_models_own(session):
    assert (session.preset.name, session.modified) == (MODELS_OWN, False)
    assert session.settings == OWN


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_a_preset_reaches_the_engine_and_nothing_of_before_stays(session, engine, preset):
    session.set_parameter("top_k", 7)
    session.set_parameter("presence_penalty", 1.0)
    choose(session, preset.name)
    assert engine.settings == session.settings == Settings.from_mapping(preset.values)
    assert not session.modified


def test_the_seed_and_the_length_stay(session):
    session.set_parameter("seed", 5)
    session.set_parameter("max_tokens", 99)
    choose(session, "precise")
    assert (session.settings.seed, session.settings.max_tokens) == (5, 99)
    assert not session.modified


def test_a_change_makes_it_modified_and_the_way_back_unmodified(session):
    choose(session, "balanced")
    session.set_parameter("temp", 0.8)
    assert session.modified
    session.set_parameter("temp", 0.7)
    assert not session.modified


def test_the_models_own_is_what_a_reset_goes_back_to(session):
    choose(session, "creative")
    choose(session, MODELS_OWN)
    assert session.settings == OWN
    choose(session, "creative")
    session.set_parameter("seed", 5)
    session.reset_settings()
    assert (session.settings, session.preset.name) == (OWN, MODELS_OWN)


# The person's own


def test_saving_chooses_and_a_rename_follows(session):
    session.set_parameter("temp", 1.3)
    assert session.save_preset("hot") is False
    assert (session.preset.name, session.modified) == ("hot", False)
    session.rename_preset("hot", "hotter")
    assert session.preset.name == "hotter"
    session.delete_preset("hotter")
    assert (session.preset.name, session.modified) == (MODELS_OWN, True)
    assert session.settings.temp == 1.3
    restore_preset()
    choose(session, "hotter")
    assert not session.modified


def test_saving_again_keeps_the_description(session):
    save_preset(Preset("mine", {"temp": 0.5}, "what it is for"))
    session.save_preset("mine")
    assert read_presets().presets[0].help == "what it is for"


# Models


def test_a_models_default_is_used_when_it_is_loaded(engine):
    save_preset(MINE)
    set_default_preset("org/model", "mine")
    session = ChatSession(engine)
    load(session, "org/other")
    assert session.settings == OWN
    load(session, "org/model")
    assert (session.preset, session.settings) == (MINE, Settings.from_mapping(MINE.values))
    assert engine.settings == session.settings
    load(session, "org/other")
    assert session.settings == OWN


def test_flags_beat_a_models_default(engine):
    save_preset(MINE)
    set_default_preset("org/model", "mine")
    session = ChatSession(engine, overrides={"temp": 0.2, "max_tokens": 50})
    load(session)
    assert (session.settings.temp, session.settings.top_k) == (0.2, 40)
    assert session.settings.max_tokens == 50
    assert session.modified
    choose(session, "mine")
    assert session.settings.temp == 1.3


def test_a_folder_is_known_by_its_absolute_path(engine, tmp_path, monkeypatch):
    (tmp_path / "fused").mkdir()
    monkeypatch.chdir(tmp_path)
    session = ChatSession(engine)
    load(session, "fused")
    choose(session, "precise")
    session.set_default_preset(session.preset)
    assert read_presets().defaults == {str(Path("fused").resolve()): "precise"}
    again = ChatSession(engine)
    load(again, str(tmp_path / "fused"))
    assert again.preset.name == "precise"
    again.set_default_preset(again.find_preset(MODELS_OWN))
    assert read_presets().defaults == {}


def test_a_default_that_is_gone_is_told(session):
    set_default_preset("org/model", "gone")
    load(session)
    assert session.settings == OWN
    assert session.missing_default == "gone"
    load(session, "org/other")
    assert session.missing_default is None


def test_a_default_needs_a_model(engine):
    session = ChatSession(engine)
    with pytest.raises(MlxchatError, match="No model is loaded"):
        session.set_default_preset(MINE)


def test_a_chosen_preset_and_changes_go_along_to_the_next_model(session):
    choose(session, "creative")
    session.set_parameter("top_k", 12)
    load(session, "org/other", temp=0.1)
    assert session.preset.name == "creative"
    assert (session.settings.temp, session.settings.top_k) == (1.0, 12)
    choose(session, MODELS_OWN)
    load(session, "org/third", temp=0.3)
    assert (session.settings.temp, session.settings.top_k) == (0.3, 0)


def test_loads_that_overtake_each_other_keep_their_names(engine):
    session = ChatSession(engine)
    session.load(ModelSpec("org/first"))
    session.load(ModelSpec("org/second"))
    engine.load_fails("The first is not there.")
    engine.load_ends()
    session.pump()
    assert session.model == "org/second"


# Undo


def test_undo_and_redo_reach_the_engine_with_presets_and_resets(session, engine):
    session.set_parameter("temp", 1.1)
    choose(session, "precise")
    session.reset_settings()
    seen = []
    while session.undo():
        seen.append((session.preset.name, engine.settings.temp))
    assert seen == [("precise", 0.3), (MODELS_OWN, 1.1), (MODELS_OWN, 0.7)]
    while session.redo():
        seen.append((session.preset.name, engine.settings.temp))
    assert seen[3:] == [(MODELS_OWN, 1.1), ("precise", 0.3), (MODELS_OWN, 0.7)]


def test_a_burst_is_one_step_and_commands_are_one_each(session):
    for value in (0.71, 0.72, 0.73):
        session.set_parameter("temp", value, 0)
    session.set_parameter("temp", 0.9)
    session.set_parameter("temp", 1.0)
    temps = []
    while session.undo():
        temps.append(session.settings.temp)
    assert temps == [0.9, 0.73, 0.7]


def test_what_was_undone_does_not_follow_to_the_next_model(session):
    session.set_parameter("temp", 1.1)
    session.undo()
    load(session, "org/other", temp=0.4)
    assert session.settings.temp == 0.4
    session.set_parameter("temp", 1.1)
    load(session, "org/third", temp=0.5)
    assert session.settings.temp == 1.1


def test_a_load_forgets_the_steps(session):
    session.set_parameter("temp", 1.1)
    load(session, "org/other")
    assert not session.undo()
