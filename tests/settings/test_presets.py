"""Presets: what they set, what they leave alone, how they are found."""

from __future__ import annotations

import pytest

from mlxchat.errors import MlxchatError
from mlxchat.settings.parameters import PARAMETERS, Settings
from mlxchat.settings.presets import (
    BUILT_IN,
    KEPT,
    MODELS_OWN,
    Preset,
    find_preset,
    own_preset,
    preset_of,
)

# Every number somewhere else than its default.
ODD = Settings.from_mapping({n: p.high for n, p in PARAMETERS.items() if hasattr(p, "high")})


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_built_in_presets_are_valid_and_say_what_they_are_for(preset):
    Settings.from_mapping(preset.values)
    assert preset.kind == "built-in"
    assert 10 < len(preset.help) < 90
    assert "seed" not in preset.values


def test_built_in_presets_differ():
    results = [preset.applied_to(Settings()) for preset in BUILT_IN]
    assert all(results.count(result) == 1 for result in results)
    assert results.count(Settings()) == 1


@pytest.mark.parametrize("preset", BUILT_IN, ids=lambda preset: preset.name)
def test_what_came_before_has_no_influence(preset):
    chosen = preset.applied_to(ODD)
    for name in PARAMETERS:
        if name not in KEPT:
            expected = preset.values.get(name, PARAMETERS[name].default)
            assert chosen.value(name) == expected, name


def test_the_seed_and_what_ends_a_reply_stay():
    chosen = BUILT_IN[1].applied_to(ODD)
    assert (chosen.seed, chosen.max_tokens) == (ODD.seed, ODD.max_tokens)
    named = Preset("short", {"max_tokens": 50}).applied_to(ODD)
    assert (named.seed, named.max_tokens) == (ODD.seed, 50)


def test_a_preset_of_settings_gives_them_back_but_for_the_seed_and_the_adapters_strength():
    own = {"seed": 3, "adapter_strength": 0.5}
    settings = Settings.from_mapping({"temp": 0.9, "max_tokens": 50, **own})
    preset = preset_of(settings, "mine")
    assert preset.values == {"temp": 0.9, "max_tokens": 50}
    assert preset.applied_to(ODD.with_values(own)) == settings
    assert preset.differences(settings.with_value("seed", 4)) == {}
    assert preset.differences(settings.with_value("adapter_strength", 2)) == {}
    assert preset.differences(settings.with_value("temp", 0.5)) == {"temp": (0.5, 0.9)}


def test_the_models_own():
    preset = own_preset(Settings.from_mapping({"temp": 0.6}))
    assert (preset.name, preset.kind, preset.values) == (MODELS_OWN, "model", {"temp": 0.6})


PRESETS = [own_preset(Settings()), *BUILT_IN, Preset("Story writing", {}), Preset("Story", {})]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("precise", "precise"),
        ("PRECISE", "precise"),
        ("no cliches", "no clichés (XTC)"),
        ("model’s own", MODELS_OWN),
        ("wild", "wild but coherent (min_p)"),
        ("story", "Story"),
        ("story w", "Story writing"),
        ("  story   writing ", "Story writing"),
    ],
)
def test_finding(typed, name):
    assert find_preset(typed, PRESETS).name == name


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("presice", "Did you mean “precise”?"),
        ("no", "could be “no clichés (XTC)” or “no loops”"),
        ("qqqq", "/preset shows them all"),
        ("", "There is no preset"),
    ],
)
def test_what_is_not_found_is_said(typed, words):
    with pytest.raises(MlxchatError) as refused:
        find_preset(typed, PRESETS)
    assert words in str(refused.value)
